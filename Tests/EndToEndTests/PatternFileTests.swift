import Testing

@Suite("Pattern files")
struct PatternFileTests {
    private static let arguments = ["--configmap-patternfiles", "ops/lists"]

    private static func patterns(_ lists: [String: String]) -> String {
        let lines = lists.sorted { $0.key < $1.key }.map { "  \($0.key): |\n    # one network a line\n    \($0.value)\n" }
        return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: lists, namespace: ops}\ndata:\n\(lines.joined())---\n"
    }

    @Test("allow-list, deny-list and rate-limit-whitelist follow the entries of a pattern file without a reload")
    func entries() async throws {
        let source = ["src-ip-header": "X-Real-IP"]
        func ingress(_ name: String, _ annotations: [String: String]) -> String {
            Manifests.ingress(name, host: "\(name).example.com", annotations: annotations.merging(source) { $1 })
        }
        let manifests =
            Manifests.service() + ingress("allow", ["allow-list": "patterns/office"])
            + ingress("older", ["whitelist": "patterns/office"]) + ingress("deny", ["deny-list": "patterns/office"])
            + ingress(
                "rate",
                ["rate-limit-requests": "1", "rate-limit-period": "1h", "rate-limit-whitelist": "patterns/office"])
        let files = ["all.yaml": manifests, "lists.yaml": Self.patterns(["office": "192.0.2.0/25"])]
        try await TestController.with(files, arguments: Self.arguments) { controller async throws in
            func statuses(_ client: String) async throws -> [Int] {
                // The second request is the one that a limit refuses.
                _ = try await controller.request("http://rate.example.com/", headers: ["X-Real-IP": client])
                var statuses: [Int] = []
                for host in ["allow", "older", "deny", "rate"] {
                    statuses.append(
                        try await controller.request("http://\(host).example.com/", headers: ["X-Real-IP": client]).status)
                }
                return statuses
            }
            #expect(try await statuses("192.0.2.1") == [200, 200, 403, 200])
            #expect(try await statuses("192.0.2.200") == [403, 403, 200, 403])
            try await controller.write("lists.yaml", Self.patterns(["office": "192.0.2.128/25\n    2001:db8::/32"]))
            try await controller.wait("the entries have changed") {
                try await statuses("192.0.2.200") == [200, 200, 403, 200]
            }
            #expect(try await statuses("192.0.2.1") == [403, 403, 200, 403])
            #expect(try await statuses("2001:db8::1") == [200, 200, 403, 200])
            #expect(try await controller.reloads() == 0)
        }
    }

    @Test("a missing pattern file closes its routes and says so, and they open when it appears", arguments: [false, true])
    func missing(isConfigMapThere: Bool) async throws {
        let manifests =
            Manifests.service() + Manifests.ingress(annotations: ["allow-list": "patterns/office"])
            + Manifests.ingress("other", host: "other.example.com")
        var files = ["all.yaml": manifests]
        if isConfigMapThere { files["lists.yaml"] = Self.patterns(["another": "192.0.2.1"]) }
        try await TestController.with(files, arguments: Self.arguments) { controller async throws in
            let url = "http://shop.example.com/"
            #expect(try await controller.request(url).status == 503)
            #expect(
                controller.log.contains(
                    "Ingress shop/web: haproxy.org/allow-list: \"patterns/office\": there is no pattern file office"))
            #expect(try await controller.request("http://other.example.com/").status == 200)
            try await controller.write("lists.yaml", Self.patterns(["office": "127.0.0.0/8"]))
            try await controller.eventually(url) { $0.status == 200 }
            try await controller.write("lists.yaml", Self.patterns(["office": "everybody"]))
            try await controller.eventually(url) { $0.status == 503 }
            #expect(controller.log.contains("pattern file office holds \"everybody\", which is not a network"))
            try await controller.write("lists.yaml", Self.patterns(["office": "127.0.0.0/8"]))
            try await controller.eventually(url) { $0.status == 200 }
        }
    }

    @Test("a line that a snippet cannot read is left out and told, and the snippet and the other lines are in force")
    func unreadableLine() async throws {
        func lists(_ line: String) -> String { Self.patterns(["office": "10.0.0.0/8\n    \(line)\n    127.0.0.0/8"]) }
        let snippet = Manifests.configMap([
            "frontend-config-snippet": "acl office src -f patterns/office\nhttp-response set-header X-Office yes if office"
        ])
        let files = ["all.yaml": Manifests.service() + Manifests.ingress(), "map.yaml": snippet]
        for isThereAtStart in [true, false] {
            try await TestController.with(
                files.merging(["lists.yaml": lists(isThereAtStart ? "127.0.0.300" : "192.0.2.1")]) { $1 },
                arguments: Self.arguments
            ) { controller async throws in
                if !isThereAtStart { try await controller.write("lists.yaml", lists("127.0.0.300")) }
                let said = "ConfigMap ops/lists: office: \"127.0.0.300\": has a pattern in line 3 that HAProxy refuses"
                try await controller.wait("the line is told") { controller.log.contains(said) }
                try await controller.eventually("http://shop.example.com/") { $0.header("x-office") == "yes" }
                #expect(!controller.log.contains("frontend-config-snippet"))
                // Other changes go on, and a mended line counts.
                try await controller.write("all.yaml", Manifests.service() + Manifests.ingress(host: "new.example.com"))
                try await controller.eventually("http://new.example.com/") { $0.status == 200 && $0.header("x-office") == "yes" }
                try await controller.write("lists.yaml", lists("192.0.2.9"))
                try await controller.wait("the line is mended") { controller.log.contains("mended: \(said)") }
            }
        }
    }

    @Test(
        "map(patterns/NAME) in a snippet reads a pattern file, and its changes are in force",
        arguments: ["backend-config-snippet", "frontend-config-snippet"])
    func maps(key: String) async throws {
        let snippet = [
            key: """
            http-request set-header X-Team %[path,map_beg(patterns/teams,nobody)]
            http-request deny deny_status 403 if { req.hdr(x-user) -f patterns/banned }
            """
        ]
        let manifests =
            Manifests.service(annotations: key.hasPrefix("backend") ? snippet : [:]) + Manifests.ingress()
            + (key.hasPrefix("frontend") ? Manifests.configMap(snippet) : "")
        func lists(_ team: String) -> String {
            Self.patterns(["teams": "/cart \(team)\n    /help people with time", "banned": "eve"])
        }
        try await TestController.with(["all.yaml": manifests, "lists.yaml": lists("blue")], arguments: Self.arguments) {
            controller async throws in
            for (path, team) in [("/cart/1", "blue"), ("/help", "people with time"), ("/", "nobody")] {
                #expect(try await controller.request("http://shop.example.com\(path)").seen?.headers["x-team"] == team, "\(path)")
            }
            #expect(try await controller.request("http://shop.example.com/", headers: ["X-User": "eve"]).status == 403)
            try await controller.write("lists.yaml", lists("green"))
            try await controller.eventually("http://shop.example.com/cart/1") { $0.seen?.headers["x-team"] == "green" }
            #expect(!controller.log.contains("refused"))
        }
    }
}
