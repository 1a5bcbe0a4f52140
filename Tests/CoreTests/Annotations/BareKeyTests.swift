import Testing

@testable import Core

/// Annotations without a prefix.
@Suite struct BareKeyTests {
    private static func ingress(_ annotations: [String: String], namespace: String = "shop", created: String? = nil)
        -> KubernetesObject
    {
        let backend = IngressBackend(serviceName: "web", port: .number(80))
        return .ingress(
            Ingress(
                metadata: ObjectMeta(namespace: namespace, name: "web", annotations: annotations, creationTimestamp: created),
                rules: [
                    IngressRule(
                        host: "shop.example.com", paths: [IngressPath(path: "/", pathType: .prefix, backend: backend)])
                ]))
    }

    private static func service(_ annotations: [String: String]) -> KubernetesObject {
        .service(
            Service(
                metadata: ObjectMeta(namespace: "shop", name: "web", annotations: annotations),
                ports: [ServicePort(name: "http", port: 80)]))
    }

    private static func assemble(
        ingress: [String: String] = [:], service: [String: String] = [:], configMap: [String: String] = [:]
    ) throws -> AssemblyReport {
        try Cluster.assemble([
            Cluster.configMap(configMap), Self.ingress(ingress), Self.service(service), Cluster.slice(Cluster.pods("10.0.0.1")),
        ])
    }

    private func greeting(_ assembly: AssemblyReport) -> String? { assembly.map("greeting").values.first }

    @Test(arguments: ["greeting", "welcome"])
    func `A key without a prefix is read as one with a prefix is, by older names too`(_ key: String) throws {
        let assembly = try Self.assemble(ingress: [key: "hello"], configMap: ["greeting": "far"])
        #expect(greeting(assembly) == "hello")
        #expect(assembly.findings.isEmpty)
        let nearer = try Self.assemble(ingress: [key: "hello"], service: [key: "near"])
        #expect(greeting(nearer) == "near")
    }

    @Test(arguments: AnnotationRegistry.prefixes, ["greeting", "welcome"])
    func `With a prefix wins, whichever name of the key has it`(_ prefix: String, _ name: String) throws {
        let assembly = try Self.assemble(ingress: ["greeting": "bare", prefix + name: "prefixed"])
        #expect(greeting(assembly) == "prefixed")
        #expect(assembly.findings.map(\.key) == ["greeting"])
        #expect(assembly.messages.allSatisfy { $0.contains("is not read because \(prefix + name) is given too") })
    }

    @Test func `The same value once more without a prefix is nothing to tell`() throws {
        let assembly = try Self.assemble(ingress: ["greeting": "same", "haproxy.org/greeting": "same"])
        #expect(greeting(assembly) == "same")
        #expect(assembly.findings.isEmpty)
    }

    @Test func `The nearest scope wins, whether its key has a prefix or not`() throws {
        let assembly = try Self.assemble(ingress: ["haproxy.org/greeting": "far"], service: ["greeting": "near"])
        #expect(greeting(assembly) == "near")
        #expect(assembly.findings.isEmpty)
    }

    @Test func `Bare keys that no handler knows or reads there are nobody's business, however near they are to a known one`()
        throws
    {
        let others = [
            "description": "x", "greting": "x", "owner": "x", "limit": "many", "example.org/greeting": "x",
            "kubectl.kubernetes.io/last-applied-configuration": "{}", "": "x",
        ]
        let assembly = try Self.assemble(ingress: others, service: others)
        #expect(assembly.findings.isEmpty, "\(assembly.messages)")
        #expect(assembly.map("greeting").isEmpty)
    }

    @Test func `A value of a bare key that does not parse is told, and closes what a prefixed one would close`() throws {
        let bad = try Self.assemble(ingress: ["pace": "soon"])
        #expect(bad.findings.map(\.key) == ["pace"] && bad.findings.allSatisfy { $0.severity == .error })
        let guarded = try Self.assemble(ingress: ["guard": "perhaps"])
        #expect(guarded.map("path-prefix")["shop.example.com/"] == SectionNames.unavailable)
    }

    @Test func `What acts on a whole host is its owner's to decide, without a prefix too`() throws {
        let (old, young) = ("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z")
        let thief = Self.ingress(["through": "true"], namespace: "thief", created: young)
        let assembly = try Cluster.assemble([
            Self.ingress([:], created: old), Self.service([:]), Cluster.slice(Cluster.pods("10.0.0.1")), thief,
            Cluster.service("web", namespace: "thief"), Cluster.slice(Cluster.pods("10.0.0.2"), namespace: "thief"),
        ])
        #expect(assembly.map("sni").isEmpty)
        #expect(assembly.map("path-prefix")["shop.example.com/"] == "shop_svc_web_http")
        #expect(assembly.messages.contains { $0.contains("older Ingress shop/web decides") || $0.contains("claims") })
    }

    @Test func `The bytes of bare keys count like those of others`() throws {
        var limits = ResourceLimits()
        try limits.set("annotation-bytes=100")
        let assembly = try Cluster.assemble([
            Self.ingress(["greeting": String(repeating: "a", count: 200)]), Self.service([:]),
            Cluster.slice(Cluster.pods("10.0.0.1")),
        ]) { $0.environment.limits = limits }
        #expect(assembly.map("greeting").isEmpty)
        #expect(assembly.messages.contains { $0.contains("longer than they may be") })
    }
}
