import TestSupport
import Testing

@testable import Core

@Suite("Names made of objects' names")
struct NameTests {
    @Test("differ where the objects differ, whatever legal names these have")
    func backends() throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        // What would run into each other if the parts of names were not told apart.
        let labels = [
            "a", "svc", "a-svc", "svc-a", "a-svc-a", "0", "80", "a-80", "80-a", "a--a", "http", String(repeating: "a", count: 63),
        ]
        let ports = [nil, "http", "80", "svc", "a-80", "0a"]
        func label() -> String { labels.randomElement(using: &random) ?? "a" }
        var services: [ObjectKey: ServicePort] = [:]
        for _ in 0..<300 {
            services[ObjectKey(.service, namespace: label(), name: label())] =
                ServicePort(name: ports.randomElement(using: &random) ?? nil, port: Int.random(in: 1...2, using: &random) * 40)
        }
        var objects: [KubernetesObject] = []
        var expected: [String: String] = [:]
        for (index, (key, port)) in services.enumerated() {
            let host = "h\(index).example.com"
            objects += [
                Cluster.service(key.name, namespace: key.namespace, ports: [port]),
                Cluster.ingress("i\(index)", namespace: key.namespace, host: host, service: key.name, port: .number(port.port)),
            ]
            expected[host] = "\(key.namespace)_svc_\(key.name)_\(port.name ?? String(port.port))"
        }
        let assembly = try Cluster.assemble(objects)
        #expect(Set(expected.values).count == services.count, "seed \(seed)")
        #expect(assembly.map("host-route") == expected, "seed \(seed)")
        #expect(Set(assembly.backends) == Set(expected.values) && assembly.backends.count == services.count, "seed \(seed)")
    }

    @Test("of a port by number and of a port whose name is that number are not one")
    func numbers() throws {
        let service = Cluster.service(ports: [ServicePort(name: "80", port: 443)], externalName: "pay.example.com")
        let assembly = try Cluster.assemble([
            service, Cluster.ingress("a", path: "/a", port: .number(80)), Cluster.ingress("b", path: "/b", port: .name("80")),
        ])
        #expect(assembly.backends == ["shop_svc_web_80"])
        #expect(assembly.messages.contains { $0.contains("has no port 80") })
    }

    @Test("of pattern files with control characters are told, and the other lines serve")
    func patterns() throws {
        let assembly = try Cluster.assemble([
            Cluster.configMap(["a": "10.0.0.1\n10.0.0.2\u{0}x\n# c\r\n\t10.0.0.3\u{7f}\n10.0.0.4"], name: "patterns")
        ]) { $0.patternFilesConfigMap = EngineOptions.ObjectName(namespace: "default", name: "patterns") }
        let content = assembly.state.files["patterns/a"]?.content
        #expect(content.map { String(decoding: $0, as: UTF8.self) } == "10.0.0.1\n# c\r\n10.0.0.4")
        #expect(assembly.findings.map(\.message) == [2, 4].map { "has a control character in line \($0), which is left out" })
    }
}
