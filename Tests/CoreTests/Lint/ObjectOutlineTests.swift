import Testing

@testable import Core

@Suite("Places of findings in manifests")
struct ObjectOutlineTests {
    private static let yaml = """
        apiVersion: networking.k8s.io/v1
        kind: IngressList
        items:
        - metadata:
            name: web
            annotations:
              haproxy.org/a: "1"
              "haproxy.org/b": >-
                folded
          spec:
            tls:
            - hosts: [a.example.com]
              secretName: gone
            rules:
            - host: a.example.com
              http:
                paths:
                - path: /one
                  backend: {service: {name: one, port: {number: 80}}}
                - path: /two
                  backend: {service: {name: two, port: {number: 80}}}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: c}
        data:
          maxconn: "5"
        """

    private static let ingress = ObjectKey(.ingress, namespace: "default", name: "web")

    @Test(
        "a finding stands at its annotation, its field, or the field's part that it names",
        arguments: [
            ("haproxy.org/a", nil, nil, "7:7"), ("haproxy.org/b", nil, nil, "8:7"),
            ("spec.tls[0].secretName", "gone", nil, "13:19"),
            ("spec.tls[0].hosts[0]", nil, nil, "12:15"), ("spec.tls", nil, nil, "11:5"),
            ("spec.tls[7].secretName", nil, nil, "11:5"),
            ("spec.rules", "a.example.com", nil, "15:13"), ("spec.rules", "a.example.com/two", nil, "20:17"),
            ("spec", nil, "two", "21:37"), ("spec", nil, nil, "10:3"), ("nothing", nil, nil, "4:3"), (nil, nil, nil, "4:3"),
        ] as [(String?, String?, String?, String)])
    func places(key: String?, value: String?, missing: String?, place: String) throws {
        let outline = try #require(decodeDocuments(Array(Self.yaml.utf8), file: "x", keepsOutlines: true).outlines[Self.ingress])
        let mark = outline.mark(
            of: Finding(
                .error, object: Self.ingress, key: key, value: value, "is wrong",
                missing: missing.map { ObjectKey(.service, namespace: "default", name: $0) }))
        #expect("\(mark.line):\(mark.column)" == place)
    }

    @Test("settings of a ConfigMap and JSON have places too")
    func others() throws {
        let decoded = decodeDocuments(Array(Self.yaml.utf8), file: "x", keepsOutlines: true)
        let configMap = ObjectKey(.configMap, namespace: "default", name: "c")
        let mark = decoded.outlines[configMap]?.mark(of: Finding(.error, object: configMap, key: "maxconn", "is wrong"))
        #expect(mark == Node.Mark(line: 27, column: 3))
        let json = #"""
            {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web",
              "annotations": { "é": "ü\u00e9é", "haproxy.org/a": "1" }}, "spec": {"ports": [{"port": 80}]}}
            """#
        let service = ObjectKey(.service, namespace: "default", name: "web")
        let outline = decodeDocuments(Array(json.utf8), file: "x.json", keepsOutlines: true).outlines[service]
        #expect(outline?.annotationMark("haproxy.org/a") == Node.Mark(line: 2, column: 37), "in characters")
        #expect(decodeDocuments(Array(json.utf8), file: "x.json").outlines.isEmpty, "a running controller keeps none")
    }
}
