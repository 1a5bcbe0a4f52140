import Core
import Synchronization
import TestSupport
import Testing

@testable import Controller

/// Which elements a search finds, and with how many checks, where a stand-in for HAProxy says which it refuses.
@Suite struct ProofSearchTests {
    private typealias Element = Trial.Element

    private static func ingress(_ number: Int, annotations: [String: String] = [:]) -> KubernetesObject {
        .ingress(
            Ingress(
                metadata: ObjectMeta(namespace: "ns-\(number % 10)", name: "i-\(number)", annotations: annotations),
                rules: [IngressRule(host: "h\(number).example.com")]))
    }

    private static func key(_ number: Int) -> ObjectKey {
        ObjectKey(.ingress, namespace: "ns-\(number % 10)", name: "i-\(number)")
    }

    private static func live(_ objects: [KubernetesObject]) throws -> Assembler {
        let live = Assembler(Engine(registry: try AnnotationRegistry([]), options: EngineOptions()))
        for object in objects { live.upsert(object) }
        _ = live.update(now: 0)
        return live
    }

    private static func rejection(_ words: String) -> Rejection {
        Rejection([CheckProblem(severity: .alert, message: words)], output: words, RenderedConfiguration([]), of: DesiredState())
    }

    /// Refuses sets that have one of the `bad` objects, without saying which.
    private static func search(_ live: Assembler, bad: Set<ObjectKey>) async throws -> ProofSearch {
        var search = ProofSearch(Trial(ofEverythingIn: live, now: 0), .apart) { elements, _, _ in
            elements.contains { $0.object.map(bad.contains) ?? false } ? rejection("something is wrong") : nil
        }
        try await search.searchEverything()
        return search
    }

    @Test(arguments: [1, 2, 17, 1000])
    func `One bad object is found among many with a number of checks that grows with the logarithm`(
        count: Int
    ) async throws {
        let live = try Self.live((0..<count).map { Self.ingress($0) })
        let bad = Self.key(count * 2 / 3)
        let search = try await Self.search(live, bad: [bad])
        #expect(Array(search.refused.keys) == [.object(bad)])
        #expect(search.checks <= 8 + 2 * Int.bitWidth - 2 * count.leadingZeroBitCount, "\(search.checks) checks")
    }

    @Test func `Random bad objects are all found, and no others`() async throws {
        var random = SeededGenerator()
        for _ in 0..<20 {
            let count = Int.random(in: 1...60, using: &random)
            let live = try Self.live((0..<count).map { Self.ingress($0) })
            let bad = Set((0..<count).filter { _ in Int.random(in: 0..<5, using: &random) == 0 }.map(Self.key))
            let search = try await Self.search(live, bad: bad)
            #expect(Set(search.refused.keys) == Set(bad.map(Element.object)), "TEST_SEED=\(random.seed)")
        }
    }

    @Test func `Objects that pass by themselves and not together lose one of them`() async throws {
        let live = try Self.live((0..<50).map { Self.ingress($0) })
        let pair: Set<ObjectKey> = [Self.key(3), Self.key(44)]
        var search = ProofSearch(Trial(ofEverythingIn: live, now: 0), .apart) { elements, _, _ in
            pair.isSubset(of: elements.compactMap(\.object)) ? Self.rejection("they do not go together") : nil
        }
        try await search.searchEverything()
        #expect(search.refused.count == 1 && search.refused.keys.allSatisfy { $0.object.map(pair.contains) ?? false })
    }

    @Test func `A configuration that HAProxy refuses without any object says so`() async throws {
        let live = try Self.live([Self.ingress(1)])
        var search = ProofSearch(Trial(ofEverythingIn: live, now: 0), .apart) { _, _, _ in Self.rejection("no memory") }
        let error = await #expect(throws: ProofSearch.Unprovable.self) { try await search.searchEverything() }
        #expect(error?.reason == "no memory")
    }
}
