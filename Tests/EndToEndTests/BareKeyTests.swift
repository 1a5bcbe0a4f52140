import Foundation
import Testing

@Suite("Annotations without a prefix")
struct BareKeyTests {
    private static let url = "http://shop.example.com/"

    private static func bare(_ text: String) -> String { text.replacing("haproxy.org/", with: "") }

    @Test("rate-limit-requests without a prefix limits requests, on a route with other tools' keys, which nobody is told of")
    func rateLimit() async throws {
        let ingress = Manifests.ingress(annotations: [
            "rate-limit-requests": "2", "rate-limit-period": "1h", "description": "the shop", "rate-limit-request": "x",
            "owner": "team a",
        ])
        try await TestController.with(["all.yaml": Manifests.service() + Self.bare(ingress)]) { controller async throws in
            var statuses: [Int] = []
            for _ in 0..<4 { statuses.append(try await controller.request(Self.url).status) }
            #expect(statuses == [200, 200, 403, 403])
            #expect(!controller.log.contains("description") && !controller.log.contains("owner"))
            #expect(!controller.log.contains("rate-limit-request:"))
        }
    }

    @Test("a key with a prefix wins over one without, on Ingresses and Services, and a change between them is followed")
    func prefixWins() async throws {
        func manifests(_ prefixed: String?) -> String {
            let block = [prefixed.map { "    haproxy.org/response-set-header: \"X-Key \($0)\"\n" } ?? ""].joined()
            return Manifests.service()
                + Self.bare(Manifests.ingress(annotations: ["response-set-header": "X-Key bare"]))
                .replacing("  annotations:\n", with: "  annotations:\n" + block)
        }
        try await TestController.with(["all.yaml": manifests("prefixed")]) { controller async throws in
            #expect(try await controller.request(Self.url).header("x-key") == "prefixed")
            #expect(controller.log.contains("is not read because haproxy.org/response-set-header is given too"))
            try await controller.write("all.yaml", manifests(nil))
            try await controller.eventually(Self.url) { $0.header("x-key") == "bare" }
        }
    }

    @Test("backend-config-snippet without a prefix is in force on a Service, and on an Ingress for its own backends")
    func backendSnippets() async throws {
        func snippet(_ value: String) -> [String: String] {
            [
                "backend-config-snippet":
                    "http-response set-header X-Snippet \(value)\nhttp-response set-header X-Path %[var(txn.path)]"
            ]
        }
        let manifests = Self.bare(
            Manifests.service(annotations: snippet("service")) + Manifests.ingress() + Manifests.service("plain")
                + Manifests.ingress("plain", host: "plain.example.com", service: "plain", annotations: snippet("ingress"))
                + Manifests.ingress("other", host: "other.example.com", service: "plain"))
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            for (host, value) in ["shop": "service", "plain": "ingress", "other": nil] {
                let response = try await controller.request("http://\(host).example.com/way")
                #expect(response.pod == "pod-1" && response.header("x-snippet") == value, "\(host)")
                #expect(response.header("x-path") == value.map { _ in "/way" }, "\(host)")
            }
        }
    }

    @Test("--disable-config-snippets refuses a snippet without a prefix as it does one with a prefix")
    func snippets() async throws {
        let snippet = ["backend-config-snippet": "http-response set-header X-Snippet yes"]
        let manifests = Self.bare(Manifests.service(annotations: snippet) + Manifests.ingress(annotations: snippet))
        try await TestController.with(["all.yaml": manifests], arguments: ["--disable-config-snippets=backend"]) {
            controller async throws in
            let response = try await controller.request(Self.url)
            #expect(response.pod == "pod-1" && response.header("x-snippet") == nil)
            for writer in ["Service shop/web: backend-config-snippet", "Ingress shop/web: backend-config-snippet"] {
                #expect(
                    controller.log.split(separator: "\n").contains {
                        $0.contains(writer) && $0.contains("is switched off by --disable-config-snippets")
                    }, "\(writer)")
            }
        }
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            #expect(try await controller.request(Self.url).header("x-snippet") == "yes")
        }
    }

    @Test(
        "a younger namespace takes no host by ssl-passthrough without a prefix", .manifestsOnly("the ages of objects are given"))
    func ownership() async throws {
        let manifests =
            Manifests.service() + Manifests.ingress(created: "2025-01-01T00:00:00Z")
            + Manifests.service("thief", namespace: "thief", pods: [2])
            + Self.bare(
                Manifests.ingress(
                    "thief", namespace: "thief", path: "/nothing", service: "thief", annotations: ["ssl-passthrough": "true"],
                    created: "2026-01-01T00:00:00Z"))
        try await TestController.with(["all.yaml": manifests], pods: ["owner", "thief"]) { controller async throws in
            #expect(try await controller.request("https://shop.example.com/").pod == "owner")
            #expect(controller.log.contains("Ingress thief/thief: asks for ssl-passthrough of host shop.example.com"))
        }
    }

    @Test("a protection without a prefix whose value is bad closes its route", arguments: ["allow-list", "whitelist"])
    func protection(_ key: String) async throws {
        let manifests = Manifests.service() + Self.bare(Manifests.ingress(annotations: [key: "everybody"]))
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            #expect(try await controller.request(Self.url).status == 503)
        }
    }

    @Test("lint, explain and annotations know keys without a prefix", .manifestsOnly("they read files"))
    func commands() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("bare-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        func write(_ annotations: [String: String]) throws {
            let text = Manifests.service(pods: []) + Self.bare(Manifests.ingress(annotations: annotations))
            try Data(text.replacing("NET.", with: "127.9.9.").utf8).write(to: directory.appendingPathComponent("all.yaml"))
        }
        try write(["timeout-server": "soon", "description": "x", "timeout-servr": "5s"])
        let lint = try await run(Programs.controller, ["lint", directory.path])
        #expect(lint.status == 1)
        #expect(
            lint.output.contains("Ingress shop/web: timeout-server: \"soon\"") && lint.output.contains("1 error, 0 warnings"))
        try write(["timeout-server": "7s", "description": "x", "maxconn": "5"])
        let good = try await run(Programs.controller, ["lint", directory.path])
        #expect(good.status == 0, "\(good)")
        let explanation = try await run(Programs.controller, ["explain", "--manifests", directory.path, Self.url])
        #expect(explanation.output.contains(/timeout-server +7s +from the Ingress shop\/web/), "\(explanation)")
        #expect(!explanation.output.contains("description"))
        #expect(try await run(Programs.controller, ["annotations", "timeout-server"]).output.contains("without a prefix"))
    }
}
