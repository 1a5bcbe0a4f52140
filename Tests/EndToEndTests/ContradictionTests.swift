import Foundation
import Testing

/// Keys that do nothing without another one, as people see it: before they apply the manifests, and in the log.
@Suite("Keys that contradict each other")
struct ContradictionTests {
    private static let idle: [(name: String, annotations: [String: String], why: String)] = [
        ("auth", ["auth-secret": "users", "auth-realm": "Members"], "has no effect without auth-type: basic-auth"),
        (
            "rate",
            [
                "rate-limit-period": "1m", "rate-limit-size": "1k", "rate-limit-status-code": "429",
                "rate-limit-whitelist": "192.0.2.1",
            ], "has no effect without rate-limit-requests"
        ),
        (
            "cors", ["cors-allow-origin": "https://a.example.com", "cors-max-age": "1m", "cors-respond-to-options": "true"],
            "has no effect without cors-enable: true"
        ),
        ("redirect", ["request-redirect-code": "301"], "has no effect without request-redirect"),
    ]

    private static let manifests =
        Manifests.service()
        + idle.map { Manifests.ingress($0.name, host: "\($0.name).example.com", annotations: $0.annotations) }.joined()
        + Manifests.ingress(
            "tls", host: "tls.example.com",
            annotations: ["ssl-redirect": "false", "ssl-redirect-code": "301", "ssl-redirect-port": "8443"])
        // What the operator sets for whoever uses it contradicts nothing.
        + Manifests.configMap([
            "auth-realm": "Everybody", "rate-limit-period": "2m", "cors-max-age": "2m", "request-redirect-code": "307",
            "ssl-redirect-code": "308",
        ])

    private static let expected =
        idle.flatMap { ingress in
            ingress.annotations.map { "Ingress shop/\(ingress.name): haproxy.org/\($0.key): \"\($0.value)\": \(ingress.why)" }
        }
        + [("code", "301"), ("port", "8443")].map {
            "Ingress shop/tls: haproxy.org/ssl-redirect-\($0.0): \"\($0.1)\": has no effect with ssl-redirect: false"
        }

    @Test("lint and the log name each key that has no effect, and the routes work")
    func warnings() async throws {
        try await TestController.with(["all.yaml": Self.manifests]) { controller async throws in
            let lint = try await run(
                Programs.controller, ["lint", controller.manifests.path, "--ipv4-bind-address", "127.0.0.1"])
            #expect(lint.status == 1)
            for line in Self.expected {
                #expect(lint.output.contains(line), "\(line)")
                #expect(controller.log.contains(line), "\(line)")
            }
            #expect(lint.output.hasSuffix("0 errors, \(Self.expected.count) warnings\n"), "\(lint.output)")
            for host in Self.idle.map(\.name) + ["tls"] {
                #expect(try await controller.request("http://\(host).example.com/").pod == "pod-1", "\(host)")
            }
        }
    }

    @Test(
        "lint tells of snippets that --disable-config-snippets switches off",
        .manifestsOnly("lint reads files"))
    func snippets() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("lint-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let manifests =
            Manifests.service() + Manifests.ingress(annotations: ["backend-config-snippet": "retries 1"])
            + Manifests.configMap(["global-config-snippet": "node a", "backend-config-snippet": "retries 2"])
        try Data(manifests.utf8).write(to: directory.appendingPathComponent("all.yaml"))
        func lint(_ kinds: String) async throws -> [Substring] {
            let arguments = ["lint", directory.path] + (kinds.isEmpty ? [] : ["--disable-config-snippets", kinds])
            let lines = try await run(Programs.controller, arguments).output.split(separator: "\n")
            return lines.filter { $0.hasPrefix("error: ") && $0.contains("is switched off by --disable-config-snippets") }
        }
        #expect(try await lint("") == [])
        #expect(try await lint("frontend") == [])
        #expect(try await lint("global").count == 1)
        #expect(try await lint("backend, global").count == 3)
        #expect(try await lint("all").count == 3)
    }
}
