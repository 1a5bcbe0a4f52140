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
            authorities: try cluster.authority?.read("certificate-authority"), identity: nil, serverName: cluster.tlsServerName,
            isVerified: !cluster.isInsecure)
        if let certificate = user.certificate {
            guard let key = user.key else { throw AccessError("\(access.source): client-certificate without client-key") }
            let pair = (try certificate.read("client-certificate"), try key.read("client-key"))
            do { _ = try CertificateBundle(certificate: pair.0, key: pair.1) } catch {
                throw AccessError("\(access.source): client-certificate and client-key cannot be used: \(error)")
            }
            tls.identity = TLSSettings.Identity(certificate: pair.0, key: pair.1)
        }
        var proof = Proof(authorization: nil, tls: tls)
        if let path = user.tokenFile {
            proof.authorization = "Bearer \(try Self.readToken(path))"
        } else if let token = user.token {
            proof.authorization = "Bearer \(token)"
        } else if let username = user.username {
            proof.authorization = "Basic \(Data("\(username):\(user.password ?? "")".utf8).base64EncodedString())"
        }
        files = (proof, .now)
        return proof
    }

    private static func readToken(_ path: String) throws(AccessError) -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw AccessError("token file \(path) cannot be read")
        }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty else { throw AccessError("token file \(path) is empty") }
        return text
    }

    private func credential(_ exec: ExecPlugin, authority: [UInt8]?) async throws -> ExecCredential {
        if let plugin, plugin.expiration.map({ $0 - Self.margin > Date().timeIntervalSince1970 }) ?? true { return plugin }
        // Several requests that need a credential at once wait for one run.
        if let pluginRun { return try await pluginRun.value }
        let run = Task { [access] in try await exec.credential(for: access.cluster, authority: authority) as ExecCredential }
        pluginRun = run
        defer { pluginRun = nil }
        let credential = try await run.value
        plugin = credential
        return credential
    }
}
