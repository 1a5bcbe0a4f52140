import Core
import TestSupport
import Testing

@Suite("TLS to the pods")
struct ServerTLSTests {
    private static let url = "http://shop.example.com/"

    @Test("server-ssl speaks TLS with the pods at each scope, and the nearest scope decides")
    func unverified() async throws {
        try await TLSPods.with { certificates in
            [TLSPod(name: "secure", certificate: try certificates.leaf("pod")), TLSPod(name: "plain")]
        } _: { pods async throws in
            func services(_ annotations: [String: String] = [:]) -> String {
                pods.here(
                    Manifests.service("secure", annotations: annotations)
                        + Manifests.service("plain", pods: [2], annotations: ["server-ssl": "false"]))
            }
            let files = [
                "services.yaml": services(),
                "plain.yaml": Manifests.ingress("plain", host: "plain.example.com", service: "plain"),
                "ingress.yaml": Manifests.ingress(service: "secure", annotations: ["server-ssl": "true"]),
            ]
            try await TestController.with(files, pods: []) { controller async throws in
                let first = try await controller.request(Self.url)
                #expect(first.pod == "secure")
                #expect(first.header("x-tls") == "1")
                #expect(first.header("x-version") == "2.0")
                try await controller.write("ingress.yaml", Manifests.ingress(service: "secure"))
                try await controller.eventually(Self.url) { $0.pod == nil }
                try await controller.write("services.yaml", services(["server-ssl": "true"]))
                try await controller.eventually(Self.url) { $0.pod == "secure" }
                try await controller.write("services.yaml", services())
                try await controller.eventually(Self.url) { $0.pod == nil }
                try await controller.write("map.yaml", Manifests.configMap(["server-ssl": "true"]))
                try await controller.eventually(Self.url) { $0.pod == "secure" }
                #expect(try await controller.request("http://plain.example.com/").header("x-tls") == "0")
                #expect(try await controller.reloads == 0)
            }
        }
    }

    @Test("server-ca lets only pods through whose certificate its authority signed, also when it changes at run time")
    func authorities() async throws {
        let stranger = try TestCertificates("stranger")
        try await TLSPods.with {
            [TLSPod(name: "secure", certificate: try $0.leaf("pod"))]
        } _: { pods async throws in
            let files = [
                "ingress.yaml": Manifests.service() + Manifests.ingress("other", host: "other.example.com")
                    + Manifests.ingress(service: "secure"),
                "service.yaml": pods.here(Manifests.service("secure", annotations: ["server-ca": "pods-ca", "check": "false"])),
                "ca.yaml": Manifests.authority("pods-ca", pods.certificates),
            ]
            try await TestController.with(files) { controller async throws in
                #expect(try await controller.request(Self.url).pod == "secure")
                try await controller.write("ca.yaml", Manifests.authority("pods-ca", stranger))
                try await controller.eventually(Self.url) { $0.status == 503 }
                #expect(try await controller.request("http://other.example.com/").pod == "pod-1")
                try await controller.write("ca.yaml", Manifests.authority("pods-ca", pods.certificates))
                try await controller.eventually(Self.url) { $0.pod == "secure" }
                try await controller.remove("ca.yaml")
                try await controller.eventually(Self.url) { $0.status == 503 }
                #expect(controller.log.contains("Secret shop/pods-ca does not exist"))
                try await controller.write("ca.yaml", Manifests.secret("pods-ca", ["tls.crt": "no certificate"]))
                try await controller.wait("the authority is refused") {
                    controller.log.contains("names a Secret without a usable authority")
                }
                #expect(try await controller.request(Self.url).status == 503)
                try await controller.write(
                    "ca.yaml", Manifests.secret("pods-ca", ["ca.crt": pods.certificates.authority.certificateText]))
                try await controller.eventually(Self.url) { $0.pod == "secure" }
                #expect(try await controller.request("http://other.example.com/").pod == "pod-1")
            }
        }
    }

    @Test("server-crt shows the pods a client certificate, replaced without a reload; with server-ca it is mutual TLS")
    func mutualTLS() async throws {
        let clients = try TestCertificates("clients")
        try await TLSPods.with { certificates in
            [TLSPod(name: "secure", certificate: try certificates.leaf("pod"), clientAuthority: clients.authority)]
        } _: { pods async throws in
            func service(_ annotations: [String: String]) -> String {
                pods.here(
                    Manifests.service("secure", annotations: annotations.merging(["check-interval": "100ms"]) { $1 }))
            }
            let files = [
                "ingress.yaml": Manifests.ingress(service: "secure"), "service.yaml": service(["server-ca": "pods-ca"]),
                "ca.yaml": Manifests.authority("pods-ca", pods.certificates),
                "client.yaml": Manifests.certificate("client", try clients.client("first")),
            ]
            try await TestController.with(files, pods: []) { controller async throws in
                #expect([502, 503].contains(try await controller.request(Self.url).status))
                try await controller.write("service.yaml", service(["server-ca": "pods-ca", "server-crt": "client"]))
                try await controller.eventually(Self.url) { $0.header("x-client") == "first" }
                try await controller.write("client.yaml", Manifests.certificate("client", try clients.client("second")))
                try await controller.eventually(Self.url) { $0.header("x-client") == "second" }
                // A certificate that the pods do not accept.
                try await controller.write("client.yaml", Manifests.certificate("client", try pods.certificates.client("third")))
                try await controller.eventually(Self.url) { [502, 503].contains($0.status) }
                try await controller.remove("client.yaml")
                try await controller.wait("the missing Secret is reported") {
                    controller.log.contains("Secret shop/client does not exist")
                }
                try await controller.eventually(Self.url) { $0.status == 503 }
                try await controller.write("client.yaml", Manifests.certificate("client", try clients.client("fourth")))
                try await controller.eventually(Self.url) { $0.header("x-client") == "fourth" }
                // Another Secret, which is renewed when the servers that showed the first one are long gone.
                try await controller.write("other.yaml", Manifests.certificate("other", try clients.client("fifth")))
                try await controller.write("service.yaml", service(["server-ca": "pods-ca", "server-crt": "other"]))
                try await controller.eventually(Self.url) { $0.header("x-client") == "fifth" }
                for name in ["sixth", "seventh"] {
                    let (first, second) = (try clients.client("first-\(name)"), try clients.client(name))
                    try await controller.write("client.yaml", Manifests.certificate("client", first))
                    try await controller.write("other.yaml", Manifests.certificate("other", second))
                    try await controller.eventually(Self.url) { $0.header("x-client") == name }
                }
                try await controller.write("service.yaml", service(["server-ca": "pods-ca", "server-crt": "client"]))
                try await controller.eventually(Self.url) { $0.header("x-client") == "first-seventh" }
                #expect(try await controller.reloads == 0)
            }
        }
    }

    @Test(
        "a Secret of another namespace is refused unless it is shared, but the ConfigMap may name any", arguments: [false, true])
    func otherNamespaces(isShared: Bool) async throws {
        try await TLSPods.with {
            [TLSPod(name: "secure", certificate: try $0.leaf("pod"))]
        } _: { pods async throws in
            let annotations = ["server-ca": "vault/pods-ca"]
            let files = [
                "objects.yaml": pods.here(Manifests.service("secure") + Manifests.service("own", annotations: annotations))
                    + Manifests.ingress(service: "secure", annotations: annotations)
                    + Manifests.ingress("own", host: "own.example.com", service: "own")
                    + Manifests.ingress("map", host: "map.example.com", service: "secure")
                    + Manifests.authority("pods-ca", namespace: "vault", pods.certificates),
                "map.yaml": Manifests.configMap(annotations),
            ]
            try await TestController.with(
                files, pods: [], arguments: isShared ? ["--shared-secret-namespaces", "other,vault"] : []
            ) { controller async throws in
                #expect(try await controller.request("http://map.example.com/").pod == "secure")
                for host in ["shop.example.com", "own.example.com"] {
                    #expect(try await controller.request("http://\(host)/").status == (isShared ? 200 : 503), "\(host)")
                }
                #expect(controller.log.contains("which is not shared with namespace shop") == !isShared)
            }
        }
    }

    @Test("server-proto speaks HTTP/2 in the clear with pods")
    func clearHTTP2() async throws {
        try await TLSPods.with { _ in
            [TLSPod(name: "clear")]
        } _: { pods async throws in
            func service(_ annotations: [String: String]) -> String {
                pods.here(Manifests.service(annotations: annotations.merging(["check": "false"]) { $1 }))
            }
            let files = ["service.yaml": service(["server-proto": "h2"]), "ingress.yaml": Manifests.ingress()]
            try await TestController.with(files, pods: []) { controller async throws in
                #expect(try await controller.request(Self.url).header("x-version") == "2.0")
                try await controller.write("service.yaml", service([:]))
                try await controller.eventually(Self.url) { $0.header("x-version") == "1.1" }
                try await controller.write("service.yaml", service(["server-proto": "h2"]))
                try await controller.eventually(Self.url) { $0.header("x-version") == "2.0" }
                #expect(try await controller.reloads == 0)
            }
        }
    }

    @Test(
        "appProtocol kubernetes.io/h2c speaks HTTP/2 in the clear with pods, of a Service or its slices, and TLS wins",
        arguments: [true, false])
    func appProtocol(isOfService: Bool) async throws {
        try await TLSPods.with { certificates in
            [TLSPod(name: "clear"), TLSPod(name: "secure", certificate: try certificates.leaf("pod"))]
        } _: { pods async throws in
            func service(_ name: String, _ pod: Int, _ proto: String?, _ annotations: String = "") -> String {
                let line = proto.map { ", appProtocol: \($0)" } ?? ""
                return pods.here(
                    """
                    apiVersion: v1
                    kind: Service
                    metadata: {name: \(name), namespace: shop, annotations: {haproxy.org/check: "false"\(annotations)}}
                    spec: {ports: [{name: http, port: 80, targetPort: 8080\(isOfService ? line : "")}]}
                    ---
                    apiVersion: discovery.k8s.io/v1
                    kind: EndpointSlice
                    metadata: {name: \(name)-1, namespace: shop, labels: {kubernetes.io/service-name: \(name)}}
                    addressType: IPv4
                    ports: [{name: http, port: 8080\(isOfService ? "" : line)}]
                    endpoints: [{addresses: [NET.\(pod)]}]
                    ---

                    """)
            }
            let files = [
                "web.yaml": service("web", 1, "kubernetes.io/h2c"),
                "tls.yaml": service("tls", 2, "kubernetes.io/h2c", ", haproxy.org/server-ssl: \"true\""),
                "ingress.yaml": Manifests.ingress() + Manifests.ingress("tls", path: "/tls", service: "tls"),
            ]
            try await TestController.with(files, pods: []) { controller async throws in
                #expect(try await controller.request(Self.url).header("x-version") == "2.0")
                #expect(try await controller.request(Self.url + "tls").header("x-tls") == "1")
                for proto in [nil, "kubernetes.io/ws", "http"] {
                    try await controller.write("web.yaml", service("web", 1, proto))
                    try await controller.eventually(Self.url) { $0.header("x-version") == "1.1" }
                    try await controller.write("web.yaml", service("web", 1, "kubernetes.io/h2c"))
                    try await controller.eventually(Self.url) { $0.header("x-version") == "2.0" }
                }
                #expect(try await controller.reloads == 0)
            }
        }
    }
}
