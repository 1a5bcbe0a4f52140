import TestSupport
import Testing

@testable import Core

/// Lists and watches are read without the parts of objects that nothing reads; that must not change what is made of them.
@Suite("Objects read without what nothing reads are the same objects")
struct StoredObjectTests {
    private static let lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

    /// Objects with parts to read over; `@` stands where a value may be damaged.
    private static let samples: [(kind: ObjectKind, apiVersion: String, text: String)] = [
        (
            .ingress, "networking.k8s.io/v1",
            #"""
            {"metadata":{"name":@"web","namespace":@"shop","generateName":"w","ownerReferences":[{"name":"}"}],\#
            "annotations":@{"haproxy.org/cors-enable":@"true","kubectl.kubernetes.io/last-applied-configuration":"{\"a\":\"\\\\\"}"},\#
            "managedFields":[{"f":{"k:{\"port\":80}":{}}}],"creationTimestamp":@"2026-03-01T10:00:00Z"},\#
            "spec":@{"rules":@[{"host":@"a.example.com","http":@{"paths":@[{"path":@"/","pathType":@"Prefix",\#
            "backend":@{"service":{"name":@"web","port":@{"number":@80}}}}]}}],"tls":@[{"hosts":@["a.example.com"]}]},\#
            "status":{"loadBalancer":{"ingress":[{"ip":"10.0.0.1"}]},"conditions":["]"]}}
            """#
        ),
        (
            .service, "v1",
            #"""
            {"metadata":{"name":@"web","namespace":@"shop","finalizers":["x\"y"],"uid":@"1-2"},"spec":@{"selector":{"app":"we]b"},\#
            "ports":@[{"name":@"http","port":@80,"targetPort":@8080}],"type":@"ClusterIP","clusterIP":@"None"},"status":{"c":[{}]}}
            """#
        ),
        (
            .endpointSlice, "discovery.k8s.io/v1",
            #"""
            {"metadata":{"name":@"web-1","namespace":@"shop","labels":@{"kubernetes.io/service-name":@"web"}},\#
            "addressType":@"IPv4","ports":@[{"name":@"http","port":@8080}],"endpoints":@[{"addresses":@["10.0.0.1"],\#
            "conditions":@{"ready":@true,"serving":@false},"targetRef":{"kind":"Pod","name":"a}\\"},"nodeName":"n","hints":{"forZones":[]}},\#
            {"zone":"z","addresses":["10.0.0.2"]}]}
            """#
        ),
        (
            .configMap, "v1",
            #"{"metadata":{"name":@"a","namespace":"b","managedFields":[]},"data":@{"selector":@"kept","status":"kept"}}"#
        ),
    ]

    @Test("Whatever is wrong with them")
    func random() throws {
        var generator = SeededGenerator()
        var usable = 0
        for round in 0..<2_000 {
            let sample = Self.samples[round % Self.samples.count]
            let items = (0..<3).map { _ in Self.damaged(sample.text, using: &generator) }
            let text = "{\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[\(items.joined(separator: ","))]}"
            let note = "TEST_SEED=\(generator.seed): \(text)"
            let decoder = ObjectDecoder()
            var read: [DecodedDocument] = []
            _ = try JSONParser.list(from: Array(text.utf8)) {
                read.append(decoder.decode($0, as: sample.kind, apiVersion: sample.apiVersion))
            }
            guard case .sequence(let nodes)? = try JSONParser.node(from: text.utf8)["items"]?.value else {
                Issue.record("no items: \(note)")
                return
            }
            try #require(read.count == nodes.count, "\(note)")
            for (node, read) in zip(nodes, read) {
                switch (decoder.decode(node, as: sample.kind, apiVersion: sample.apiVersion), read) {
                case (.object(let whole, let place, let expected), .object(let object, let location, let findings)):
                    usable += 1
                    #expect(Self.withoutLastApplied(whole) == object && place == location, "\(note)")
                    #expect(expected == findings, "\(note)")
                case (.refused(let whole, let expected), .refused(let key, let findings)):
                    #expect(whole == key && expected == findings, "\(note)")
                default: Issue.record("one way gives an object and the other does not: \(note)")
                }
            }
        }
        // Neither all right nor all wrong would prove anything.
        #expect(usable > 500 && usable < 5_500)
    }

    private static func withoutLastApplied(_ object: KubernetesObject) -> KubernetesObject {
        guard case .ingress(var ingress) = object else { return object }
        ingress.metadata.annotations[lastApplied] = nil
        return .ingress(ingress)
    }

    /// The text without its marks, and with another value put before a few of them: the value that stood there becomes a field
    /// or an element of its own.
    private static func damaged(_ text: String, using generator: inout SeededGenerator) -> String {
        let wrong = [
            "null", "7", "-1", "1.5", "true", "\"\"", "\"UPPER_case\"", "[]", "{}", "[null]", "{\"a\":[1]}", "\"\\u0041\"",
        ]
        let pieces = text.split(separator: "@", omittingEmptySubsequences: false)
        var result = String(pieces[0])
        for piece in pieces.dropFirst() {
            if Int.random(in: 0..<24, using: &generator) == 0, let value = wrong.randomElement(using: &generator) {
                result += "\(value),\"x-\(result.utf8.count)\":"
            }
            result += piece
        }
        return result
    }
}
