import Testing

@testable import Core

@Suite("Objects are decoded with the fields that are read")
struct ObjectDecoderTests {
    private func only(_ yaml: String) throws -> KubernetesObject {
        let decoded = decodeDocuments(Array(yaml.utf8), file: "x.yaml")
        #expect(decoded.findings == [])
        try #require(decoded.objects.count == 1)
        return decoded.objects[0].object
    }

    @Test("Ingress")
    func ingress() throws {
        let object = try only(
            """
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata:
              name: web
              namespace: shop
              uid: 1-2
              creationTimestamp: 2024-01-01T01:00:00+01:00
              labels: {ignored: "1"}
              annotations: {haproxy.org/check: "true", empty: }
              managedFields: [{manager: kubectl}]
            spec:
              ingressClassName: haproxy
              defaultBackend: {service: {name: fallback, port: {name: http}}}
              rules:
              - host: "*.example.com"
                http:
                  paths:
                  - {path: /a, pathType: Exact, backend: {service: {name: a, port: {number: 80}}}}
                  - {pathType: ImplementationSpecific, backend: {service: {name: b, port: {number: 0x51}}}}
              - host: quiet.example.com
              tls:
              - {hosts: [a.example.com], secretName: cert}
              - {}
            status: {loadBalancer: {}}
            """)
        let expected = Ingress(
            metadata: ObjectMeta(
                namespace: "shop", name: "web", annotations: ["haproxy.org/check": "true", "empty": ""],
                creationTimestamp: "2024-01-01T00:00:00Z", uid: "1-2"),
            ingressClassName: "haproxy", defaultBackend: IngressBackend(serviceName: "fallback", port: .name("http")),
            rules: [
                IngressRule(
                    host: "*.example.com",
                    paths: [
                        IngressPath(path: "/a", pathType: .exact, backend: IngressBackend(serviceName: "a", port: .number(80))),
                        IngressPath(
                            path: "/", pathType: .implementationSpecific,
                            backend: IngressBackend(serviceName: "b", port: .number(81))),
                    ]),
                IngressRule(host: "quiet.example.com"),
            ],
            tls: [IngressTLS(hosts: ["a.example.com"], secretName: "cert"), IngressTLS()])
        #expect(object == .ingress(expected))
        #expect(object.key.description == "Ingress shop/web")
    }

    @Test("IngressClass")
    func ingressClass() throws {
        let object = try only(
            """
            {apiVersion: networking.k8s.io/v1, kind: IngressClass, spec: {controller: haproxy.org/ingress-controller/a},
             metadata: {name: haproxy, namespace: ignored, annotations: {ingressclass.kubernetes.io/is-default-class: "true"}}}
            """)
        guard case .ingressClass(let ingressClass) = object else {
            Issue.record("\(object)")
            return
        }
        #expect(ingressClass.isDefault && ingressClass.controller == "haproxy.org/ingress-controller/a")
        #expect(object.key == ObjectKey(.ingressClass, namespace: "", name: "haproxy"))
    }

    @Test("Service")
    func service() throws {
        let object = try only(
            """
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec:
              type: NodePort
              ports:
              - {name: http, port: 80, targetPort: web}
              - {name: h2, port: 81.0, targetPort: 8081, protocol: TCP, appProtocol: kubernetes.io/h2c}
              - {name: dns, port: 80, protocol: UDP}
            """)
        #expect(
            object
                == .service(
                    Service(
                        metadata: ObjectMeta(namespace: "default", name: "web"), type: .nodePort,
                        ports: [
                            ServicePort(name: "http", port: 80, targetPort: .name("web")),
                            ServicePort(name: "h2", port: 81, targetPort: .number(8081), appProtocol: "kubernetes.io/h2c"),
                            ServicePort(name: "dns", port: 80, protocol: "UDP"),
                        ])))
    }

    @Test("Services of type ExternalName and without a cluster IP need no ports")
    func portless() throws {
        let external = try only(
            "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: ExternalName, externalName: api.example.com}}")
        #expect(
            external
                == .service(
                    Service(
                        metadata: ObjectMeta(namespace: "default", name: "a"), type: .externalName,
                        externalName: "api.example.com")))
        let headless = try only("{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {clusterIP: None}}")
        #expect(headless == .service(Service(metadata: ObjectMeta(namespace: "default", name: "a"), isHeadless: true)))
    }

    @Test("the addresses of a Service are those of the cluster, outside of it and of its load balancers, each once")
    func serviceAddresses() throws {
        let object = try only(
            """
            apiVersion: v1
            kind: Service
            metadata: {name: web}
            spec:
              type: LoadBalancer
              clusterIP: 10.96.0.5
              clusterIPs: [10.96.0.5, "fd00::5"]
              externalIPs: [192.0.2.1, nonsense]
              ports: [{port: 80}]
            status: {loadBalancer: {ingress: [{ip: 203.0.113.5}, {hostname: lb.example.com}, {ip: 203.0.113.6}]}}
            """)
        guard case .service(let service) = object else { throw ValueError("no Service") }
        #expect(
            service.addresses.map(\.description) == ["10.96.0.5", "fd00::5", "192.0.2.1", "203.0.113.5", "203.0.113.6"])
    }

    @Test("EndpointSlice, with the conditions that Kubernetes takes for granted", arguments: ["v1", "v1beta1"])
    func endpointSlice(version: String) throws {
        let object = try only(
            """
            apiVersion: discovery.k8s.io/\(version)
            kind: EndpointSlice
            metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
            addressType: IPv4
            ports: [{name: "", port: 8080}, {name: any}]
            endpoints:
            - addresses: [10.0.0.1]
            - {addresses: [10.0.0.2], conditions: {ready: false}}
            - {addresses: [10.0.0.3], conditions: {ready: false, serving: true, terminating: true}}
            - {addresses: [10.0.0.4], conditions: {ready: null}}
            """)
        #expect(
            object
                == .endpointSlice(
                    EndpointSlice(
                        metadata: ObjectMeta(namespace: "shop", name: "web-1"), serviceName: "web",
                        ports: [EndpointPort(port: 8080), EndpointPort(name: "any", port: nil)],
                        endpoints: [
                            Endpoint(addresses: ["10.0.0.1"]), Endpoint(addresses: ["10.0.0.2"], isReady: false),
                            Endpoint(addresses: ["10.0.0.3"], isReady: false, isServing: true, isTerminating: true),
                            Endpoint(addresses: ["10.0.0.4"]),
                        ])))
    }

    @Test("Endpoints, which are slices in another form")
    func endpoints() throws {
        let object = try only(
            """
            apiVersion: v1
            kind: Endpoints
            metadata: {name: web, namespace: shop}
            subsets:
            - addresses: [{ip: 10.0.0.1}, {ip: "fd00::1"}]
              notReadyAddresses: [{ip: 10.0.0.2}]
              ports: [{name: http, port: 8080}]
            """)
        guard case .endpoints(let endpoints) = object else {
            Issue.record("\(object)")
            return
        }
        let slices = endpoints.slices()
        #expect(slices.map(\.metadata.name) == ["web-0-ipv4", "web-0-ipv6"])
        #expect(slices.allSatisfy { $0.serviceName == "web" && $0.ports == [EndpointPort(name: "http", port: 8080)] })
        #expect(slices[0].endpoints == [Endpoint(addresses: ["10.0.0.1"]), Endpoint(addresses: ["10.0.0.2"], isReady: false)])
        #expect(slices[1].addressType == .ipv6 && slices[1].endpoints == [Endpoint(addresses: ["fd00::1"])])
    }

    @Test("Secret: data is base64, stringData wins")
    func secret() throws {
        let object = try only(
            """
            apiVersion: v1
            kind: Secret
            metadata: {name: s}
            type: Opaque
            data:
              a: aGVsbG8=
              b: |
                aGVs
                bG8=
              c: aGVsbG8=
              empty: ""
            stringData: {c: plain}
            """)
        let hello = Array("hello".utf8)
        #expect(
            object
                == .secret(
                    Secret(
                        metadata: ObjectMeta(namespace: "default", name: "s"),
                        data: ["a": hello, "b": hello, "c": Array("plain".utf8), "empty": []])))
    }

    @Test("ConfigMap and Namespace")
    func others() throws {
        let configMap = try only(
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {k: \"1\"}, binaryData: {b: AA==}}")
        #expect(configMap == .configMap(ConfigMap(metadata: ObjectMeta(namespace: "default", name: "c"), data: ["k": "1"])))
        let namespace = try only("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}")
        #expect(namespace == .namespace(Namespace(metadata: ObjectMeta(name: "shop"))))
    }

    @Test("Lists are flattened, and lists of one kind name it once")
    func lists() {
        let decoded = decodeDocuments(
            Array(
                """
                apiVersion: v1
                kind: List
                items:
                - {apiVersion: v1, kind: Namespace, metadata: {name: a}}
                - {apiVersion: v1, kind: Namespace, metadata: {name: A}}
                ---
                apiVersion: v1
                kind: NamespaceList
                items:
                - metadata: {name: b}
                ---
                {apiVersion: v1, kind: ServiceList, items: null}
                ---
                {apiVersion: apps/v1, kind: DeploymentList, items: []}
                """.utf8), file: "x.yaml")
        #expect(decoded.objects.map(\.object.key.name) == ["a", "b"])
        #expect(decoded.objects.map(\.location.line) == [4, 10])
        #expect(decoded.findings.map(\.key) == ["items[1].metadata.name"])
        #expect(decoded.findings.map(\.location?.description) == ["x.yaml:5:54"])
        #expect(decoded.skipped == ["apps/v1 DeploymentList without a name"])
    }

    @Test("Other kinds are skipped, and old versions of ours with a warning")
    func skipping() {
        let decoded = decodeDocuments(
            Array(
                """
                {apiVersion: apps/v1, kind: Deployment, metadata: {name: web}}
                ---
                {apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: web}}
                ---
                {apiVersion: extensions/v1beta1, kind: Ingress, metadata: {name: web}}
                """.utf8), file: "x.yaml")
        #expect(decoded.objects.isEmpty)
        #expect(
            decoded.skipped == [
                "apps/v1 Deployment web", "serving.knative.dev/v1 Service web", "extensions/v1beta1 Ingress web",
            ])
        #expect(decoded.findings.map(\.severity) == [.warning])
        #expect(decoded.findings.map(\.example) == ["networking.k8s.io/v1"])
    }

    @Test("An object that is there twice is taken once")
    func twice() {
        let text =
            "{apiVersion: v1, kind: Namespace, metadata: {name: a}}\n---\n{apiVersion: v1, kind: Namespace, metadata: {name: a}}\n"
        let decoded = decodeDocuments(Array(text.utf8), file: "x.yaml")
        #expect(decoded.objects.map(\.location.line) == [1])
        #expect(decoded.findings.map(\.location?.line) == [3])
    }

    @Test("A document with a duplicate key is refused under its name, others stand")
    func duplicateKey() {
        let text = """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: c}
            data: {}
            data: {}
            ---
            {apiVersion: v1, kind: Namespace, metadata: {name: a}}
            """
        let decoded = decodeDocuments(Array(text.utf8), file: "x.yaml")
        #expect(decoded.isComplete)
        #expect(decoded.objects.map(\.object.key.name) == ["a"])
        #expect(decoded.refused == [ObjectKey(.configMap, namespace: "default", name: "c")])
        #expect(
            decoded.findings.map(\.description) == [
                "x.yaml:5:1: ConfigMap default/c: has the key \"data\" twice; expected each key once"
            ])
    }
}
