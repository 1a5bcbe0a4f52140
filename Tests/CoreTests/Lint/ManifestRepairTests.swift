import Foundation
import Testing

@testable import Core

@Suite("Mending manifests in place")
struct ManifestRepairTests {
    private static let configMap = EngineOptions().configMap

    private func repaired(_ text: String, file: String = "x.yaml", ignoring: Set<String> = []) throws -> (
        text: String, changes: [ManifestRepair.Change]
    ) {
        let repair = ManifestRepair(registry: try LintFixtures.registry(), configMap: Self.configMap) { ignoring.contains($0) }
        let (bytes, changes) = repair.repaired(Array(text.utf8), file: file)
        return (String(decoding: bytes, as: UTF8.self), changes)
    }

    /// Each `⟦old⟧⟦new⟧` is a place to mend; everything else has to stay.
    private func pair(_ marked: String) -> (before: String, after: String, count: Int) {
        let places = marked.matches(of: /⟦([^⟧]*)⟧⟦([^⟧]*)⟧/)
        return (
            marked.replacing(/⟦([^⟧]*)⟧⟦([^⟧]*)⟧/) { $0.output.1 }, marked.replacing(/⟦([^⟧]*)⟧⟦([^⟧]*)⟧/) { $0.output.2 },
            places.count
        )
    }

    private static let ingress = """
        # Schöne Läden → all of them
        %YAML 1.1
        ---
        apiVersion: networking.k8s.io/v1   # ⚠ wide characters before a key
        kind:    Ingress
        metadata: {namespace: shop, name: "web",
          annotations: { ⟦haproxy.com/whitelist⟧⟦haproxy.org/allow-list⟧: "10.0.0.0/8",   # ünï
             "ingress.kubernetes.io/rest": '⟦5S⟧⟦5s⟧' , ⟦HAProxy.org/Is-Open⟧⟦haproxy.org/is-open⟧: ⟦on⟧⟦"on"⟧,
             haproxy.org/seats: ⟦010⟧⟦"010"⟧, other.example/flag: ⟦Yes⟧⟦"Yes"⟧, other.example/Name: LeastConn,
             other.example/ratio: ⟦1.50⟧⟦"1.50"⟧, other.example/quoted: "true", other.example/none: , "ü: x": ⟦off⟧⟦"off"⟧ } }
        spec:
          tls: [{hosts: [⟦Shop.Example.com⟧⟦shop.example.com⟧, "⟦B.example.com⟧⟦b.example.com⟧"], secretName: Web}]
          rules:
          - host:   ⟦Shop.Example.com⟧⟦shop.example.com⟧\t
            http:
                paths:
                - {path: /A, pathType: ⟦prefix⟧⟦Prefix⟧, backend: {service: {name: web, port: {number: 80}}}}
                - {path: /B, pathType: "⟦EXACT⟧⟦Exact⟧", backend: {service: {name: web, port: {number: 80}}}}
        ...

        """

    private static let others = """
        ---
        # Not ours: nothing here changes.
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, annotations: {haproxy.com/whitelist: true}}
        spec: {replicas: 1}
        ---
        apiVersion: v1
        kind: Service
        metadata:
          annotations:
            haproxy.org/queue:    ⟦Shortest⟧⟦shortest⟧   # soon
            haproxy.org/is-open: ⟦yes⟧⟦"true"⟧
            haproxy.org/rest: 5S
            haproxy.org/note: |
              haproxy.com/whitelist: true
          name: web
        spec:
          ports: [{port: 80}]
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: haproxy-configmap}
        data: {⟦whitelist⟧⟦allow-list⟧: all, queue: ⟦OFF⟧⟦"off"⟧, ⟦Rest⟧⟦rest⟧: ⟦30⟧⟦"30"⟧}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: other}
        data: {whitelist: all, Rest: 5S, debug: ⟦true⟧⟦"true"⟧, text: "true"}
        ---
        apiVersion: v1
        kind: List
        items:
        - apiVersion: networking.k8s.io/v1
          kind: Ingress
          metadata:
            name: last
            annotations:
              ? ⟦haproxy.org/whitelist⟧⟦haproxy.org/allow-list⟧
              : all
              haproxy.org/seats: ⟦7⟧⟦"7"⟧
          spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}
        """

    @Test(
        "exactly the places that can only mean one thing change, whatever the line ends",
        arguments: ["\n", "\r\n"], [Self.ingress + Self.others, "\u{FEFF}" + Self.others])
    func bytes(lineEnd: String, marked: String) throws {
        let (before, after, count) = pair(marked.replacing("\n", with: lineEnd))
        let (text, changes) = try repaired(before)
        #expect(Array(text.utf8) == Array(after.utf8), "\(text)")
        // A value that is renamed and mended is two changes.
        #expect(changes.count == count)
        #expect(try repaired(after).changes.isEmpty, "a second run finds nothing")
    }

    @Test("JSON is mended too, with what stands before on the line in more bytes than characters")
    func json() throws {
        let (before, after, count) = pair(
            #"""
            {"kind": "Ingress", "apiVersion": "networking.k8s.io/v1", "metadata": {"name": "ẅëb", "annotations": {
             "ä": "ü\u00e4", "⟦haproxy.com/whitelist⟧⟦haproxy.org/allow-list⟧" : "\"x\"", "haproxy.org/is-open":⟦true⟧⟦"true"⟧,
              "a/b": ⟦1.0⟧⟦"1.0"⟧, "a/c": ⟦-2e3⟧⟦"-2e3"⟧,"a\/d":"5", "n": null}}, "spec": {"n": 1.0, "b": true}}
            {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "c"}, "data": {"ö": ⟦false⟧⟦"false"⟧}}
            """#)
        for file in ["x.json", "x.yaml"] {
            let (text, changes) = try repaired(before, file: file)
            #expect(text == after)
            #expect(changes.count == count)
        }
    }

    @Test(
        "what may mean something else stays",
        arguments: [
            // Two spellings of one key: nobody but the owner knows which is meant.
            "haproxy.com/whitelist: a, haproxy.org/allow-list: b", "haproxy.com/whitelist: a, ingress.kubernetes.io/whitelist: b",
            // Values that are wrong in either case, and keys that nobody knows.
            "haproxy.org/rest: SOON", "haproxy.org/restt: 5S", "haproxy.org/allow-list: LAN", "nginx.org/whitelist: x",
            "haproxy.org/rest: \"5S\\u0020\"", "haproxy.org/is-open: !!bool true", "whitelist: x",
            // Not on this kind.
            "haproxy.org/queue: Shortest",
        ])
    func uncertain(annotations: String) throws {
        let text = """
            kind: Ingress
            apiVersion: networking.k8s.io/v1
            metadata: {name: web, annotations: {\(annotations)}}
            """
        let (result, changes) = try repaired(text)
        #expect(result == text && changes.isEmpty, "\(changes)")
    }

    @Test("a text that aliases or merge keys repeat elsewhere stays, and the rest is mended")
    func aliases() throws {
        let (before, after, count) = pair(
            """
            kind: List
            apiVersion: v1
            items:
            - kind: Deployment
              apiVersion: apps/v1
              metadata: {name: web, annotations: &shared {haproxy.com/whitelist: a, haproxy.org/seats: 5}}
            - kind: Ingress
              apiVersion: networking.k8s.io/v1
              metadata: {name: a, annotations: *shared}
            - kind: Ingress
              apiVersion: networking.k8s.io/v1
              metadata:
                name: b
                annotations:
                  <<: *shared
                  haproxy.org/is-open: ⟦true⟧⟦"true"⟧
                  haproxy.org/rest: &rest 5S
            - kind: Ingress
              apiVersion: networking.k8s.io/v1
              metadata: {name: c, annotations: &ours {⟦haproxy.com/whitelist⟧⟦haproxy.org/allow-list⟧: a}}
            - kind: Ingress
              apiVersion: networking.k8s.io/v1
              metadata: {name: d, annotations: *ours}
            """)
        let (text, changes) = try repaired(before)
        #expect(text == after)
        #expect(changes.count == count)
    }

    @Test("a file that is broken, not UTF-8 or has a key twice stays as it is")
    func broken() throws {
        let head = "kind: Ingress\napiVersion: networking.k8s.io/v1\n"
        for text in [
            head + "metadata: {name: a, annotations: {haproxy.org/is-open: true}\n",
            head + "metadata: {name: a, annotations: {haproxy.org/is-open: true, haproxy.org/is-open: true}}\n",
        ] {
            #expect(try repaired(text).text == text)
        }
        let latin = Array((head + "metadata: {name: a, annotations: {haproxy.org/is-open: true}} # ").utf8) + [0xFC]
        let repair = ManifestRepair(registry: try LintFixtures.registry(), configMap: Self.configMap)
        #expect(repair.repaired(latin, file: "x.yaml").bytes == latin)
        #expect(repair.repaired([], file: "x.yaml").bytes == [])
    }

    @Test("each change is told with its place, its object, and both texts; ignored keys stay")
    func told() throws {
        let text = """
            kind: Ingress
            apiVersion: networking.k8s.io/v1
            metadata:
              name: web
              annotations:
                haproxy.com/whitelist: "10.0.0.0/8"
                haproxy.org/seats: 5
            """
        #expect(
            try repaired(text).changes.map(\.description) == [
                "x.yaml:6:5: Ingress default/web: haproxy.com/whitelist is now haproxy.org/allow-list",
                "x.yaml:7:5: Ingress default/web: haproxy.org/seats: 5 is now \"5\"",
            ])
        #expect(try repaired(text, ignoring: ["haproxy.org/seats"]).changes.count == 1)
    }
}
