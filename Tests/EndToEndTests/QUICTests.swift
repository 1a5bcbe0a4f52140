import Foundation
import TestSupport
import Testing

/// Requests over HTTP/3, where the tested HAProxy serves it (Debian's 2.6 does not) and there is a client: that of Debian's package
/// ngtcp2-client, which `Scripts/test --haproxy` installs.
@Suite("HTTP/3", .enabled(if: QUICClient.isUsable, "needs HAProxy with QUIC and Debian's ngtcp2-client"))
struct QUICTests {
    @Test("a pod is told that requests over HTTP/3 came by HTTPS, on a route without any annotation too")
    func forwardedProtocol() async throws {
        let manifests =
            Manifests.service() + Manifests.ingress()
            + Manifests.ingress(
                "more", host: "more.example.com", annotations: ["response-set-header": "X-A b", "rate-limit-requests": "100"])
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            for host in ["shop.example.com", "more.example.com"] {
                let seen = try #require(try await QUICClient.request(host: host, path: "/way", of: controller))
                #expect(seen.pod == "pod-1" && seen.path == "/way" && seen.host?.hasPrefix(host) == true)
                #expect(seen.headers["x-forwarded-proto"] == "https", "\(host)")
            }
        }
    }
}

/// A client of HTTP/3.
enum QUICClient {
    private static let program = URL(fileURLWithPath: "/usr/bin/gtlsclient")

    static let isUsable: Bool = {
        guard FileManager.default.isExecutableFile(atPath: program.path) else { return false }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: ProcessInfo.processInfo.environment["TEST_HAPROXY"] ?? "/usr/sbin/haproxy")
        process.arguments = ["-vv"]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text.contains(" +QUIC ")
    }()

    /// What the pod saw of a request; nil where no pod answered.
    static func request(host: String, path: String, of controller: TestController) async throws -> Response.Seen? {
        let directory = try TemporaryDirectory("quic")
        defer { directory.remove() }
        let port = String(controller.https)
        let result = try await run(
            program,
            [
                "--quiet", "--exit-on-all-streams-close", "--timeout", "10s", "--download", directory.path, "--sni", host,
                "127.0.0.1", port, "https://\(host):\(port)\(path)",
            ])
        #expect(result.status == 0, "\(result)")
        // The answer is a file that is called as the path is.
        let body = try? String(contentsOf: directory.file(String(path.dropFirst())), encoding: .utf8)
        return Response(curl: ProgramResult(status: 0, output: body ?? "", errors: "")).seen
    }
}
