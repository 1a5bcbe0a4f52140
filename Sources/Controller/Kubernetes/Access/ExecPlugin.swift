import Core
import Foundation

/// A program that prints credentials (Kubernetes documentation, "client-go credential plugins").
struct ExecPlugin: Hashable, Sendable {
    static let versions = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"]

    var command: String
    var arguments: [String] = []
    var environment: [String: String] = [:]
    var apiVersion: String
    /// What the file's author tells those who do not have the program.
    var installHint: String?
    var providesClusterInfo = false

    /// Runs the program.
    ///
    /// - Throws: ``AccessError`` when it is missing, fails, takes longer than a minute or prints something else.
    func credential(for cluster: Kubeconfig.Cluster, authority: [UInt8]?) async throws(AccessError) -> ExecCredential {
        let program = ProgramSearch.path(of: command)
        guard FileManager.default.isExecutableFile(atPath: program) else {
            throw AccessError("credential plug-in \(command) is not installed\(installHint.map { ": \($0)" } ?? "")")
        }
        var environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        environment["KUBERNETES_EXEC_INFO"] = try information(cluster, authority: authority)
        let result: (status: ExitStatus, lines: [String])
        do {
            result = try await ChildProcess.run(
                program: program, arguments: arguments, environment: environment, timeout: .seconds(60))
        } catch is ChildProcess.TimedOut {
            throw AccessError("credential plug-in \(command) did not end within 60 s")
        } catch {
            throw AccessError("credential plug-in \(command) cannot be run: \(error)")
        }
        guard result.status == .exited(0) else {
            throw AccessError(
                "credential plug-in \(command) ended with \(result.status): \(result.lines.suffix(3).joined(separator: " "))")
        }
        return try ExecCredential(lines: result.lines, plugin: self)
    }

    private func information(_ cluster: Kubeconfig.Cluster, authority: [UInt8]?) throws(AccessError) -> String {
        struct Information: Encodable {
            struct Spec: Encodable {
                struct Cluster: Encodable {
                    var server: String
                    var tlsServerName: String?
                    var insecureSkipTLSVerify: Bool?
                    var certificateAuthorityData: Data?
                    var proxyURL: String?

                    enum CodingKeys: String, CodingKey {
                        case server
                        case tlsServerName = "tls-server-name"
                        case insecureSkipTLSVerify = "insecure-skip-tls-verify"
                        case certificateAuthorityData = "certificate-authority-data"
                        case proxyURL = "proxy-url"
                    }
                }
                var interactive = false
                var cluster: Cluster?
            }
            var apiVersion: String
            var kind = "ExecCredential"
            var spec: Spec
        }
        var spec = Information.Spec()
        if providesClusterInfo {
            spec.cluster = Information.Spec.Cluster(
                server: cluster.server, tlsServerName: cluster.tlsServerName, insecureSkipTLSVerify: cluster.isInsecure,
                certificateAuthorityData: authority.map { Data($0) }, proxyURL: cluster.proxyURL)
        }
        do {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.withoutEscapingSlashes]
            return String(decoding: try encoder.encode(Information(apiVersion: apiVersion, spec: spec)), as: UTF8.self)
        } catch {
            throw AccessError("credential plug-in \(command): \(error)")
        }
    }
}

/// What a credential plug-in printed.
struct ExecCredential: Sendable {
    var token: String?
    var identity: TLSSettings.Identity?
    /// Seconds since 1970; nil for credentials that last as long as the process.
    var expiration: Double?

    init(lines: [String], plugin: ExecPlugin) throws(AccessError) {
        // What a program says on its standard error comes in between; the credential is the object.
        guard let begin = lines.firstIndex(where: { $0.drop { $0 == " " }.hasPrefix("{") }),
            let node = try? JSONParser.node(from: Array(lines[begin...].joined(separator: "\n").utf8)),
            node["kind"]?.string == "ExecCredential"
        else { throw AccessError("credential plug-in \(plugin.command) did not print an ExecCredential") }
        guard node["apiVersion"]?.string == plugin.apiVersion else {
            throw AccessError(
                """
                credential plug-in \(plugin.command) printed apiVersion \((node["apiVersion"]?.string ?? "").quotedForPeople) \
                in place of \(plugin.apiVersion)
                """)
        }
        let status = node["status"]
        token = status?["token"]?.string
        if let certificate = status?["clientCertificateData"]?.string, let key = status?["clientKeyData"]?.string {
            identity = TLSSettings.Identity(certificate: Array(certificate.utf8), key: Array(key.utf8))
        }
        guard token?.isEmpty == false || identity != nil else {
            throw AccessError("credential plug-in \(plugin.command) printed neither a token nor a certificate with its key")
        }
        if let text = status?["expirationTimestamp"]?.string {
            guard let date = try? Date(text, strategy: .iso8601) else {
                throw AccessError(
                    "credential plug-in \(plugin.command) printed an expirationTimestamp that is no time: \(text.quotedForPeople)"
                )
            }
            expiration = date.timeIntervalSince1970
        }
    }
}
