import TestSupport
import Testing

@testable import Core

@Suite struct ConditionalRoutesTests {
    private static func service(_ name: String, when header: String? = nil) -> [KubernetesObject] {
        [
            Cluster.service(name, annotations: header.map { ["only-when": $0] } ?? [:]),
            Cluster.slice(Cluster.pods("10.0.0.1"), name: "\(name)-1", of: name),
        ]
    }

    /// Looks a request up in the maps as the rules of the frontends do.
    private static func target(_ assembly: AssemblyReport, host: String, path: String, headers: Set<String>) -> String {
        let maps = assembly.state.maps.mapValues(\.entries)
        let wildcard = String(host.drop { $0 != "." })
        let hostKey = maps["host"]?[host] ?? maps["host"]?[wildcard] ?? ""
        let prefixes = maps["path-prefix"] ?? [:]
        let prefix = prefixes.keys.filter { (hostKey + path + "/").hasPrefix($0) }.max { $0.utf8.count < $1.utf8.count }
        let place = maps["path-exact"]?[hostKey + path] ?? prefix.flatMap { prefixes[$0] } ?? maps["path-exact"]?["default"]
        let value = maps["host-route"]?[host] ?? place
        guard let value else { return SectionNames.notFound }
        let fields = value.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        var chosen = (rank: Int.max, target: "")
        if fields.count == 3 {
            for line in assembly.state.sections.first(where: { $0.header == "frontend http" })?.lines ?? []
            where line.feature?.hasPrefix("route-acl/") == true {
                let text = line.directive.text
                guard let rule = text.firstMatch(of: /concat\(:([^)]+)\),.*sub\(txn.chosen\).* { req.hdr\((.+)\) -m found }/)
                else {
                    continue
                }
                let parts = maps["route-acl"]?["\(fields[2]):\(rule.1)"]?.split(separator: "|") ?? []
                guard parts.count == 2, let rank = Int(parts[0]), rank < chosen.rank else { continue }
                if headers.contains(String(rule.2)) { chosen = (rank, String(parts[1])) }
            }
        }
        return chosen.target.isEmpty ? fields[0] : String(chosen.target.prefix { $0 != "." })
    }

    @Test func `A canary takes requests that match, whoever is older, and leaves the rest to the other Service`() throws {
        for created in [("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"), ("2026-01-01T00:00:00Z", "2025-01-01T00:00:00Z")] {
            let assembly = try Cluster.assemble(
                Self.service("web") + Self.service("next", when: "x-next") + [
                    Cluster.ingress("a", created: created.0), Cluster.ingress("b", service: "next", created: created.1),
                ])
            #expect(assembly.findings.isEmpty)
            func target(_ headers: Set<String>) -> String {
                Self.target(assembly, host: "shop.example.com", path: "/cart", headers: headers)
            }
            #expect(target([]) == "shop_svc_web_http" && target(["x-next"]) == "shop_svc_next_http")
            let ways = assembly.ways(host: "shop.example.com", path: "/cart", isTLS: false)
            #expect(ways.map(\.service.name) == ["next", "web"])
            #expect(assembly.route(host: "shop.example.com", path: "/cart", isTLS: false)?.service.name == "web")
        }
    }

    @Test func `A further route with a known condition is a matter of map entries`() throws {
        let one =
            Self.service("web") + Self.service("next", when: "x-next") + [
                Cluster.ingress("a"), Cluster.ingress("b", service: "next"),
            ]
        let more =
            one + [
                Cluster.ingress("c", path: "/c", service: "next"), Cluster.ingress("d", host: "d.example.com", service: "next"),
            ]
        let running = RunningState(loaded: try Cluster.assemble(one).state)
        guard case .runtime(let updates) = running.difference(to: try Cluster.assemble(more).state) else {
            Issue.record("a reload")
            return
        }
        #expect(updates.allSatisfy { if case .updateMap = $0 { true } else { false } })
        // Back again too, and to none at all: rules that nobody uses may stay.
        let all = RunningState(loaded: try Cluster.assemble(more).state)
        for objects in [one, Self.service("web") + [Cluster.ingress("a")]] {
            if case .reload(let reasons) = all.difference(to: try Cluster.assemble(objects).state) { Issue.record("\(reasons)") }
        }
    }

    @Test func `A condition that cannot be read leaves its Service out and nobody else`() throws {
        let assembly = try Cluster.assemble(
            Self.service("web") + Self.service("next", when: "not a name")
                + [
                    Cluster.ingress("a", created: "2026-01-01T00:00:00Z"),
                    Cluster.ingress("b", service: "next", created: "2025-01-01T00:00:00Z"),
                ])
        #expect(Self.target(assembly, host: "shop.example.com", path: "/", headers: ["not a name"]) == "shop_svc_web_http")
        #expect(assembly.findings.map { $0.object?.name } == ["next"])
        #expect(assembly.map("route-acl").isEmpty)
    }

    @Test func `Two Services with one condition for one place conflict, with different ones the older is tried first`() throws {
        let services = Self.service("one", when: "x-a") + Self.service("two", when: "x-a") + Self.service("three", when: "x-b")
        let assembly = try Cluster.assemble(
            services + [
                Cluster.ingress("c", service: "three", created: "2024-01-01T00:00:00Z"),
                Cluster.ingress("a", service: "one", created: "2025-01-01T00:00:00Z"),
                Cluster.ingress("b", service: "two", created: "2026-01-01T00:00:00Z"),
            ])
        #expect(assembly.findings.map { $0.object?.name } == ["b"])
        func target(_ headers: Set<String>) -> String {
            Self.target(assembly, host: "shop.example.com", path: "/", headers: headers)
        }
        #expect(target(["x-a"]) == "shop_svc_one_http" && target(["x-b"]) == "shop_svc_three_http")
        #expect(target(["x-a", "x-b"]) == "shop_svc_three_http" && target([]) == SectionNames.notFound)
    }

    @Test func `TLS that is passed through knows no conditions`() throws {
        let assembly = try Cluster.assemble(
            Self.service("next", when: "x-next") + [Cluster.ingress("b", service: "next", annotations: ["through": "true"])])
        #expect(assembly.routes.isEmpty)
        #expect(assembly.messages.count == 1 && assembly.messages[0].contains("cannot be evaluated where ssl-passthrough"))
    }

    @Test func `Any mixture of routes leads where sorting all of them would`() throws {
        var random = SeededGenerator()
        let headers = ["x-a", "x-b", "x-c"]
        let hosts: [String?] = ["shop.example.com", "*.example.com", nil]
        let paths = ["/", "/a", "/a/", "/a/b", "/a/b/c", "/b"]
        let services = Self.service("s0") + Self.service("s1") + headers.flatMap { Self.service("when-\($0)", when: $0) }
        let names = ["s0", "s1"] + headers.map { "when-\($0)" }
        for _ in 0..<150 {
            let ingresses = (0..<Int.random(in: 1...8, using: &random)).map { number in
                Cluster.ingress(
                    "i\(number)", host: hosts.randomElement(using: &random) ?? nil,
                    path: paths.randomElement(using: &random) ?? "/",
                    type: random.chance(30) ? .exact : .prefix, service: names.randomElement(using: &random) ?? "s0",
                    defaultBackend: random.chance(10) ? names.randomElement(using: &random) : nil,
                    created: "202\(number)-01-01T00:00:00Z")
            }
            let assembly = try Cluster.assemble(services + ingresses)
            for _ in 0..<20 {
                let host = ["shop.example.com", "other.example.com", "example.org"].randomElement(using: &random) ?? ""
                let path = (paths + ["/a/b/x", "/c"]).randomElement(using: &random) ?? "/"
                let sent = Set(headers.filter { _ in random.chance(40) })
                let expected = Self.expected(assembly, host: host, path: path, headers: sent)
                let found = Self.target(assembly, host: host, path: path, headers: sent)
                #expect(found == expected, "TEST_SEED=\(random.seed) \(host)\(path) \(sent.sorted())")
                let way = assembly.ways(host: host, path: path, isTLS: false).first { way in
                    way.condition.map { condition in sent.contains { condition.text.contains("(\($0))") } } ?? true
                }
                #expect(Self.name(way) == expected, "TEST_SEED=\(random.seed) \(host)\(path) \(sent.sorted())")
            }
        }
    }

    /// All routes of the host that match, in their order: exact before prefix, longer before shorter, conditions first.
    private static func expected(_ assembly: AssemblyReport, host: String, path: String, headers: Set<String>) -> String {
        let hosts = Set(assembly.routes.map(\.host))
        let wildcard = "*" + host.drop { $0 != "." }
        let chosen = hosts.contains(host) ? host : hosts.contains(wildcard) ? wildcard : ""
        func matches(_ route: Route) -> Bool {
            guard route.condition.map({ condition in headers.contains { condition.text.contains("(\($0))") } }) ?? true else {
                return false
            }
            if route.host.isEmpty, route.pathType == nil { return true }
            guard route.host == chosen else { return false }
            if route.pathType == .exact { return route.path == path }
            return (path + "/").hasPrefix(route.path.hasSuffix("/") ? route.path : route.path + "/")
        }
        func rank(_ route: Route) -> [Int] {
            if route.host.isEmpty, route.pathType == nil { return [2, 0, route.condition == nil ? 1 : 0] }
            let length = route.path.utf8.count + (route.path.hasSuffix("/") ? 0 : 1)
            return [route.pathType == .exact ? 0 : 1, -length, route.condition == nil ? 1 : 0]
        }
        // Of equals the first: rules before default backends, and both as Ingresses come by age.
        func order(_ route: Route) -> (Int, String) { (route.pathType == nil ? 1 : 0, route.ingress?.name ?? "") }
        let best = assembly.routes.enumerated().filter { matches($1) }.min { a, b in
            let (x, y) = (rank(a.element), rank(b.element))
            return x == y ? order(a.element) < order(b.element) : x.lexicographicallyPrecedes(y)
        }
        return name(best?.element)
    }

    private static func name(_ route: Route?) -> String {
        guard case .backend(let name)? = route?.destination else { return SectionNames.notFound }
        return name
    }
}
