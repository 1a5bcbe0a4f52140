import Foundation
import Testing

@Suite("Rate limits")
struct RateLimitTests {
    @Test("so many requests are served in a period and the next one is refused with the status, for each client")
    func limit() async throws {
        let annotations = [
            "rate-limit-requests": "3", "rate-limit-period": "1m", "rate-limit-status-code": "429", "src-ip-header": "X-Real-IP",
            "rate-limit-whitelist": "10.9.0.0/16",
        ]
        let manifests =
            Manifests.service() + Manifests.ingress(annotations: annotations)
            + Manifests.ingress("free", host: "free.example.com")
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            func statuses(_ client: String, _ count: Int) async throws -> [Int] {
                var statuses: [Int] = []
                for _ in 0..<count {
                    statuses.append(
                        try await controller.request("http://shop.example.com/", headers: ["X-Real-IP": client]).status)
                }
                return statuses
            }
            #expect(try await statuses("10.0.0.1", 5) == [200, 200, 200, 429, 429])
            #expect(try await statuses("10.0.0.2", 4) == [200, 200, 200, 429])
            #expect(try await statuses("10.9.0.1", 5) == [200, 200, 200, 200, 200])
            #expect(try await controller.request("http://free.example.com/", headers: ["X-Real-IP": "10.0.0.1"]).status == 200)
        }
    }

    @Test("the limit and the status change without a reload, and a limit that is none closes the route")
    func changes() async throws {
        func manifests(_ annotations: [String: String]) -> String {
            Manifests.service()
                + Manifests.ingress(annotations: annotations.merging(["rate-limit-period": "1m"]) { first, _ in first })
        }
        try await TestController.with(["all.yaml": manifests(["rate-limit-requests": "1"])]) { controller async throws in
            let url = "http://shop.example.com/"
            #expect(try await controller.request(url).status == 200)
            #expect(try await controller.request(url).status == 403)
            try await controller.write("all.yaml", manifests(["rate-limit-requests": "1000", "rate-limit-status-code": "503"]))
            try await controller.eventually(url) { $0.status == 200 }
            // Counts of the first limit are still there.
            try await controller.write("all.yaml", manifests(["rate-limit-requests": "1", "rate-limit-status-code": "410"]))
            try await controller.eventually(url) { $0.status == 410 }
            #expect(try await controller.metric("haproxy_ingress_reloads_total") == 0)
            try await controller.write("all.yaml", manifests(["rate-limit-requests": "plenty"]))
            try await controller.eventually(url) { $0.status == 503 }
            #expect(controller.log.contains("haproxy.org/rate-limit-requests: \"plenty\": is not a whole number"))
        }
    }

    @Test(
        "sources are counted apart, routes with equal settings together and others apart; exempt networks change without a reload"
    )
    func counters() async throws {
        func ingress(_ name: String, _ annotations: [String: String]) -> String {
            let all = ["rate-limit-period": "1h", "src-ip-header": "X-Real-IP", "rate-limit-requests": "2"]
            return Manifests.ingress(name, host: "\(name).example.com", annotations: all.merging(annotations) { $1 })
        }
        func manifests(exempt: String) -> String {
            // The Service does not matter, and neither does the status.
            Manifests.service() + Manifests.service("second") + ingress("a", [:])
                + ingress("b", ["rate-limit-status-code": "429"])
                .replacing("name: web, port", with: "name: second, port")
                + ingress("c", ["rate-limit-requests": "3"]) + ingress("d", ["rate-limit-size": "1"])
                + ingress("e", ["rate-limit-requests": "1", "rate-limit-whitelist": exempt])
        }
        try await TestController.with(["all.yaml": manifests(exempt: "10.9.0.0/16")]) { controller async throws in
            func statuses(_ hosts: String..., client: String) async throws -> [Int] {
                var statuses: [Int] = []
                for host in hosts {
                    let url = "http://\(host).example.com/"
                    statuses.append(try await controller.request(url, headers: ["X-Real-IP": client]).status)
                }
                return statuses
            }
            #expect(try await statuses("a", "b", "a", "b", client: "10.0.0.1") == [200, 200, 403, 429])
            #expect(try await statuses("a", "b", "a", client: "10.0.0.2") == [200, 200, 403])
            #expect(try await statuses("c", "c", "c", "c", client: "10.0.0.1") == [200, 200, 200, 403])
            // There is room for one client: another one makes HAProxy forget the first.
            #expect(try await statuses("d", "d", "d", client: "10.0.0.1") == [200, 200, 403])
            #expect(try await statuses("d", client: "10.0.0.2") == [200])
            #expect(try await statuses("d", client: "10.0.0.1") == [200])
            #expect(try await controller.runtimeAPI("show table").contains("table: RateLimit-1h-1, type: string, size:1,"))

            #expect(try await statuses("e", "e", client: "10.9.0.1") == [200, 200])
            try await controller.write("all.yaml", manifests(exempt: "10.8.0.0/16"))
            try await controller.wait("the network is not exempt any more") {
                try await statuses("e", client: "10.9.0.1") == [403]
            }
            #expect(try await statuses("e", "e", client: "10.8.0.1") == [200, 200])
            #expect(try await controller.metric("haproxy_ingress_reloads_total") == 0)
        }
    }

    @Test("requests to another namespace with the same settings do not count")
    func namespaces() async throws {
        let annotations = ["rate-limit-period": "1h", "rate-limit-requests": "1"]
        let manifests =
            Manifests.service() + Manifests.ingress(annotations: annotations) + Manifests.service(namespace: "evil")
            + Manifests.ingress(namespace: "evil", host: "evil.example.com", annotations: annotations)
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            func status(_ host: String) async throws -> Int { try await controller.request("http://\(host)/").status }
            for expected in [200, 403, 403] { #expect(try await status("evil.example.com") == expected) }
            for expected in [200, 403] { #expect(try await status("shop.example.com") == expected) }
        }
    }

    @Test("rate limits and tables of snippets go on counting through reloads")
    func reloads() async throws {
        let snippet = """
            stick-table type ip size 1k expire 1h store http_req_cnt
            http-request track-sc0 src
            http-response set-header X-Count %[sc_http_req_cnt(0)]
            """
        let manifests =
            Manifests.service()
            + Manifests.ingress(annotations: ["rate-limit-period": "1h", "rate-limit-requests": "3"])
            + Manifests.service("own", annotations: ["backend-config-snippet": snippet])
            + Manifests.ingress("own", host: "own.example.com", service: "own")
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            func status() async throws -> Int { try await controller.request("http://shop.example.com/").status }
            func count() async throws -> Int? {
                Int(try await controller.request("http://own.example.com/").header("x-count") ?? "")
            }
            // Release 2.6 hands over no tables before it has run for so long.
            try await Task.sleep(for: .seconds(7))
            for _ in 1...3 { #expect(try await status() == 200) }
            for number in 1...3 { #expect(try await count() == number) }
            for (number, timeout) in ["30s", "31s", "32s"].enumerated() {
                try await controller.write("map.yaml", Manifests.configMap(["timeout-server": timeout]))
                try await controller.wait("HAProxy was reloaded") { try await controller.reloads() == Double(number + 1) }
                try await controller.wait("the new worker has the tables") {
                    let tables = try await controller.runtimeAPI("show table")
                    return tables.split(separator: "\n").count { $0.hasPrefix("# table") && $0.hasSuffix("used:1") } == 2
                }
                // A request could have come first, and been counted on its own.
                #expect(try await status() == 403)
                #expect(try await count() == number + 4)
            }
        }
    }
}
