import Testing

@testable import Core

@Suite struct ScopeResolutionTests {
    private func assemble(
        configMap: [String: String] = [:], ingress: [String: String] = [:], service: [String: String] = [:],
        more: [KubernetesObject] = [], options: (inout EngineOptions) -> Void = { _ in }
    ) throws -> AssemblyReport {
        try Cluster.assemble(
            [
                Cluster.configMap(configMap), Cluster.ingress("web", annotations: ingress), Cluster.service(annotations: service),
                Cluster.slice(Cluster.pods("10.0.0.1")),
            ] + more, options: options)
    }

    private func greeting(_ assembly: AssemblyReport) -> String? { assembly.map("greeting").values.first }

    @Test func `The nearest scope wins: ConfigMap, then Ingress, then Service`() throws {
        #expect(greeting(try assemble()) == nil)
        #expect(greeting(try assemble(configMap: ["greeting": "a"])) == "a")
        #expect(greeting(try assemble(configMap: ["greeting": "a"], ingress: ["greeting": "b"])) == "b")
        #expect(greeting(try assemble(configMap: ["greeting": "a"], service: ["greeting": "c"])) == "c")
        let all = try assemble(configMap: ["greeting": "a"], ingress: ["greeting": "b"], service: ["greeting": "c"])
        #expect(greeting(all) == "c")
        #expect(all.findings.isEmpty)
        let inForce = all.valuesInForce.values.flatMap { $0 }
        #expect(inForce.map(\.value) == ["c"] && inForce.map(\.scope) == [.service])
    }

    @Test(arguments: ["haproxy.org/greeting", "haproxy.com/greeting", "ingress.kubernetes.io/greeting", "haproxy.com/welcome"])
    func `Every prefix and every older name is read`(_ key: String) throws {
        let assembly = try assemble(ingress: [key: "hello"])
        #expect(greeting(assembly) == "hello")
        #expect(assembly.findings.isEmpty)
    }

    @Test func `Of one key with two prefixes our first prefix is in force, and the other is reported`() throws {
        let assembly = try assemble(ingress: [
            "ingress.kubernetes.io/greeting": "three", "haproxy.com/greeting": "two", "haproxy.org/greeting": "one",
        ])
        #expect(greeting(assembly) == "one")
        #expect(assembly.findings.map(\.key) == ["haproxy.com/greeting", "ingress.kubernetes.io/greeting"])
        #expect(assembly.findings.allSatisfy { $0.message.contains("haproxy.org/greeting") })
    }

    @Test func `Of an older and the present name on one object the present one is in force`() throws {
        let assembly = try assemble(ingress: ["welcome": "old", "greeting": "new"])
        #expect(greeting(assembly) == "new")
        #expect(assembly.findings.map(\.key) == ["haproxy.org/welcome"])
        let nearer = try assemble(ingress: ["greeting": "ingress"], service: ["welcome": "service"])
        #expect(greeting(nearer) == "service")
        #expect(nearer.findings.isEmpty)
    }

    @Test func `A value that does not parse is reported, and the next scope's is in force`() throws {
        let assembly = try assemble(configMap: ["pace": "5s"], ingress: ["pace": "7s"], service: ["pace": "soon"])
        #expect(assembly.lines("shop_svc_web_http") == ["timeout server 7s"])
        let finding = try #require(assembly.findings.first)
        #expect(assembly.findings.count == 1)
        #expect(finding.severity == .error && finding.object?.kind == .service && finding.value == "soon")
        #expect(finding.expected?.contains("duration") == true && finding.example == "30s")
        let all = try assemble(configMap: ["pace": "x"], ingress: ["pace": "y"], service: ["pace": "z"])
        #expect(all.lines("shop_svc_web_http").isEmpty)
        #expect(Set(all.findings.compactMap(\.value)) == ["x", "y", "z"])
    }

    @Test func `Unknown keys under our prefixes are reported with the nearest known one, others are not`() throws {
        let assembly = try assemble(
            configMap: ["greting": "x"], ingress: ["welcom": "x", "example.org/greting": "x"], service: ["haproxy.com/pase": "1s"]
        )
        #expect(assembly.findings.count == 3 && assembly.findings.allSatisfy { $0.severity == .warning })
        let text = assembly.messages.joined(separator: "\n")
        #expect(text.contains("did you mean greeting?"))
        #expect(text.contains("did you mean haproxy.org/welcome?"))
        #expect(text.contains("did you mean haproxy.com/pace?"))
    }

    @Test func `A key at a scope where nobody reads it is reported`() throws {
        let assembly = try assemble(configMap: ["class": "x"], ingress: ["limit": "5"])
        #expect(assembly.findings.count == 2)
        #expect(assembly.findings.allSatisfy { $0.message.contains("is not read on a") && $0.expected != nil })
        #expect(!assembly.lines("").contains { $0.hasPrefix("maxconn") })
    }

    @Test func `A protection that cannot be read closes the route, whatever the other scopes say`() throws {
        for (configMap, ingress, service) in [
            (["guard": "strict"], ["guard": "strikt"], [:]), ([:], ["guard": "strict", "guard-secret": "nobody"], [:]),
            ([:], ["guard": "strict", "guard-secret": "../x"], [:]), (["guard": "?"], [:], [:]), ([:], [:], ["guard": ""]),
        ] as [([String: String], [String: String], [String: String])] {
            let assembly = try assemble(configMap: configMap, ingress: ingress, service: service)
            let route = try #require(assembly.routes.first)
            guard case .unavailable(let reason) = route.destination else {
                Issue.record("\(configMap) \(ingress) \(service) left the route open")
                continue
            }
            #expect(!reason.isEmpty)
            #expect(assembly.map("path-prefix")["shop.example.com/"]?.hasPrefix("ingress-unavailable") == true)
            #expect(assembly.findings.contains { $0.severity == .error })
        }
        #expect(try assemble(ingress: ["guard": "strict"]).backends == ["shop_svc_web_http"])
    }

    @Test func `A bad value behind a good one closes nothing`() throws {
        let assembly = try assemble(configMap: ["guard": "?"], ingress: ["guard": "strict"])
        #expect(assembly.routes.first?.destination == .backend("shop_svc_web_http"))
    }

    @Test func `A value that HAProxy refused counts as one that does not parse`() throws {
        let object = ObjectKey(.ingress, namespace: "shop", name: "web")
        var refusals = Refusals()
        refusals.refuse(object, key: "haproxy.org/pace", value: "7s", reason: "too fast")
        func lines(_ pace: String) throws -> (lines: [String], messages: [String]) {
            let assembly = try Cluster.assemble(
                [
                    Cluster.configMap(["pace": "5s"]), Cluster.ingress("web", annotations: ["pace": pace]), Cluster.service(),
                    Cluster.slice(Cluster.pods("10.0.0.1")),
                ], refusals: refusals)
            return (assembly.lines("shop_svc_web_http"), assembly.messages)
        }
        let refused = try lines("7s")
        #expect(refused.lines == ["timeout server 5s"])
        #expect(refused.messages.count == 1 && refused.messages[0].contains("is refused by HAProxy: too fast"))
        #expect(try lines("8s").lines == ["timeout server 8s"], "another value is another try")
    }

    @Test func `A Secret of another namespace is read only where the operator shared it`() throws {
        let annotations = ["guard": "strict", "guard-secret": "vault/users"]
        let secret = Cluster.secret("users", namespace: "vault")
        let closed = try assemble(ingress: annotations, more: [secret])
        #expect(closed.backends.isEmpty)
        #expect(closed.messages.contains { $0.contains("--shared-secret-namespaces") })
        let shared = try assemble(ingress: annotations, more: [secret]) { $0.sharedSecretNamespaces = ["vault"] }
        #expect(shared.backends == ["shop_svc_web_http"] && shared.findings.isEmpty)
        let operators = try assemble(configMap: annotations, more: [secret])
        #expect(operators.backends == ["shop_svc_web_http"], "the ConfigMap is the operator's own")
        let own = try assemble(ingress: ["guard": "strict", "guard-secret": "users"], more: [Cluster.secret("users")])
        #expect(own.backends == ["shop_svc_web_http"])
    }

    @Test func `The global section takes its settings from the ConfigMap`() throws {
        func global(_ data: [String: String]) throws -> [String] {
            try assemble(configMap: data).state.sections.first { $0.header == "global" }?.lines.map(\.directive.text) ?? []
        }
        #expect(try global(["limit": "500"]).contains("maxconn 500"))
        #expect(try !global(["limit": "5000"]).contains { $0.hasPrefix("maxconn") })
    }
}
