import Testing

@testable import Core

@Suite struct GlobalProtectionTests {
    private static let deny = "http-request deny deny_status 503"

    /// The frontends that are closed, and what was found.
    private func closed(
        _ handler: any AnnotationHandler.Type, _ data: [String: String], refusals: Refusals = Refusals()
    ) throws -> (frontends: [String], findings: [Finding]) {
        let engine = Engine(registry: try AnnotationRegistry([handler]), options: EngineOptions())
        let assembly = engine.assemble(ObjectStore([Cluster.configMap(data)]), refusals: refusals, now: 0)
        let frontends = assembly.state.sections.filter { section in
            section.lines.first { $0.directive.text.hasPrefix("http-request") }?.directive.text == Self.deny
        }
        return (frontends.map(\.header), assembly.findings)
    }

    private static let configMap = ObjectKey(.configMap, namespace: "default", name: Cluster.configMapName)

    @Test func `A protection of the whole HAProxy that cannot be built closes what it protects`() throws {
        #expect(try closed(Fence.self, ["fence": "high"]).frontends.isEmpty)
        #expect(try closed(Fence.self, [:]).frontends.isEmpty)
        for value in ["broken", "a b"] {
            let fence = try closed(Fence.self, ["fence": value])
            #expect(fence.frontends == ["frontend https"])
            #expect(fence.findings.map(\.severity) == [.error])
            #expect(fence.findings.allSatisfy { $0.message.contains("answers 503 to everything") })
        }
        #expect(try closed(Wall.self, ["wall": "broken"]).frontends == ["frontend http", "frontend https"])
    }

    @Test func `What HAProxy refuses is not built`() throws {
        var value = Refusals()
        value.refuse(Self.configMap, key: "fence", value: "high", reason: "too high")
        #expect(try closed(Fence.self, ["fence": "high"], refusals: value).frontends == ["frontend https"])
        var file = Refusals()
        file.refuse(ConfigurationFile(path: "fence", content: Array("high".utf8), kind: .plain), reason: "too high")
        let refused = try closed(Fence.self, ["fence": "high"], refusals: file)
        #expect(refused.frontends == ["frontend https"])
        #expect(refused.findings.first?.key == "fence")
        #expect(try closed(Fence.self, ["fence": "low"], refusals: file).frontends.isEmpty)
    }
}

/// Protects HTTPS with a file.
private struct Fence: GlobalAnnotation {
    static let key = TestHandlers.key("fence", .choice("high", "low", "broken"), [.configMap])
    static let reference = TestHandlers.reference("fence", [key.reference], protects: true)
    static let protectedFrontends: Set<GlobalContribution.Frontend> = [.https]
    let height: Resolved<String>

    init?(_ values: AnnotationValues) throws {
        guard let height = try values.resolved(Self.key) else { return nil }
        self.height = height
    }

    func contribute(to global: inout GlobalContribution) throws {
        guard height.value != "broken" else { throw height.error("cannot be built") }
        _ = global.file(ConfigurationFile(path: "fence", content: Array(height.value.utf8), kind: .plain))
    }
}

/// Protects everything.
private struct Wall: GlobalAnnotation {
    static let key = TestHandlers.key("wall", .choice("broken"), [.configMap])
    static let reference = TestHandlers.reference("wall", [key.reference], protects: true)
    let wall: Resolved<String>

    init?(_ values: AnnotationValues) throws {
        guard let wall = try values.resolved(Self.key) else { return nil }
        self.wall = wall
    }

    func contribute(to global: inout GlobalContribution) throws { throw wall.error("cannot be built") }
}
