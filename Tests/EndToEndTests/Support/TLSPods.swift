import Core
import Foundation
import TestSupport
import Testing

/// A pod that speaks TLS itself, on port 8080 of its address.
struct TLSPod: Sendable {
    let name: String
    /// What it shows; nil for a pod that speaks HTTP in the clear.
    var certificate: CertificateIssuer.Issued?
    /// Clients need a certificate that this authority signed.
    var clientAuthority: CertificateIssuer.Issued?
    /// A port of 127.0.0.1 where it listens as well, to be found by the name localhost.
    var localPort: Int?
    /// Further lines of its frontend, such as `http-request return status 500 if { path /health }`.
    var lines: [String] = []
}

/// Pods that are frontends of a HAProxy of their own. What they saw is in the headers of their answers: `x-pod`, `x-path`,
/// `x-tls` (1 or 0), `x-sni`, `x-version` (of HTTP) and `x-client` (the common name of the client's certificate).
struct TLSPods: Sendable {
    /// The first pod is at `network` + 1.
    let network: String
    let certificates: TestCertificates
    let directory: TemporaryDirectory
    private let process: Process

    /// Runs `body` while the pods listen.
    ///
    /// - Parameter pods: makes the pods, with an authority for their certificates.
    static func with(
        _ pods: (TestCertificates) throws -> [TLSPod], _ body: (TLSPods) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory("tls-pods")
        defer { directory.remove() }
        let certificates = try TestCertificates()
        let running = try TLSPods(try pods(certificates), certificates: certificates, in: directory)
        do {
            try await wait(for: "the pods listen") { FileManager.default.fileExists(atPath: directory.file("up").path) }
            try await body(running)
        } catch {
            await running.stop()
            throw error
        }
        await running.stop()
    }

    private init(_ pods: [TLSPod], certificates: TestCertificates, in directory: TemporaryDirectory) throws {
        network = Loopback.network()
        self.certificates = certificates
        self.directory = directory
        // The socket is there only when the frontends before it are.
        var text = """
            global
              stats socket \(directory.file("up").path) mode 600
            defaults
              mode http
              timeout client 10s
              timeout server 10s
              timeout connect 1s

            """
        for (index, pod) in pods.enumerated() {
            var tls = ""
            if let certificate = pod.certificate {
                let file = try directory.write("\(pod.name).pem", certificate.certificate + certificate.key)
                tls += " ssl crt \(file.path) alpn h2,http/1.1"
            }
            if let authority = pod.clientAuthority {
                tls += " ca-file \(try directory.write("\(pod.name)-ca.pem", authority.certificate).path) verify required"
            }
            text += "frontend \(pod.name)\n  bind \(network)\(index + 1):8080\(tls)"
            if let port = pod.localPort { text += "\n  bind 127.0.0.1:\(port)\(tls)" }
            for line in pod.lines { text += "\n  \(line)" }
            text += """

                  http-request return status 200 content-type text/plain string pod hdr x-pod \(pod.name) \
                hdr x-path "%[path]" hdr x-tls "%[ssl_fc]" hdr x-sni "%[ssl_fc_sni]" hdr x-version "%[req.ver]" \
                hdr x-client "%[ssl_c_s_dn(CN)]" hdr x-forwarded-for "%[req.hdr(x-forwarded-for)]"

                """
        }
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["haproxy", "-db", "-f", try directory.write("haproxy.cfg", text).path]
        process.environment = ["PATH": "/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin:/bin"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    /// A manifest whose pods are these.
    func here(_ manifest: String) -> String { manifest.replacingOccurrences(of: "NET.", with: network) }

    /// The certificates of the authority, for curl and for Secrets.
    var authorityFile: URL {
        get throws { try directory.write("authority.pem", certificates.authority.certificate) }
    }

    private func stop() async {
        process.terminate()
        while process.isRunning { try? await Task.sleep(for: .milliseconds(20)) }
    }
}

extension Manifests {
    /// A Secret of type kubernetes.io/tls.
    static func certificate(_ name: String, namespace: String = "shop", _ issued: CertificateIssuer.Issued) -> String {
        secret(
            name, namespace: namespace, type: "kubernetes.io/tls",
            ["tls.crt": issued.certificateText, "tls.key": issued.keyText])
    }

    /// A Secret with an authority's certificate.
    static func authority(_ name: String, namespace: String = "shop", _ certificates: TestCertificates) -> String {
        secret(name, namespace: namespace, ["tls.crt": certificates.authority.certificateText])
    }
}

extension TestController {
    /// The authority's certificate in a file, for requests that look at who answers.
    func trust(_ certificates: TestCertificates) throws -> URL {
        let file = directory.appendingPathComponent("authority-\(UUID().uuidString).pem")
        try Data(certificates.authority.certificate).write(to: file)
        return file
    }

    var reloads: Double {
        get async throws { try await metric("haproxy_ingress_reloads_total") }
    }
}
