import Testing

@testable import Core

@Suite struct RoutingTests {
    private let base = [
        Cluster.service(), Cluster.slice(Cluster.pods("10.0.0.1")), Cluster.service("api"),
        Cluster.slice(Cluster.pods("10.0.0.2"), name: "api-1", of: "api"),
    ]

    @Test func `Exact paths, prefixes, wildcards and any host have their keys in the maps`() throws {
        let assembly = try Cluster.assemble(
            base + [
                Cluster.ingress("a", path: "/exact", type: .exact), Cluster.ingress("b", path: "/pre"),
                Cluster.ingress("c", path: "/slash/"), Cluster.ingress("d", host: "*.example.com"),
                Cluster.ingress("e", host: nil, path: "/any"), Cluster.ingress("f", path: "/impl", type: .implementationSpecific),
            ])
        #expect(assembly.map("path-exact") == ["shop.example.com/exact": "shop_svc_web_http"])
        #expect(
            Set(assembly.map("path-prefix").keys) == [
                "shop.example.com/pre/", "shop.example.com/slash/", ".example.com/", "/any/", "shop.example.com/impl/",
            ])
        #expect(assembly.map("host") == ["shop.example.com": "shop.example.com", ".example.com": ".example.com"])
        #expect(assembly.findings.isEmpty)
    }

    @Test func `A host whose one path is all of it needs no look-up of paths`() throws {
        func shortcuts(_ ingresses: KubernetesObject...) throws -> [String: String] {
            try Cluster.assemble(base + ingresses).map("host-route")
        }
        let all = Cluster.ingress("a")
        #expect(try shortcuts(all) == ["shop.example.com": "shop_svc_web_http"])
        #expect(try shortcuts(all, Cluster.ingress("b", service: "api")) == ["shop.example.com": "shop_svc_web_http"])
        #expect(try shortcuts(all, Cluster.ingress("b", host: "b.example.com", path: "/b")).keys.sorted() == ["shop.example.com"])
        for other in [
            Cluster.ingress("b", path: "/b"), Cluster.ingress("b", path: "/b", type: .exact),
            Cluster.ingress("b", type: .exact, service: "api"),
        ] {
            #expect(try shortcuts(all, other).isEmpty)
        }
        for ingress in [
            Cluster.ingress("a", path: "/a"), Cluster.ingress("a", type: .exact), Cluster.ingress("a", host: "*.example.com"),
            Cluster.ingress("a", host: nil),
        ] {
            #expect(try shortcuts(ingress).isEmpty)
        }
    }

    @Test func `The oldest Ingress has a place, the others are told`() throws {
        let objects = [
            Cluster.ingress("a-young", service: "api", created: "2026-02-01T00:00:00Z"),
            Cluster.ingress("b-old", created: "2026-01-01T00:00:00Z"), Cluster.ingress("a-new", service: "api"),
        ]
        for objects in [objects, objects.reversed()] {
            let assembly = try Cluster.assemble(base + objects)
            #expect(assembly.map("path-prefix") == ["shop.example.com/": "shop_svc_web_http"])
            #expect(assembly.findings.map { $0.object?.name } == ["a-new", "a-young"])
            #expect(assembly.findings.allSatisfy { $0.severity == .warning && $0.message.contains("b-old") })
        }
    }

    @Test func `Of Ingresses of one age the first by namespace and name has the place`() throws {
        let assembly = try Cluster.assemble(base + [Cluster.ingress("b", service: "api"), Cluster.ingress("a")])
        #expect(assembly.map("path-prefix")["shop.example.com/"] == "shop_svc_web_http")
        #expect(assembly.findings.map { $0.object?.name } == ["b"])
    }

    @Test func `Two rules of one Ingress for one place: the first is in force`() throws {
        let paths = ["web", "api"].map { IngressPath(backend: IngressBackend(serviceName: $0, port: .number(80))) }
        let ingress = Ingress(
            metadata: ObjectMeta(namespace: "shop", name: "web"), rules: [IngressRule(host: "shop.example.com", paths: paths)])
        let assembly = try Cluster.assemble(base + [.ingress(ingress)])
        #expect(assembly.map("path-prefix") == ["shop.example.com/": "shop_svc_web_http"])
        #expect(assembly.messages == ["Ingress shop/web: has two rules for host shop.example.com, path /; the first is in force"])
    }

    @Test func `The same path as Exact and as Prefix is no conflict`() throws {
        let assembly = try Cluster.assemble(
            base + [Cluster.ingress("a", path: "/x"), Cluster.ingress("b", path: "/x", type: .exact, service: "api")])
        #expect(assembly.findings.isEmpty)
        #expect(assembly.map("path-exact") == ["shop.example.com/x": "shop_svc_api_http"])
        #expect(assembly.route(host: "shop.example.com", path: "/x", isTLS: false)?.service.name == "api")
        #expect(assembly.route(host: "shop.example.com", path: "/x/y", isTLS: false)?.service.name == "web")
        #expect(assembly.route(host: "shop.example.com", path: "/xy", isTLS: false) == nil)
    }

    @Test func `Rules come before default backends, however old those are`() throws {
        let assembly = try Cluster.assemble(
            base + [
                Cluster.ingress("old", path: "/old", defaultBackend: "api", created: "2020-01-01T00:00:00Z"),
                Cluster.ingress("young", path: "/", created: "2026-01-01T00:00:00Z"),
            ])
        #expect(assembly.map("path-prefix")["shop.example.com/"] == "shop_svc_web_http")
        #expect(assembly.map("path-exact")["default"] == "shop_svc_api_http")
        #expect(assembly.route(host: "nobody.example.com", path: "/", isTLS: false)?.service.name == "api")
    }

    @Test func `A default backend takes its hosts' other paths, and the operator's takes the rest`() throws {
        let assembly = try Cluster.assemble(
            base + [
                Cluster.ingress("web", path: "/web", defaultBackend: "api"), Cluster.service("fallback", namespace: "infra"),
            ]
        ) { $0.defaultBackendService = .init(namespace: "infra", name: "fallback") }
        #expect(assembly.map("path-prefix")["shop.example.com/"] == "shop_svc_api_http")
        #expect(assembly.map("path-exact")["default"] == "shop_svc_api_http", "an Ingress' own comes before the operator's")
        let alone = try Cluster.assemble([Cluster.service("fallback", namespace: "infra")]) {
            $0.defaultBackendService = .init(namespace: "infra", name: "fallback")
        }
        #expect(alone.map("path-exact") == ["default": "infra_svc_fallback_http"])
    }

    @Test func `A route whose Service is missing answers 503, and says why`() throws {
        let assembly = try Cluster.assemble([Cluster.ingress("web", service: "nobody")])
        #expect(assembly.map("path-prefix") == ["shop.example.com/": "ingress-unavailable"])
        #expect(assembly.messages == ["Ingress shop/web: spec: Service shop/nobody does not exist"])
    }

    @Test func `Routes with equal settings share an id, others have their own`() throws {
        let assembly = try Cluster.assemble(
            base + [
                Cluster.ingress("a", path: "/a", annotations: ["greeting": "x"]),
                Cluster.ingress("b", path: "/b", service: "api", annotations: ["greeting": "x"]),
                Cluster.ingress("c", path: "/c", annotations: ["greeting": "y"]), Cluster.ingress("d", path: "/d"),
            ])
        let ids = assembly.map("path-prefix").mapValues { $0.split(separator: ".").dropFirst().joined() }
        #expect(ids["shop.example.com/a/"] == ids["shop.example.com/b/"])
        #expect(ids["shop.example.com/a/"] != ids["shop.example.com/c/"])
        #expect(ids["shop.example.com/d/"] == "")
        #expect(Set(assembly.map("greeting").values) == ["x", "y"])
        #expect(assembly.map("greeting").count == 2)
    }

    @Test func `A backend's name has a hash only where two Ingresses differ`() throws {
        let plain = "shop_svc_web_http"
        let same = try Cluster.assemble(
            base + [
                Cluster.ingress("a", path: "/a", annotations: ["pace": "5s"]),
                Cluster.ingress("b", path: "/b", annotations: ["pace": "5000"]),
            ])
        #expect(same.backends == [plain])
        let different = try Cluster.assemble(
            base + [
                Cluster.ingress("a", path: "/a", annotations: ["pace": "5s"]),
                Cluster.ingress("b", path: "/b", annotations: ["pace": "6s"]), Cluster.ingress("c", path: "/c"),
            ])
        #expect(different.backends.count == 3)
        #expect(different.backends.first == plain && different.lines(plain) == ["timeout server 5s"])
        #expect(different.backends.dropFirst().allSatisfy { $0.wholeMatch(of: /shop_svc_web_http_[0-9a-f]{16}/) != nil })
        #expect(different.map("path-prefix")["shop.example.com/a/"] == plain)
        let hashed = try #require(different.map("path-prefix")["shop.example.com/b/"])
        #expect(different.lines(hashed) == ["timeout server 6s"])
        #expect(different.servers(hashed) == different.servers(plain))
    }

    @Test func `A Service's annotation makes all its Ingresses share a backend`() throws {
        let assembly = try Cluster.assemble([
            Cluster.service(annotations: ["pace": "9s"]), Cluster.slice(Cluster.pods("10.0.0.1")),
            Cluster.ingress("a", path: "/a", annotations: ["pace": "5s"]), Cluster.ingress("b", path: "/b"),
        ])
        #expect(assembly.backends == ["shop_svc_web_http"])
        #expect(assembly.lines("shop_svc_web_http") == ["timeout server 9s"])
    }

    @Test func `TLS passthrough goes by SNI, needs a host, and closes with protections that need HTTP`() throws {
        func through(_ annotations: [String: String] = [:], host: String? = "shop.example.com") throws -> AssemblyReport {
            let all = annotations.merging(["through": "true"]) { first, _ in first }
            return try Cluster.assemble(base + [Cluster.ingress("web", host: host, annotations: all)])
        }
        let open = try through()
        #expect(open.map("sni") == ["shop.example.com": "shop_svc_web_http"])
        #expect(open.map("path-prefix") == ["shop.example.com/": "ingress-unavailable"])
        #expect(open.lines("shop_svc_web_http") == ["mode tcp"])
        #expect(open.route(host: "shop.example.com", path: "/", isTLS: true)?.isPassthrough == true)
        let hostless = try through(host: nil)
        #expect(hostless.map("sni").isEmpty && hostless.messages.contains { $0.contains("only for rules with a host") })
        let guarded = try through(["guard": "strict"])
        #expect(guarded.map("sni")["shop.example.com"]?.hasPrefix("ingress-unavailable-tcp.") == true)
        let listed = try through(["visitors": "10.0.0.0/8"])
        #expect(listed.map("sni")["shop.example.com"]?.hasPrefix("shop_svc_web_http.") == true)
    }

    @Test func `Findings are sorted, and each is told once`() throws {
        let assembly = try Cluster.assemble(
            base + [
                Cluster.configMap(["pace": "soon", "greting": "x"]), Cluster.ingress("b", path: "/b"),
                Cluster.ingress("a", path: "/a", service: "nobody", annotations: ["pace": "x", "welcom": "y"]),
                Cluster.ingress("c", path: "/c", service: "api"),
            ])
        #expect(Set(assembly.findings).count == assembly.findings.count)
        #expect(assembly.findings.filter { $0.object?.kind == .configMap && $0.key == "pace" }.count == 1)
        let order = assembly.findings.map { "\($0.object?.description ?? "")\u{1}\($0.key ?? "")\u{1}\($0.message)" }
        #expect(order == order.sorted() && order.count == 5)
    }
}
