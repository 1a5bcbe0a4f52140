import Annotations
import Core
import Foundation
import TestSupport
import Testing

/// Objects with hostile names, hosts, paths, addresses, ports, labels, times and annotations. `TEST_SEED` repeats a run.
@Suite struct HostileObjectsTests {
    private let seed = SeededGenerator().seed

    private static func victim() throws -> (text: String, file: String) {
        let certificate = try TestCertificates().leaf(HostileObjects.victimHost, key: .rsa2048)
        return (HostileObjects.victim(network: "10.1.1.", certificate: certificate), "victim.yaml")
    }

    /// A certificate of another kind than the victim's, for all that its owner asks for.
    private static func certificate() throws -> (text: String, file: String) {
        let issued = try TestCertificates().leaf("*.example.com", HostileObjects.victimHost)
        return (HostileObjects.secret(namespace: HostileObjects.namespace, issued), "certificate.yaml")
    }

    @Test func `Fields of objects never become more than they are, and nobody else's entries change`() async throws {
        var hostile = HostileObjects(seed: seed, network: "10.1.1.")
        let (victim, certificate, heads) = (try Self.victim(), try Self.certificate(), try HostileState.knownHeads())
        let alone = try HostileState([victim])
        #expect(alone.assembly.findings.isEmpty, "\(alone.assembly.findings)")
        var inForce = 0
        for round in 1...24 {
            let manifest = try hostile.manifest(30)
            // The later of two objects with one name is the one that is there.
            let state = try HostileState([(manifest, "hostile.json"), certificate, victim])
            let problems = state.problems(beside: alone, heads: heads)
            #expect(problems.isEmpty, "TEST_SEED=\(seed), round \(round): \(problems.prefix(10).joined(separator: "\n"))")
            inForce += state.assembly.routes.count { $0.ingress?.namespace == HostileObjects.namespace }
            guard round % 3 == 0 else { continue }
            let refusal = try await Gate.processes.pass { try await state.refusal() }
            #expect(refusal == nil, "TEST_SEED=\(seed), round \(round): \(refusal?.output ?? "") \(refusal?.origins ?? [])")
        }
        // Else nothing was tried.
        #expect(inForce > 500, "\(inForce)")
    }

    /// The keys of tenants, without snippets, whose lines are directives by definition.
    private static let keys = AnnotationHandlers.all.flatMap { $0.reference.keys }.filter { key in
        key.typeName != ValueType<ConfigSnippet>.snippet.name && key.scopes.contains { $0 > .configMap }
    }

    @Test func `Annotations never become more than they are, and nobody else's entries change`() async throws {
        let keys = Self.keys.map { HostileObjects.Key(name: $0.name, example: $0.example) }
        var hostile = HostileObjects(seed: seed, network: "10.1.1.", keys: keys)
        let (victim, certificate, heads) = (try Self.victim(), try Self.certificate(), try HostileState.knownHeads())
        let alone = try HostileState([victim])
        var inForce = 0
        for round in 1...16 {
            let manifest = try hostile.manifest(40)
            let state = try HostileState([(manifest, "hostile.json"), certificate, victim])
            let problems = state.problems(beside: alone, heads: heads)
            #expect(problems.isEmpty, "TEST_SEED=\(seed), round \(round): \(problems.prefix(10).joined(separator: "\n"))")
            inForce += state.assembly.valuesInForce.values.reduce(0) { $0 + $1.count }
            guard round % 2 == 0 else { continue }
            guard let refusal = try await Gate.processes.pass({ try await state.refusal() }) else { continue }
            // Only HAProxy can judge some values; it names their lines.
            let isTheirs =
                !refusal.origins.isEmpty
                && refusal.origins.allSatisfy { origin in
                    origin.object?.namespace == HostileObjects.namespace
                        && Self.keys.contains { $0.isCheckedByHAProxy && origin.key?.hasSuffix($0.name) == true }
                }
            #expect(isTheirs, "TEST_SEED=\(seed), round \(round): \(refusal.output) \(refusal.origins)")
        }
        #expect(inForce > 500, "\(inForce)")
    }

    @Test func `Values of every length around the limits of readers are taken whole or refused`() async throws {
        let (victim, heads) = (try Self.victim(), try HostileState.knownHeads())
        let alone = try HostileState([victim])
        let service = """
            apiVersion: v1
            kind: Service
            metadata: {name: web, namespace: evil}
            spec: {ports: [{name: http, port: 80}]}
            ---

            """
        for (index, length) in HostileObjects.lengths.enumerated() where index % 2 == Int(seed % 2) || length > 7000 {
            var manifest = service
            for (number, key) in Self.keys.enumerated() where key.name != "ingress.class" {
                for (form, text) in Self.forms(of: key.example, length).enumerated() {
                    manifest += """
                        apiVersion: networking.k8s.io/v1
                        kind: Ingress
                        metadata:
                          name: e\(number)-\(form)
                          namespace: evil
                          annotations: {haproxy.org/\(key.name): \(String(decoding: try JSONEncoder().encode(text), as: UTF8.self))}
                        spec: {rules: [{host: e\(number)-\(form).example.org, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}]}}]}
                        ---

                        """
                }
            }
            let state = try HostileState([(manifest, "hostile.yaml"), victim])
            let problems = state.problems(beside: alone, heads: heads)
            #expect(problems.isEmpty, "length \(length): \(problems.prefix(10).joined(separator: "\n"))")
            let refusal = try await Gate.processes.pass { try await state.refusal() }
            #expect(refusal == nil, "length \(length): \(refusal?.output.prefix(2000) ?? "") \(refusal?.origins ?? [])")
        }
    }

    /// A value of about a length: the last word made longer, and many words.
    private static func forms(of example: String, _ length: Int) -> [String] {
        let missing = max(1, length - example.utf8.count)
        let words = String(repeating: " a", count: missing / 2)
        return [example + String(repeating: "a", count: missing), example + words]
    }
}
