import Core
import Foundation

/// What requests carry to say who sends them; read again when it may have changed.
actor Credentials {
    struct Proof: Hashable, Sendable {
        var authorization: String?
        var tls: TLSSettings
    }

    private let access: ClusterAccess
    private var plugin: ExecCredential?
    private var pluginRun: Task<ExecCredential, any Error>?
    private var files: (proof: Proof, readAt: ContinuousClock.Instant)?

    /// How long a proof is used before its files are read again. Kubernetes renews tokens long before the old ones end.
    private static let fileAge = Duration.seconds(60)
    /// How long before it expires a credential is not used any more, in seconds.
    private static let margin = 10.0

    init(_ access: ClusterAccess) { self.access = access }

    /// - Throws: ``AccessError`` when a file is missing or a plug-in fails.
    func proof() async throws -> Proof {
        var proof = try fromFiles()
        guard proof.authorization == nil, let exec = access.user.exec else { return proof }
        let credential = try await credential(exec, authority: proof.tls.authorities)
        if let identity = credential.identity { proof.tls.identity = identity }
        proof.authorization = credential.token.map { "Bearer \($0)" }
        return proof
    }

    /// The server did not believe the last proof: the next one is made anew.
    func forget() {
        files = nil
        plugin = nil
    }

    private func fromFiles() throws(AccessError) -> Proof {
        if let files, ContinuousClock.now - files.readAt < Self.fileAge { return files.proof }
        let cluster = access.cluster
        let user = access.user
        var tls = TLSSettings(
            authorities: try authorities(), identity: nil, serverName: cluster.tlsServerName, isVerified: !cluster.isInsecure)
        if let certificate = user.certificate {
            guard let key = user.key else { throw AccessError("\(access.source): client-certificate without client-key") }
            tls.identity = try identity(certificate, key)
        }
        var proof = Proof(authorization: nil, tls: tls)
        if let path = user.tokenFile {
            proof.authorization = "Bearer \(try readToken(path))"
        } else if let token = user.token {
            proof.authorization = "Bearer \(token)"
        } else if let username = user.username {
            proof.authorization = "Basic \(Data("\(username):\(user.password ?? "")".utf8).base64EncodedString())"
        }
        files = (proof, .now)
        return proof
    }

    private func authorities() throws(AccessError) -> [UInt8]? {
        guard let bytes = try access.cluster.authority?.read("\(access.source): certificate-authority") else { return nil }
        do throws(CertificateError) { _ = try CertificateAuthority(bytes) } catch {
            switch error {
            case .notPEM, .missing, .noCertificate:
                throw AccessError("\(access.source): certificate-authority holds no certificate in PEM format")
            // One that libcurl does not like either is its to complain about.
            default: break
            }
        }
        return bytes
    }

    private func identity(
        _ certificate: Kubeconfig.DataSource, _ key: Kubeconfig.DataSource
    ) throws(AccessError) -> TLSSettings.Identity {
        let pair = (
            try certificate.read("\(access.source): client-certificate"), try key.read("\(access.source): client-key")
        )
        do { _ = try CertificateBundle(certificate: pair.0, key: pair.1, maximumRSABits: .max) } catch {
            // Its words are those of Secrets.
            let reason = "\(error)".replacingOccurrences(of: "tls.crt", with: "client-certificate")
                .replacingOccurrences(of: "tls.key", with: "client-key")
            throw AccessError("\(access.source): client-certificate and client-key cannot be used: \(reason)")
        }
        return TLSSettings.Identity(certificate: pair.0, key: pair.1)
    }

    private func readToken(_ path: String) throws(AccessError) -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw AccessError("\(access.source): token file \(path) cannot be read")
        }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty else { throw AccessError("\(access.source): token file \(path) is empty") }
        return text
    }

    private func credential(_ exec: ExecPlugin, authority: [UInt8]?) async throws -> ExecCredential {
        if let plugin, plugin.expiration.map({ $0 - Self.margin > Date().timeIntervalSince1970 }) ?? true { return plugin }
        // Several requests that need a credential at once wait for one run.
        if let pluginRun { return try await pluginRun.value }
        let run = Task { [access] in
            do { return try await exec.credential(for: access.cluster, authority: authority) } catch {
                throw AccessError("\(access.source): \(error)")
            }
        }
        pluginRun = run
        defer { pluginRun = nil }
        let credential = try await run.value
        plugin = credential
        return credential
    }
}
