import Foundation
import TestSupport
import Testing

@Suite("Settings in backends")
struct InlinedSettingsTests {
    private static let routes = 10
    /// A route that stays as it is, with settings that backends can have.
    private static let settled = 3

    @Test("requests meet the same rules as by maps, also those of routes that changed (INLINED_SETTINGS_SEED repeats a run)")
    func sameAsMaps() async throws {
        var random = SeededGenerator(variable: "INLINED_SETTINGS_SEED")
        print("INLINED_SETTINGS_SEED=\(random.seed)")
        var revision = 0
        var annotations = (0..<Self.routes).map { RandomSettings.annotations($0, revision: 0, &random) }
        // All rules are there from the start, so that no change needs a reload.
        annotations[0] = RandomSettings.everything(0)
        annotations[Self.settled] = ["response-set-header": "X-Revision 0", "set-host": "internal.example.com"]
        let objects = (0..<Self.routes).map { Manifests.service("s\($0)") + RandomSettings.ingress($0, annotations[$0]) }
        let files = Dictionary(uniqueKeysWithValues: objects.enumerated().map { ("\($0).yaml", $1) })
        try await TestController.with(files) { inlined async throws in
            let arguments = ["--inlined-backends", "0"]
            try await TestController.with(
                [:], pods: [], network: inlined.network, arguments: arguments, source: inlined.source
            ) { byMaps async throws in
                let mark = "http-request allow if ingress_by_maps"
                #expect(inlined.configuration.contains(mark) && !byMaps.configuration.contains(mark))
                let reloads = try await inlined.metric("haproxy_ingress_reloads_total")
                for round in 0..<3 {
                    if round > 0 {
                        revision += 1
                        for route in 1..<Self.routes where route != Self.settled && random.chance(60) {
                            annotations[route] = RandomSettings.annotations(route, revision: revision, &random)
                            let text = Manifests.service("s\(route)") + RandomSettings.ingress(route, annotations[route])
                            try await inlined.write("\(route).yaml", text)
                        }
                    }
                    for route in 0..<Self.routes {
                        let revision = annotations[route]["response-set-header"]?.split(separator: "\n").first.map(String.init)
                        for controller in [inlined, byMaps] {
                            try await controller.eventually("http://r\(route).example.com/") {
                                "X-Revision \($0.header("x-revision") ?? "")" == revision
                            }
                        }
                        for _ in 0..<8 {
                            let request = RandomSettings.Request(route, &random)
                            let (one, other) = (try await request.send(to: inlined), try await request.send(to: byMaps))
                            #expect(
                                one == other,
                                "\(request) to \(annotations[route]): INLINED_SETTINGS_SEED=\(random.seed), round \(round)")
                        }
                    }
                }
                #expect(try await inlined.metric("haproxy_ingress_reloads_total") == reloads)
                let map = try await inlined.runtimeAPI("show map maps/host-route.map")
                #expect(map.contains("_http\n") && map.contains("_http."), "some go by maps now, and some do not:\n\(map)")
            }
        }
    }

    @Test("a snippet's rules for all requests run for those of every route, and a backend's own rules stay in force")
    func ownRules() async throws {
        let header = ["request-set-header": "X-Env prod"]
        let snippet = ["backend-config-snippet": "http-request set-header X-Snippet yes"].merging(header) { $1 }
        let files = [
            "a.yaml": Manifests.service("a") + Manifests.ingress("a", host: "a.example.com", service: "a", annotations: header),
            "b.yaml": Manifests.service("b") + Manifests.ingress("b", host: "b.example.com", service: "b", annotations: snippet),
        ]
        try await TestController.with(files) { controller async throws in
            let mark = "http-request allow if ingress_by_maps"
            #expect(controller.configuration.components(separatedBy: mark).count == 2)
            let own = try await controller.request("http://b.example.com/").seen
            #expect(own?.headers["x-snippet"] == "yes" && own?.headers["x-env"] == "prod")
            try await controller.write(
                "map.yaml", Manifests.configMap(["frontend-config-snippet": "http-request set-header X-Front yes"]))
            for host in ["a", "b"] {
                let response = try await controller.eventually("http://\(host).example.com/") {
                    $0.seen?.headers["x-front"] == "yes"
                }
                #expect(response.seen?.headers["x-env"] == "prod")
            }
            #expect(!controller.configuration.contains(mark))
        }
    }

    @Test("settings that HAProxy refuses in a backend go by maps, and cost nobody a change")
    func refused() async throws {
        let directory = try TemporaryDirectory("refusing")
        defer { directory.remove() }
        let program = directory.url.appendingPathComponent("haproxy")
        // A stand-in's check, because HAProxy accepts all that the handlers write.
        try writeProgram(
            program,
            """
            #!/bin/sh
            case " $* " in *" -c "*)
                for word; do directory=$word; done
                line=$(grep -n '^  http-request set-header X-Env refused' "$directory/haproxy.cfg" | head -n 1)
                if [ "$line" ]; then
                    echo "[ALERT]    (1) : config : parsing [haproxy.cfg:${line%%:*}] : no such header." >&2
                    exit 1
                fi
            esac
            exec "$(command -v \(Programs.haproxyArguments.last ?? "haproxy"))" "$@"

            """)
        func route(_ name: String, _ environment: String) -> String {
            Manifests.service(name)
                + Manifests.ingress(
                    name, host: "\(name).example.com", service: name,
                    annotations: ["request-set-header": "X-Env \(environment)"])
        }
        let files = ["a.yaml": route("a", "refused"), "b.yaml": route("b", "prod")]
        try await TestController.with(files, arguments: ["--program", program.path]) { controller async throws in
            for (host, environment) in [("a", "refused"), ("b", "prod")] {
                #expect(try await controller.request("http://\(host).example.com/").seen?.headers["x-env"] == environment)
            }
            // Those of the other Service are in its backend.
            #expect(controller.configuration.components(separatedBy: "allow if ingress_by_maps").count == 2)
            #expect(controller.log.contains("HAProxy refuses settings as rules of backends"))
            #expect(controller.log.contains("shop_svc_a_http"))
            // The next load knows.
            try await controller.write("map.yaml", Manifests.configMap(["timeout-client": "7s"]))
            try await controller.wait("it is loaded") { controller.configuration.contains("timeout client 7s") }
            #expect(controller.configuration.components(separatedBy: "allow if ingress_by_maps").count == 2)
            for (host, environment) in [("a", "refused"), ("b", "prod")] {
                #expect(try await controller.request("http://\(host).example.com/").seen?.headers["x-env"] == environment)
            }
            #expect(controller.log.components(separatedBy: "HAProxy refuses settings").count == 2)
        }
    }

    @Test("a HAProxy that is started again has the settings of now, not those of its last load")
    func restart() async throws {
        func files(_ environment: String) -> String {
            Manifests.service() + Manifests.ingress(annotations: ["request-set-header": "X-Env \(environment)"])
        }
        try await TestController.with(["a.yaml": files("prod")]) { controller async throws in
            try await controller.write("a.yaml", files("test"))
            try await controller.eventually("http://shop.example.com/") { $0.seen?.headers["x-env"] == "test" }
            let worker = try #require(
                (try await controller.runtimeAPI("show info")).split(separator: "\n").first { $0.hasPrefix("Pid: ") }
                    .flatMap { Int32($0.dropFirst(5)) })
            kill(worker, SIGKILL)
            try await controller.wait("the death is noticed") { controller.log.contains("HAProxy ended unexpectedly") }
            let response = try await controller.eventually("http://shop.example.com/") { $0.status == 200 }
            // Its backend had none of these when it was loaded with the files, and has not the old ones.
            #expect(!controller.configuration.contains("X-Env prod") || controller.map("host-route").contains("_http."))
            #expect(response.seen?.headers["x-env"] == "test")
        }
    }
}

/// Settings of routes, and requests that meet them.
private enum RandomSettings {
    static func ingress(_ route: Int, _ annotations: [String: String]) -> String {
        Manifests.ingress("r\(route)", host: "r\(route).example.com", service: "s\(route)", annotations: annotations)
    }

    private static let headers = ["X-Env prod", "X-Odd 100% \"fine\" \\ it's #1 $HOME", "X-Wide a  b", "X-Client %[src]"]

    /// What needs rules in the frontends, once each.
    static func everything(_ route: Int) -> [String: String] {
        [
            "cors-enable": "true", "cors-respond-to-options": "true", "request-redirect": "r\(route).example.com",
            "ssl-redirect": "true", "rate-limit-requests": "100000", "rate-limit-period": "10m",
            "rate-limit-whitelist": "10.0.0.0/8", "set-host": "internal.example.com", "src-ip-header": "X-Real-IP",
            "allow-list": "127.0.0.0/8,203.0.113.0/24", "deny-list": "198.51.100.0/24",
            "request-set-header": "X-Revision 0\nX-Env all\nX-Odd x\nX-Wide x",
            "response-set-header": "X-Revision 0\nX-Env x\nX-Odd x\nX-Wide x",
        ]
    }

    static func annotations(_ route: Int, revision: Int, _ random: inout SeededGenerator) -> [String: String] {
        var chosen: [String: String] = [:]
        func maybe(_ percent: Int, _ key: String, _ values: String...) {
            if random.chance(percent) { chosen[key] = random.pick(values) }
        }
        func lines() -> String { headers.dropLast().filter { _ in random.chance(50) }.map { "\n\($0)" }.joined() }
        let host = "r\(route).example.com"
        maybe(60, "cors-enable", "true")
        if chosen["cors-enable"] != nil {
            maybe(
                80, "cors-allow-origin", "https://a.example.com", "https://a.example.com", "https://b.example.com",
                "^https://(a|b)\\.example\\.com$", "^https://.*\\.example\\.com$")
            maybe(50, "cors-allow-methods", "GET, POST")
            maybe(50, "cors-allow-headers", "X-One, X-Two")
            if chosen["cors-allow-origin"] != nil { maybe(50, "cors-allow-credentials", "true") }
            maybe(50, "cors-max-age", "10m")
            maybe(50, "cors-respond-to-options", "true")
        }
        maybe(
            40, "request-redirect", host, "\(host):80", "\(host):443", "other.example.com", "https://\(host)", "http://\(host):80"
        )
        if chosen["request-redirect"] != nil { maybe(50, "request-redirect-code", "301", "307", "308") }
        maybe(30, "ssl-redirect", "true")
        if chosen["ssl-redirect"] != nil {
            maybe(50, "ssl-redirect-code", "301", "303")
            maybe(50, "ssl-redirect-port", "8443")
        }
        maybe(50, "rate-limit-requests", "3", "10", "1000")
        if chosen["rate-limit-requests"] != nil {
            chosen["rate-limit-period"] = "10m"
            maybe(50, "rate-limit-status-code", "429", "503")
            maybe(10, "rate-limit-whitelist", "10.0.0.0/8")
        }
        maybe(30, "set-host", "internal.example.com", "internal.example.com:8443")
        maybe(30, "src-ip-header", "X-Real-IP", "X-Forwarded-For")
        maybe(10, "allow-list", "127.0.0.0/8", "203.0.113.0/24")
        maybe(10, "deny-list", "198.51.100.0/24")
        if random.chance(70) { chosen["request-set-header"] = "X-Revision \(revision)\(lines())" }
        chosen["response-set-header"] = "X-Revision \(revision)\(lines())"
        // Lines of their own that backends have and keep.
        if route % 4 == 1 { chosen["path-rewrite"] = "/(.*) /new/\\1" }
        if route % 4 == 2 { chosen["response-set-header", default: ""] += "\n\(headers[3])" }
        return chosen
    }

    struct Request: CustomStringConvertible {
        let url: String
        let method: String
        var headers: [String: String] = [:]
        var options: [String] = []

        init(_ route: Int, _ random: inout SeededGenerator) {
            url = "http\(random.chance(20) ? "s" : "")://r\(route).example.com/\(random.pick(["", "a/b?c=%20d", "?x"]))"
            method = random.pick(["GET", "GET", "OPTIONS", "POST"])
            let origins = [
                "https://a.example.com", "https://b.example.com", "https://c.example.com", "https://a.example.com.evil.org",
            ]
            if random.chance(70) { headers["Origin"] = random.pick(origins) }
            if random.chance(10) { options = ["--header", "Origin: \(random.pick(origins))"] }
            if method == "OPTIONS", random.chance(70) { headers["Access-Control-Request-Method"] = "PUT" }
            let port = random.pick(["", "", "", ":80", ":443", ":8080"])
            headers["Host"] = "\(random.chance(80) ? "r" : "R")\(route).example.com\(port)"
            if random.chance(40) { headers["X-Real-IP"] = random.pick(["203.0.113.7", "198.51.100.7", "2001:db8::7"]) }
            if random.chance(20) { headers["X-Forwarded-For"] = "203.0.113.9" }
            if random.chance(20) { headers["X-Env"] = "from the client" }
        }

        var description: String { "\(method) \(url) \(headers) \(options)" }

        /// What comes back, and what the pod saw.
        func send(to controller: TestController) async throws -> [String] {
            let response = try await controller.request(url, method: method, headers: headers, options: options)
            // Ports are each HAProxy's own.
            let answer = response.headers.filter { !["date", "content-length", "alt-svc"].contains($0.key) }
                .map { "< \($0.key): \($0.value)" }
            let seen = response.seen.map { seen in
                ["\(seen.method) \(seen.path) \(seen.host ?? "-")"] + seen.headers.map { "> \($0.key): \($0.value)" }
            }
            return ([String(response.status)] + answer + (seen ?? [])).sorted()
        }
    }
}
