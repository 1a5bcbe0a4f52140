import Testing

@testable import Core

/// Claims a key that ``Greeting`` has.
private struct OtherGreeting: RouteAnnotation {
    static let reference = TestHandlers.reference("other", [TestHandlers.key("salutation", .line, older: ["hello"]).reference])
    init?(_ values: AnnotationValues) throws { return nil }
    func contribute(to route: inout RouteContribution) throws {}
}

@Suite struct AnnotationRegistryTests {
    private func registry() throws -> AnnotationRegistry { try AnnotationRegistry(TestHandlers.all) }

    @Test func `Two handlers that claim one key do not start, and both are named`() {
        let error = #expect(throws: RegistryError.self) { try AnnotationRegistry([Greeting.self, OtherGreeting.self]) }
        #expect(error?.key == "hello")
        #expect(error?.handlers.contains { $0.contains("OtherGreeting") } == true)
        #expect(error?.description.contains("hello") == true && error?.description.contains("Greeting") == true)
        #expect(throws: RegistryError.self) { try AnnotationRegistry([Greeting.self, Greeting.self]) }
    }

    @Test func `The order of registration changes nothing`() throws {
        let one = try AnnotationRegistry(TestHandlers.all)
        let other = try AnnotationRegistry(TestHandlers.all.reversed())
        #expect(one.references.map(\.name) == other.references.map(\.name))
        #expect(one.routeHandlers.map { "\($0)" } == other.routeHandlers.map { "\($0)" })
        #expect(one.routeHandlers.first is any RoutingAnnotation.Type, "what decides how a route is made comes first")
    }

    @Test(arguments: ["haproxy.org/", "haproxy.com/", "ingress.kubernetes.io/"])
    func `Three prefixes mean the same`(_ prefix: String) throws {
        let registry = try registry()
        #expect(registry.name(ofAnnotation: "\(prefix)greeting") == "greeting")
        #expect(registry.name(ofAnnotation: "\(prefix)welcome") == "welcome")
        #expect(registry.name(ofAnnotation: "\(prefix)greetings") == nil)
        #expect(AnnotationRegistry.isOurs("\(prefix)anything"))
    }

    @Test func `Names with other prefixes are read only where a key says so`() throws {
        let registry = try registry()
        #expect(registry.name(ofAnnotation: "kubernetes.io/ingress.class") == "class")
        #expect(registry.name(ofAnnotation: "nginx.ingress.kubernetes.io/greeting") == nil)
        #expect(registry.name(ofAnnotation: "greeting") == "greeting")
        #expect(!AnnotationRegistry.isOurs("nginx.ingress.kubernetes.io/greeting"))
    }

    @Test(
        arguments: [
            ("greting", "greeting"), ("greetings", "greeting"), ("welcom", "welcome"), ("guard-secrets", "guard-secret"),
            ("visitor", "visitors"), ("completely-different", nil), ("", nil), ("x", nil),
        ] as [(String, String?)])
    func `A misspelt key leads to the nearest known one`(_ written: String, _ nearest: String?) throws {
        #expect(try registry().nearestKey(to: written) == nearest)
    }

    @Test(arguments: [("", "", 0), ("a", "", 1), ("kitten", "sitting", 3), ("abc", "abc", 0), ("abc", "acb", 2), ("", "abc", 3)])
    func `The edit distance counts insertions, deletions and substitutions`(_ a: String, _ b: String, _ distance: Int) {
        #expect(a.editDistance(to: b) == distance)
        #expect(b.editDistance(to: a) == distance)
    }
}
