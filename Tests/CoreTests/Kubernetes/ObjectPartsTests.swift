import Testing

@testable import Core

@Suite("A bad part of an object is left out and told, and the rest is in force")
struct ObjectPartsTests {
    private func decoded(_ yaml: String) throws -> (object: KubernetesObject, keys: [String]) {
        let decoded = decodeDocuments(Array(yaml.utf8), file: "x.yaml")
        let object = try #require(decoded.objects.first?.object, "\(decoded.findings)")
        #expect(decoded.refused.isEmpty && decoded.isComplete)
        #expect(decoded.findings.allSatisfy { $0.object == object.key && $0.severity == .error && $0.location != nil })
        return (object, decoded.findings.map { $0.key ?? "" })
    }

    private func ingress(_ spec: String) throws -> (ingress: Ingress, keys: [String]) {
        let (object, keys) = try decoded(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web, namespace: shop}\nspec: \(spec)\n")
        guard case .ingress(let ingress) = object else { throw ValueError("no Ingress") }
        return (ingress, keys)
    }

    private static let backend = "backend: {service: {name: a, port: {number: 80}}}"
    private static let good = "{path: /good, pathType: Prefix, \(backend)}"

    @Test(
        "Paths",
        arguments: [
            (#"{path: "/a\\b", pathType: ImplementationSpecific, BACKEND}"#, ".path"),
            ("{path: a, pathType: Prefix, BACKEND}", ".path"),
            (#"{path: "/a\nb", pathType: Exact, BACKEND}"#, ".path"), (#"{path: "/a\0b", pathType: Exact, BACKEND}"#, ".path"),
            ("{path: /, pathType: prefix, BACKEND}", ".pathType"), ("{path: /, BACKEND}", ".pathType"),
            ("{path: /, pathType: Prefix}", ".backend"),
            ("{path: /, pathType: Prefix, backend: {resource: {kind: Bucket, name: b}}}", ".backend.resource"),
            ("{path: /, pathType: Prefix, backend: {service: {name: A_b, port: {number: 80}}}}", ".backend.service.name"),
            ("{path: /, pathType: Prefix, backend: {service: {name: a, port: {number: 0}}}}", ".backend.service.port.number"),
            ("text", ""),
        ])
    func paths(path: String, key: String) throws {
        let bad = path.replacing("BACKEND", with: Self.backend)
        let (ingress, keys) = try ingress(
            "{rules: [{host: a.com, http: {paths: [\(Self.good), \(bad), \(Self.good)]}}, {host: b.com, http: {paths: [\(Self.good)]}}]}"
        )
        #expect(keys == ["spec.rules[0].http.paths[1]\(key)"])
        #expect(ingress.rules.map(\.host) == ["a.com", "b.com"])
        #expect(ingress.rules.map(\.paths.count) == [2, 1])
    }

    @Test(
        "Rules, whose paths never become those of all hosts",
        arguments: ["A.com", "10.0.0.1", "*", "a.*.com", #""a\0.com""#, "10"])
    func rules(host: String) throws {
        let (ingress, keys) = try ingress(
            "{rules: [{host: \(host.contains("0") ? host : "'\(host)'"), http: {paths: [\(Self.good)]}}, {host: b.com, http: {paths: [\(Self.good)]}}]}"
        )
        #expect(keys == ["spec.rules[0].host"])
        #expect(ingress.rules.map(\.host) == ["b.com"])
    }

    @Test("A default backend, and hosts of spec.tls, which never become all hosts")
    func others() throws {
        let (ingress, keys) = try ingress(
            """
            {defaultBackend: {resource: {kind: Bucket, name: b}}, rules: [{host: b.com, http: {paths: [\(Self.good)]}}],
             tls: [{hosts: [A.com], secretName: s}, {hosts: [A.com, b.com], secretName: s}, {hosts: [c.com], secretName: ../s}]}
            """)
        #expect(
            keys == [
                "spec.defaultBackend.resource", "spec.tls[0].hosts[0]", "spec.tls[1].hosts[0]", "spec.tls[2].secretName",
            ])
        #expect(ingress.defaultBackend == nil && ingress.rules.count == 1)
        #expect(ingress.tls == [IngressTLS(hosts: ["b.com"], secretName: "s"), IngressTLS(hosts: ["c.com"])])
    }

    @Test("Ports of Services, and what is said about them")
    func services() throws {
        let (object, keys) = try decoded(
            """
            {apiVersion: v1, kind: Service, metadata: {name: 1-web}, spec: {externalName: 'a b', ports: [{name: a, port: 80},
             {name: b, port: 0}, {name: a, port: 82}, {name: d, port: 80}, {port: 84}, {name: e, port: 85, appProtocol: 'a b'}]}}
            """)
        guard case .service(let service) = object else { return }
        #expect(
            keys == [
                "spec.externalName", "spec.ports[1].port", "spec.ports[2]", "spec.ports[3]", "spec.ports[4].name",
                "spec.ports[5].appProtocol",
            ])
        #expect(service.ports.map(\.name) == ["a", "e"] && service.externalName == nil)
        #expect(object.key.name == "1-web")
    }

    @Test(
        "Addresses of EndpointSlices",
        arguments: [
            ("IPv4", "127.0.0.300"), ("IPv4", #""10.0.0.1\0.evil""#), ("IPv4", "''"), ("IPv4", "10.1"),
            ("IPv4", "web.example.com"),
            ("IPv4", "fd00::1"), ("IPv4", "'::ffff:10.0.0.1'"), ("IPv4", "010.0.0.1"), ("IPv4", "10.0.0.1/8"),
            ("IPv6", "fe80::1%eth0"),
            ("IPv6", "'::ffff:127.0.0.1'"), ("IPv6", "10.0.0.1"), ("FQDN", "web.example.com"), ("FQDN", "10.0.0.9"),
            ("IPv4", "5"),
        ])
    func addresses(type: String, address: String) throws {
        let good = type == "IPv6" ? "fd00::9" : "10.0.0.9"
        let others = type == "FQDN" ? "" : ", {addresses: ['\(good)']}"
        let (object, keys) = try decoded(
            """
            {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a}, addressType: \(type),
             ports: [{name: http, port: 8080}], endpoints: [{addresses: [\(address)]}\(others)]}
            """)
        guard case .endpointSlice(let slice) = object else { return }
        #expect(keys == ["endpoints[0].addresses[0]"])
        #expect(slice.endpoints.flatMap(\.addresses) == (type == "FQDN" ? [] : [good]))
    }

    @Test("Ports and endpoints of EndpointSlices and Endpoints")
    func endpoints() throws {
        let (object, keys) = try decoded(
            """
            {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a}, addressType: IPv4,
             ports: [{name: a, port: 70000}, {name: b, port: 0}, {name: c, port: 8080}, {name: D, port: 1}, {name: e, port: 2, protocol: x}],
             endpoints: [{}, {addresses: [10.0.0.1], conditions: {ready: 1}}, 5, {addresses: [10.0.0.2]}]}
            """)
        guard case .endpointSlice(let slice) = object else { return }
        #expect(
            keys == [
                "ports[0].port", "ports[1].port", "ports[3].name", "ports[4].protocol", "endpoints[0].addresses",
                "endpoints[1].conditions.ready", "endpoints[2]",
            ])
        #expect(slice.ports.map(\.name) == ["c"] && slice.endpoints == [Endpoint(addresses: ["10.0.0.2"])])
        let (other, problems) = try decoded(
            """
            {apiVersion: v1, kind: Endpoints, metadata: {name: a}, subsets: [{addresses: [{ip: 10.0.0.300}, {ip: 10.0.0.1}, {}],
             ports: [{port: 0}, {port: 80}]}]}
            """)
        #expect(
            problems == [
                "subsets[0].addresses[0].ip", "subsets[0].addresses[2].ip", "subsets[0].ports[0].port",
            ])
        guard case .endpoints(let endpoints) = other else { return }
        #expect(endpoints.slices().map(\.endpoints) == [[Endpoint(addresses: ["10.0.0.1"])]])
    }

    @Test("Keys of ConfigMaps and Secrets")
    func data() throws {
        for (kind, value) in [("ConfigMap", "x"), ("Secret", "eA==")] {
            let (object, keys) = try decoded(
                "{apiVersion: v1, kind: \(kind), metadata: {name: a}, data: {'../x': \(value), 'a b': \(value), _A-b.c: \(value)}}"
            )
            #expect(keys == ["data", "data"])
            switch object {
            case .configMap(let map): #expect(map.data == ["_A-b.c": "x"])
            case .secret(let secret): #expect(secret.data == ["_A-b.c": Array("x".utf8)])
            default: Issue.record("\(object)")
            }
        }
    }

    @Test(
        "What may mean less protection costs the object",
        arguments: [
            "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a, annotations: {haproxy.org/auth-type: 5}}, spec: {rules: []}}",
            "{apiVersion: v1, kind: Service, metadata: {name: a, annotations: {'a b': x}}, spec: {ports: [{port: 80}]}}",
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {allow-list: 5}}",
            "{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {tls.crt: '*'}}",
        ])
    func whole(yaml: String) {
        let decoded = decodeDocuments(Array(yaml.utf8), file: "x.yaml")
        #expect(decoded.objects.isEmpty && decoded.refused.count == 1 && !decoded.findings.isEmpty)
    }

    @Test("A refusal is told however many parts are bad")
    func manyParts() throws {
        let paths = (0..<200).map { _ in "{path: a, pathType: Prefix, \(Self.backend)}" }.joined(separator: ", ")
        let decoded = decodeDocuments(
            Array(
                "{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, spec: {rules: [{http: {paths: [\(paths)]}}], ingressClassName: A}}"
                    .utf8), file: "x.yaml")
        #expect(decoded.objects.isEmpty)
        #expect(decoded.findings.contains { $0.key == "spec.ingressClassName" } && decoded.findings.count <= 100)
    }

    @Test(
        "Names that API servers take are taken",
        arguments: [
            ("Service", "1web"), ("Service", "0"), ("Service", "a" + String(repeating: "9", count: 62)),
            ("Ingress", "1.a-b.c"), ("Ingress", String(repeating: "a", count: 253)), ("ConfigMap", "1"), ("Secret", "a.b-c.9"),
        ])
    func names(kind: String, name: String) throws {
        let version = kind == "Ingress" ? "networking.k8s.io/v1" : "v1"
        let (object, keys) = try decoded(
            "{apiVersion: \(version), kind: \(kind), metadata: {name: '\(name)'}, spec: {ports: [{port: 80}], \(Self.defaultBackend)}}"
        )
        #expect(object.key.name == name && keys.isEmpty)
    }

    private static let defaultBackend = "defaultBackend: {service: {name: 9, port: {number: 80}}}".replacing(
        "name: 9", with: "name: '9'")
}
