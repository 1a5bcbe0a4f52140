import Foundation
import Testing

@Suite("Configuration snippets: where they are in force")
struct SnippetSwitchTests {
    private static let url = "http://shop.example.com/"

    private static func header(_ value: String) -> [String: String] {
        ["backend-config-snippet": "http-response set-header X-Snippet \(value)"]
    }

    private static let configMap = Manifests.configMap([
        "frontend-config-snippet": "http-request set-header X-Frontend yes",
        "stats-config-snippet": "http-request deny deny_status 410 if { path /private }",
        "global-config-snippet": "node marked",
    ])

    private func statistics(_ controller: TestController) async throws -> Response {
        let url = "http://127.0.0.1:\(controller.stats)/private"
        return Response(
            curl: try await run(URL(fileURLWithPath: "/usr/bin/curl"), ["-s", "-i", "--max-time", "5", "--noproxy", "*", url]))
    }

    @Test("frontend, statistics and global snippets act where they say, on HTTP and HTTPS")
    func kinds() async throws {
        let manifests = Manifests.service() + Manifests.ingress()
        try await TestController.with(["all.yaml": manifests, "map.yaml": Self.configMap]) { controller async throws in
            for scheme in ["http", "https"] {
                let response = try await controller.request("\(scheme)://shop.example.com/")
                #expect(response.seen?.headers["x-frontend"] == "yes", "\(scheme)")
            }
            #expect(try await statistics(controller).status == 410)
            #expect(try await controller.runtimeAPI("show info").contains("node: marked\n"))
        }
    }

    @Test("--disable-config-snippets takes the effect from snippets of a kind and tells those who wrote them")
    func disabled() async throws {
        let manifests =
            Manifests.service(annotations: Self.header("service")) + Manifests.ingress(annotations: Self.header("ingress"))
        let arguments = ["--disable-config-snippets", "backend", "--disable-config-snippets", "frontend"]
        try await TestController.with(["all.yaml": manifests, "map.yaml": Self.configMap], arguments: arguments) {
            controller async throws in
            let response = try await controller.request(Self.url)
            #expect(response.pod == "pod-1")
            #expect(response.header("x-snippet") == nil)
            #expect(response.seen?.headers["x-frontend"] == nil)
            #expect(try await statistics(controller).status == 200)
            #expect(try await controller.runtimeAPI("show info").contains("node: marked\n"))
            for writer in [
                "Service shop/web: haproxy.org/backend-config-snippet", "Ingress shop/web: haproxy.org/backend-config-snippet",
                "ConfigMap default/haproxy-configmap: frontend-config-snippet",
                "ConfigMap default/haproxy-configmap: stats-config-snippet",
            ] {
                #expect(
                    controller.log.split(separator: "\n").contains {
                        $0.contains(writer) && $0.contains("is switched off by --disable-config-snippets")
                    }, "\(writer)")
            }
            #expect(!controller.log.contains("global-config-snippet"))
        }
    }

    @Test("two Ingresses with different snippets share a Service in two backends, and its endpoints follow in both")
    func twoBackends() async throws {
        func service(_ pods: [Int]) -> String { Manifests.service(pods: pods) }
        let ingresses =
            Manifests.ingress("a", host: "a.example.com", annotations: Self.header("a"))
            + Manifests.ingress("b", host: "b.example.com", annotations: Self.header("b"))
            + Manifests.ingress("b-too", host: "c.example.com", annotations: Self.header("b"))
        try await TestController.with(
            ["service.yaml": service([1]), "ingresses.yaml": ingresses], pods: ["one", "two"]
        ) { controller async throws in
            for (host, value) in ["a": "a", "b": "b", "c": "b"] {
                let response = try await controller.request("http://\(host).example.com/")
                #expect(response.header("x-snippet") == value && response.pod == "one", "\(host)")
            }
            let backends = Set(try await controller.servers().map(\.backend).filter { $0.hasPrefix("shop_svc_web") })
            #expect(backends.count == 2)
            try await controller.write("service.yaml", service([2]))
            for host in ["a", "b"] { try await controller.eventually("http://\(host).example.com/") { $0.pod == "two" } }
            try await controller.write("service.yaml", service([1, 2]))
            for host in ["a", "b"] {
                try await controller.wait("\(host) has both pods") {
                    try await controller.podsAnswering("http://\(host).example.com/", requests: 6) == ["one", "two"]
                }
            }
            #expect(try await controller.reloads() == 0)
        }
    }

    @Test(
        "a snippet that would leave its section is refused with the reason, and everything else works",
        arguments: [
            ("http-response set-header X-A b\nbackend other\n  server x 127.0.0.1:1", #"begins a section with "backend""#),
            ("listen stolen", #"begins a section with "listen""#), ("retries 1\n.if true", "a conditional block"),
            ("retries 1 \\\nfrontend x", "ends a line with a backslash"),
        ])
    func sections(snippet: String, reason: String) async throws {
        let manifests =
            Manifests.service()
            + Manifests.ingress(annotations: ["backend-config-snippet": snippet, "set-host": "kept.example.com"])
            + Manifests.ingress("other", host: "other.example.com", annotations: Self.header("other"))
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            let response = try await controller.request(Self.url)
            #expect(response.seen?.host == "kept.example.com")
            #expect(response.header("x-a") == nil)
            #expect(controller.log.contains("Ingress shop/web: haproxy.org/backend-config-snippet"))
            #expect(controller.log.contains(reason))
            #expect(try await controller.request("http://other.example.com/").header("x-snippet") == "other")
        }
    }
}
