import Testing

@Suite("What Ingresses refer to")
struct BackendReferenceTests {
    private let url = "http://shop.example.com/"

    @Test("ports are found by number and by name, and targetPort through the slices")
    func ports() async throws {
        let service = """
            apiVersion: v1
            kind: Service
            metadata: {name: two, namespace: shop}
            spec:
              ports: [{name: web, port: 81, targetPort: http}, {name: api, port: 82, targetPort: 1234}]
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: two-1, namespace: shop, labels: {kubernetes.io/service-name: two}}
            addressType: IPv4
            ports: [{name: web, port: 8080}]
            endpoints: [{addresses: [NET.1]}]
            ---
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: two-2, namespace: shop, labels: {kubernetes.io/service-name: two}}
            addressType: IPv4
            ports: [{name: api, port: 8080}]
            endpoints: [{addresses: [NET.2]}]
            ---

            """
        let ingresses = ["name: web", "number: 81", "name: api", "number: 82"].enumerated().map {
            Manifests.ingress("i\($0)", path: "/\($0)", service: "two", port: $1)
        }
        try await TestController.with(["all.yaml": service + ingresses.joined()], pods: ["web", "api"]) {
            controller async throws in
            for (number, pod) in ["web", "web", "api", "api"].enumerated() {
                #expect(try await controller.request(url + "\(number)").pod == pod)
            }
        }
    }

    @Test("of two Ingresses that claim the same host and path the older wins, and the log names the other")
    func conflict() async throws {
        let files = [
            "services.yaml": Manifests.service("old", pods: [1]) + Manifests.service("new", pods: [2]),
            // The names and files are in the other order than the times.
            "a.yaml": Manifests.ingress("a-new", path: "/x", service: "new", created: "2024-05-01T00:00:00Z"),
            "b.yaml": Manifests.ingress("b-old", path: "/x", service: "old", created: "2020-05-01T00:00:00Z"),
            "c.yaml": Manifests.ingress("c-new", path: "/mine", service: "new", created: "2024-05-01T00:00:00Z"),
        ]
        try await TestController.with(files, pods: ["old", "new"]) { controller async throws in
            #expect(try await controller.request(url + "x").pod == "old")
            #expect(try await controller.request(url + "mine").pod == "new")
            #expect(
                controller.log.contains(
                    "Ingress shop/a-new: claims host shop.example.com, path /x, which the older Ingress shop/b-old has"))
            try await controller.remove("b.yaml")
            try await controller.eventually(url + "x") { $0.pod == "new" }
            #expect(try await controller.reloads() == 0)
        }
    }

    @Test("without times the first by namespace and name wins")
    func conflictByName() async throws {
        let manifests =
            Manifests.service("two", pods: [2]) + Manifests.service("one", pods: [1]) + Manifests.ingress("b", service: "two")
            + Manifests.ingress("a", service: "one")
        try await TestController.with(["all.yaml": manifests], pods: ["one", "two"]) { controller async throws in
            #expect(try await controller.request(url).pod == "one")
        }
    }

    private let external = """
        apiVersion: v1
        kind: Service
        metadata: {name: outside, namespace: shop}
        spec: {type: ExternalName, externalName: localhost, ports: [{name: http, port: 80, targetPort: PORT}]}
        ---

        """

    @Test("a Service of type ExternalName is reached by its name")
    func externalName() async throws {
        let port = try Loopback.freePorts(1)[0]
        try await TLSPods.with { _ in
            [TLSPod(name: "outside", localPort: port)]
        } _: { _ async throws in
            let service = external.replacingOccurrences(of: "PORT", with: String(port))
            let files = [
                "web.yaml": Manifests.service() + Manifests.ingress(),
                "external.yaml": service + Manifests.ingress("out", path: "/out", service: "outside"),
            ]
            try await TestController.with(files) { controller async throws in
                #expect(try await controller.request(url + "out").pod == "outside")
                #expect(try await controller.request(url).pod == "pod-1")
            }
        }
    }

    @Test("--disable-service-external-name refuses such Services")
    func externalNameDisabled() async throws {
        let service = external.replacingOccurrences(of: "PORT", with: "8080")
        let manifests =
            Manifests.service() + Manifests.ingress() + service + Manifests.ingress("out", path: "/out", service: "outside")
        try await TestController.with(["all.yaml": manifests], arguments: ["--disable-service-external-name"]) {
            controller async throws in
            #expect(try await controller.request(url + "out").status == 503)
            #expect(try await controller.request(url).pod == "pod-1")
            #expect(controller.log.contains("--disable-service-external-name"))
            #expect(!controller.configuration.contains("localhost"))
        }
    }

    @Test("a missing Service or port is 503 for its own path only, and mended when it appears")
    func missing() async throws {
        let manifests =
            Manifests.service() + Manifests.ingress() + Manifests.ingress("gone", path: "/gone", service: "later")
            + Manifests.ingress("port", path: "/port", port: "name: https")
            + Manifests.ingress("number", path: "/n", port: "number: 81")
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            for path in ["gone", "port", "n"] { #expect(try await controller.request(url + path).status == 503, "\(path)") }
            #expect(try await controller.request(url).pod == "pod-1")
            #expect(controller.log.contains("Ingress shop/gone: spec: Service shop/later does not exist"))
            #expect(controller.log.contains("Ingress shop/port: spec: Service shop/web has no port https; it has http (80)"))
            try await controller.write("later.yaml", Manifests.service("later"))
            try await controller.eventually(url + "gone") { $0.pod == "pod-1" }
            try await controller.wait("the mending is told") {
                controller.log.contains("mended: Ingress shop/gone: spec: Service shop/later does not exist")
            }
        }
    }

    @Test("HTTPS is routed as HTTP is")
    func tls() async throws {
        let manifests =
            Manifests.service("root", pods: [1]) + Manifests.service("deep", pods: [2]) + Manifests.service("wild", pods: [3])
            + Manifests.ingress("root", service: "root") + Manifests.ingress("deep", path: "/deep", service: "deep")
            + Manifests.ingress("exact", path: "/deep/one", pathType: "Exact", service: "root")
            + Manifests.ingress("wild", host: "*.example.org", service: "wild")
        let urls = [
            "shop.example.com/": "root", "shop.example.com/deep/x": "deep", "shop.example.com/deep/one": "root",
            "shop.example.com/deeper": "root", "a.example.org/deep": "wild", "a.b.example.org/": nil,
        ]
        try await TestController.with(["all.yaml": manifests], pods: ["root", "deep", "wild"]) { controller async throws in
            for (place, pod) in urls {
                for scheme in ["http", "https"] {
                    let response = try await controller.request("\(scheme)://\(place)")
                    #expect(response.pod == pod, "\(scheme)://\(place)")
                    if pod == nil { #expect(response.status == 404) }
                }
            }
        }
    }

    @Test(
        "namespaces are left out by white-list and by black-list",
        arguments: [
            ["--namespace-whitelist", "shop", "--namespace-whitelist", "more"], ["--namespace-blacklist", "secret"],
        ])
    func namespaces(arguments: [String]) async throws {
        let manifests = ["shop", "more", "secret"].map { namespace in
            Manifests.service(namespace: namespace) + Manifests.ingress(namespace: namespace, host: "\(namespace).example.com")
        }
        try await TestController.with(["all.yaml": manifests.joined()], arguments: arguments) { controller async throws in
            #expect(try await controller.request("http://shop.example.com/").status == 200)
            #expect(try await controller.request("http://more.example.com/").status == 200)
            #expect(try await controller.request("http://secret.example.com/").status == 404)
            #expect(!controller.configuration.contains("secret_"))
        }
    }
}
