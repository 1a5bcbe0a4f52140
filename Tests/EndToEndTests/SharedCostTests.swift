import Foundation
import Testing

@Suite("What tenants cost others")
struct SharedCostTests {
    @Test("expressions whose cost nothing bounds are refused, and HAProxy goes on serving everybody")
    func unboundedExpressions() async throws {
        let evil = Array(repeating: #"^/(a+)+$ /x"#, count: 400).joined(separator: "\n")
        let manifests =
            Manifests.service() + Manifests.ingress()
            + Manifests.ingress("evil", host: "evil.example.com", annotations: ["path-rewrite": evil])
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            let path = "/" + String(repeating: "a", count: 5000) + "!"
            #expect(try await controller.request("http://evil.example.com\(path)").status == 200)
            #expect(try await controller.request("http://shop.example.com/").status == 200)
            #expect(controller.log.contains("shop/evil: haproxy.org/path-rewrite") && controller.log.contains("(a+)+"))
            #expect(!controller.configuration.contains("replace-path"))
        }
    }

    @Test("the costliest expressions that are accepted take little time for the paths that suit them worst")
    func costlyExpressions() async throws {
        let expressions = [
            "/a/(.*)/b", ".*.*=", "(?:/[^/]+)*=", "[a-z/]*[a-z]*=", "(/a|/aa|a/)(.*)=", "(.*)/a/(.*)/a!", "[^!]*a[^!]*!",
            "(a/)?(/a)?.*=.*!",
        ]
        let manifests =
            Manifests.service()
            + expressions.enumerated().map { index, expression in
                // As many as there is room for together.
                Manifests.ingress(
                    "costly\(index)", host: "h\(index).example.com",
                    annotations: ["path-rewrite": Array(repeating: "\(expression) /x", count: 8).joined(separator: "\n")])
            }.joined()
            + Manifests.ingress()
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            var slowest = Duration.zero
            for index in expressions.indices {
                for (unit, length) in [("/a", 14_000), ("/a", 1000), ("a/", 2000), ("a", 14_000), ("a", 1500), ("/a/", 1200)] {
                    let path = "/=" + String(repeating: unit, count: length / unit.count)
                    let begin = ContinuousClock.now
                    let status = try await controller.request("http://h\(index).example.com\(path)").status
                    slowest = max(slowest, ContinuousClock.now - begin)
                    #expect(status == 200 || status == 414, "\(expressions[index])")
                }
            }
            // All of it, with the start of curl on a busy machine; the watchdog ends HAProxy after seconds.
            #expect(slowest < .seconds(2))
            #expect(try await controller.request("http://shop.example.com/").status == 200)
            #expect(!controller.log.contains("Watchdog") && !controller.log.contains("died"))
        }
    }

    @Test("settings that find no room in the frontends do the same in the backend, and change without a reload")
    func backendRules() async throws {
        func manifests(_ value: String) -> String {
            Manifests.service() + Manifests.service("limited", pods: [2])
                + Manifests.ingress(annotations: [
                    "request-set-header": "X-One \(value)\nX-Two \(value) 2\nX-Three \"a  b\"",
                    "response-set-header": "X-Answer \(value)\nX-Other \(value)",
                ])
                + Manifests.ingress(
                    "limited", host: "limited.example.com", service: "limited",
                    annotations: ["rate-limit-requests": "2", "rate-limit-period": "2m", "rate-limit-status-code": "429"])
                + Manifests.ingress(
                    "limited2", host: "limited2.example.com", service: "limited",
                    annotations: ["rate-limit-requests": "1", "rate-limit-period": "3m"])
        }
        try await TestController.with(
            ["all.yaml": manifests("one")], pods: ["web", "limited"], arguments: ["--limits", "frontend-rules=1"]
        ) {
            controller async throws in
            let url = "http://shop.example.com/"
            for value in ["one", "another"] {
                try await controller.write("all.yaml", manifests(value))
                let response = try await controller.eventually(url) {
                    $0.seen?.headers["x-one"] == value && $0.header("x-answer") == value
                }
                #expect(response.seen?.headers["x-two"] == "\(value) 2" && response.seen?.headers["x-three"] == "a  b")
                #expect(response.header("x-other") == value)
            }
            // A backend without the settings of its routes as literals has the rules that read maps.
            #expect(controller.configuration.contains("\n  http-request set-header X-Two %[var("))
            #expect(try await controller.metric("haproxy_ingress_reloads_total") == 0)
            for (host, expected) in [("limited", [200, 200, 429, 429]), ("limited2", [200, 403, 403])] {
                var statuses: [Int] = []
                for _ in expected { statuses.append(try await controller.request("http://\(host).example.com/").status) }
                #expect(statuses == expected)
            }
        }
    }
}
