import Testing

@testable import Core

@Suite("What an API server would refuse is refused")
struct ObjectValidationTests {
    private func findings(_ yaml: String) -> [Finding] {
        let decoded = decodeDocuments(Array(yaml.utf8), file: "x.yaml")
        #expect(decoded.isComplete)
        return decoded.findings
    }

    private func ingress(_ spec: String) -> String {
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web, namespace: shop}\nspec: \(spec)\n"
    }

    @Test(
        "A value that is no string is refused with the mend",
        arguments: [("true", "bool"), ("8080", "number"), ("no", "bool"), ("1.5", "number")])
    func unquoted(value: String, type: String) {
        let configMap = findings("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata:\n  maxconn: \(value)\n")
        #expect(
            configMap.map(\.description) == [
                "x.yaml:5:12: ConfigMap default/c: maxconn: \"\(value)\": cannot unmarshal \(type) into a field of type string; "
                    + "expected a string: quote it, for example \"\(value)\""
            ])
        let annotation = findings(
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: web\n  annotations:\n    haproxy.org/check: \(value)\n")
        #expect(annotation.map(\.key) == ["haproxy.org/check"])
        #expect(annotation.map(\.example) == ["\"\(value)\""])
    }

    @Test(
        "Hosts",
        arguments: [
            "Example.com", "10.0.0.1", "a b.com", "a..b", "-a.com", "*", "*.*.com", "a.*.com", "a_b.com", "a.com:80", "a.com/",
            "fd00::1", "fe80::a",
        ])
    func hosts(host: String) {
        let found = findings(
            ingress(
                "{rules: [{host: \"\(host)\", http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: a, port: {number: 80}}}}]}}]}"
            ))
        #expect(found.map(\.key) == ["spec.rules[0].host"])
        #expect(found.map(\.value) == [host])
        let isAddress = ["10.0.0.1", "fd00::1", "fe80::a"].contains(host)
        #expect(found.map { $0.message == "is an IP address" } == [isAddress])
        #expect(found.allSatisfy { $0.object == ObjectKey(.ingress, namespace: "shop", name: "web") && $0.example != nil })
    }

    @Test(
        "Paths",
        arguments: [
            ("a", "Prefix"), ("", "Exact"), ("a", "ImplementationSpecific"), ("/a b", "Prefix"),
            ("/a\\nb", "ImplementationSpecific"),
            ("/a//b", "Exact"), ("/a/../b", "Prefix"), ("/a/./b", "Prefix"), ("/a%2fb", "Prefix"), ("/a%2Fb", "Exact"),
            ("/a/..", "Prefix"),
            ("/a/.", "Exact"), ("/a\\\"", "Prefix"), ("/a'", "Prefix"), ("/a\\\\b", "ImplementationSpecific"),
            ("/a\\u00a0", "Prefix"),
            ("/a\\tb", "Prefix"), ("/\\x7f", "Prefix"),
        ])
    func paths(path: String, type: String) {
        let found = findings(
            ingress(
                "{rules: [{http: {paths: [{path: \"\(path)\", pathType: \(type), backend: {service: {name: a, port: {number: 80}}}}]}}]}"
            ))
        #expect(found.map(\.key) == ["spec.rules[0].http.paths[0].path"])
    }

    @Test(
        "Fields of an Ingress",
        arguments: [
            ("{}", "spec"), ("{rules: []}", "spec"), ("{rules: text}", "spec.rules"),
            ("{rules: [{http: {}}]}", "spec.rules[0].http.paths"),
            (
                "{rules: [{http: {paths: [{path: /, backend: {service: {name: a, port: {number: 80}}}}]}}]}",
                "spec.rules[0].http.paths[0].pathType"
            ),
            (
                "{rules: [{http: {paths: [{path: /, pathType: prefix, backend: {service: {name: a, port: {number: 80}}}}]}}]}",
                "spec.rules[0].http.paths[0].pathType"
            ),
            ("{rules: [{http: {paths: [{path: /, pathType: Prefix}]}}]}", "spec.rules[0].http.paths[0].backend"),
            ("{defaultBackend: {resource: {kind: Bucket, name: b}}}", "spec.defaultBackend.resource"),
            ("{defaultBackend: {service: {name: A, port: {number: 80}}}}", "spec.defaultBackend.service.name"),
            ("{defaultBackend: {service: {name: a}}}", "spec.defaultBackend.service.port"),
            ("{defaultBackend: {service: {name: a, port: {}}}}", "spec.defaultBackend.service.port"),
            ("{defaultBackend: {service: {name: a, port: {number: 70000}}}}", "spec.defaultBackend.service.port.number"),
            ("{defaultBackend: {service: {name: a, port: {number: \"80\"}}}}", "spec.defaultBackend.service.port.number"),
            ("{defaultBackend: {service: {name: a, port: {number: 80, name: http}}}}", "spec.defaultBackend.service.port"),
            ("{defaultBackend: {service: {name: a, port: {name: a--b}}}}", "spec.defaultBackend.service.port.name"),
            ("{defaultBackend: {service: {name: a, port: {name: 8080}}}}", "spec.defaultBackend.service.port.name"),
            ("{ingressClassName: A, defaultBackend: {service: {name: a, port: {number: 80}}}}", "spec.ingressClassName"),
            ("{tls: [{hosts: [A]}], defaultBackend: {service: {name: a, port: {number: 80}}}}", "spec.tls[0].hosts[0]"),
            ("{tls: [{secretName: ../x}], defaultBackend: {service: {name: a, port: {number: 80}}}}", "spec.tls[0].secretName"),
        ])
    func ingressFields(spec: String, key: String) {
        #expect(findings(ingress(spec)).map(\.key) == [key])
    }

    @Test(
        "Names, annotations and times",
        arguments: [
            ("Ingress", "networking.k8s.io/v1", "{name: Web}", "metadata.name"),
            ("Namespace", "v1", "{name: a.b}", "metadata.name"),
            ("Service", "v1", "{name: web-}", "metadata.name"), ("Service", "v1", "{name: a.b}", "metadata.name"),
            ("ConfigMap", "v1", "{name: a/b}", "metadata.name"), ("ConfigMap", "v1", "{name: 1}", "metadata.name"),
            ("ConfigMap", "v1", "{}", "metadata.name"), ("ConfigMap", "v1", "{name: c, namespace: ../x}", "metadata.namespace"),
            ("ConfigMap", "v1", "{name: c, annotations: {'a b': x}}", "metadata.annotations"),
            ("ConfigMap", "v1", "{name: c, annotations: {a/b/c: x}}", "metadata.annotations"),
            ("ConfigMap", "v1", "{name: c, annotations: {/a: x}}", "metadata.annotations"),
            ("ConfigMap", "v1", "{name: c, annotations: {a/: x}}", "metadata.annotations"),
            ("ConfigMap", "v1", "{name: c, annotations: {a..b/c: x}}", "metadata.annotations"),
            ("ConfigMap", "v1", "{name: c, annotations: [a]}", "metadata.annotations"),
            ("ConfigMap", "v1", "{name: c, creationTimestamp: yesterday}", "metadata.creationTimestamp"),
        ])
    func metadata(kind: String, version: String, metadata: String, key: String) {
        #expect(findings("{apiVersion: \(version), kind: \(kind), metadata: \(metadata)}").first?.key == key)
    }

    @Test(
        "Fields of the other kinds",
        arguments: [
            ("v1", "Service", "spec: {ports: []}", "spec.ports"),
            ("v1", "Service", "spec: {ports: [{port: 0}]}", "spec.ports[0].port"),
            ("v1", "Service", "spec: {ports: [{port: 80}, {name: b, port: 81}]}", "spec.ports[0].name"),
            ("v1", "Service", "spec: {ports: [{name: b, port: 80}, {name: b, port: 81}]}", "spec.ports[1]"),
            ("v1", "Service", "spec: {ports: [{name: a, port: 80}, {name: b, port: 80}]}", "spec.ports[1]"),
            ("v1", "Service", "spec: {ports: [{port: 80, targetPort: 70000}]}", "spec.ports[0].targetPort"),
            ("v1", "Service", "spec: {ports: [{port: 80, targetPort: yes}]}", "spec.ports[0].targetPort"),
            ("v1", "Service", "spec: {ports: [{port: 80, protocol: tcp}]}", "spec.ports[0].protocol"),
            ("v1", "Service", "spec: {type: Cluster, ports: [{port: 80}]}", "spec.type"),
            ("v1", "Service", "spec: {type: ExternalName}", "spec.externalName"),
            ("v1", "Service", "spec: {type: ExternalName, externalName: 'a b'}", "spec.externalName"),
            (
                "discovery.k8s.io/v1", "EndpointSlice", "addressType: IPv4, endpoints: [{addresses: [10.0.0.256]}]",
                "endpoints[0].addresses[0]"
            ),
            (
                "discovery.k8s.io/v1", "EndpointSlice", "addressType: IPv6, endpoints: [{addresses: [10.0.0.1]}]",
                "endpoints[0].addresses[0]"
            ),
            (
                "discovery.k8s.io/v1", "EndpointSlice", "addressType: FQDN, endpoints: [{addresses: ['a b']}]",
                "endpoints[0].addresses[0]"
            ),
            ("discovery.k8s.io/v1", "EndpointSlice", "addressType: IPv4, endpoints: [{}]", "endpoints[0].addresses"),
            ("discovery.k8s.io/v1", "EndpointSlice", "addressType: IPv5", "addressType"),
            ("discovery.k8s.io/v1", "EndpointSlice", "ports: []", "addressType"),
            ("discovery.k8s.io/v1", "EndpointSlice", "addressType: IPv4, ports: [{port: -1}]", "ports[0].port"),
            (
                "discovery.k8s.io/v1", "EndpointSlice",
                "addressType: IPv4, endpoints: [{addresses: [10.0.0.1], conditions: {ready: 1}}]", "endpoints[0].conditions.ready"
            ),
            ("v1", "Endpoints", "subsets: [{addresses: [{ip: x}]}]", "subsets[0].addresses[0].ip"),
            ("v1", "ConfigMap", "data: {'a b': x}", "data"), ("v1", "ConfigMap", "data: {..: x}", "data"),
            ("v1", "Secret", "data: {a: '*'}", "a"),
            ("v1", "Secret", "type: kubernetes.io/tls, data: {tls.crt: AA==}", "tls.key"),
            ("networking.k8s.io/v1", "IngressClass", "spec: {}", "spec.controller"),
            ("networking.k8s.io/v1", "IngressClass", "spec: {controller: haproxy}", "spec.controller"),
        ])
    func otherFields(version: String, kind: String, fields: String, key: String) {
        #expect(findings("{apiVersion: \(version), kind: \(kind), metadata: {name: a}, \(fields)}").map(\.key) == [key])
    }

    @Test("A Secret's values are never shown")
    func secrecy() {
        for fields in ["data: {a: hunter2!}", "data: {a: 12345}", "stringData: {a: 12345}"] {
            let found = findings("{apiVersion: v1, kind: Secret, metadata: {name: s}, \(fields)}")
            #expect(!found.isEmpty)
            #expect(found.allSatisfy { !$0.description.contains("hunter2") && !$0.description.contains("12345") })
        }
    }

    @Test(
        "Documents that are no objects",
        arguments: ["text", "[a]", "{kind: Ingress}", "{apiVersion: v1}", "{apiVersion: v1, kind: 3}"])
    func noObject(yaml: String) {
        let found = findings(yaml)
        #expect(found.count == 1)
        #expect(found.allSatisfy { $0.object == nil && $0.severity == .error && $0.location?.line == 1 })
    }
}
