import Testing

@Suite("Default backends and open rules")
struct DefaultBackendTests {
    private let services = ["web", "other", "fallback"].enumerated().map { Manifests.service($1, pods: [$0 + 1]) }.joined()
    private let pods = ["web", "other", "fallback"]

    private func defaultBackend(_ name: String, service: String, host: String? = nil) -> String {
        let rules =
            host.map {
                """
                  rules:
                    - host: \($0)
                      http: {paths: [{path: /app, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}

                """
            } ?? ""
        return """
            apiVersion: networking.k8s.io/v1
            kind: Ingress
            metadata: {name: \(name), namespace: shop}
            spec:
              defaultBackend: {service: {name: \(service), port: {name: http}}}
            \(rules)---

            """
    }

    @Test("a rule without host takes the requests of all hosts that have no rule for the path")
    func withoutHost() async throws {
        let manifests =
            services + Manifests.ingress("named", path: "/app")
            + Manifests.ingress("open", host: nil, path: "/", service: "other")
        try await TestController.with(["all.yaml": manifests], pods: pods) { controller async throws in
            #expect(try await controller.request("http://shop.example.com/app").pod == "web")
            #expect(try await controller.request("http://any.example.org/app").pod == "other")
            #expect(try await controller.request("https://any.example.org/").pod == "other")
        }
    }

    @Test("defaultBackend without rules takes what no rule matches")
    func alone() async throws {
        let manifests = services + Manifests.ingress(path: "/app") + defaultBackend("rest", service: "fallback")
        try await TestController.with(["all.yaml": manifests], pods: pods) { controller async throws in
            #expect(try await controller.request("http://shop.example.com/app").pod == "web")
            #expect(try await controller.request("http://shop.example.com/else").pod == "fallback")
            #expect(try await controller.request("http://any.example.org/").pod == "fallback")
        }
    }

    @Test("defaultBackend beside rules takes the paths of its hosts that no rule names")
    func besideRules() async throws {
        let manifests =
            services + defaultBackend("own", service: "fallback", host: "own.example.com")
            + Manifests.ingress("open", host: nil, path: "/", service: "other")
        try await TestController.with(["all.yaml": manifests], pods: pods) { controller async throws in
            #expect(try await controller.request("http://own.example.com/app/x").pod == "web")
            #expect(try await controller.request("http://own.example.com/else").pod == "fallback")
            #expect(try await controller.request("http://any.example.org/").pod == "other")
        }
    }

    @Test(
        "--default-backend-service takes what nothing matches",
        arguments: ["shop/fallback", "shop/fallback:http", "shop/fallback:80"])
    func option(service: String) async throws {
        let files = ["all.yaml": services + Manifests.ingress(path: "/app"), "fallback.yaml": ""]
        let arguments = ["--default-backend-service", service]
        try await TestController.with(files, pods: pods, arguments: arguments) { controller async throws in
            #expect(try await controller.request("http://shop.example.com/app").pod == "web")
            #expect(try await controller.request("http://shop.example.com/").pod == "fallback")
            #expect(try await controller.request("https://any.example.org/").pod == "fallback")
            // An Ingress's own default backend comes first.
            try await controller.write("fallback.yaml", defaultBackend("rest", service: "other"))
            try await controller.eventually("http://any.example.org/") { $0.pod == "other" }
        }
    }

    @Test("a --default-backend-service that does not exist yet is 503 and disturbs no route")
    func missingOption() async throws {
        let files = ["all.yaml": services + Manifests.ingress(path: "/app")]
        let arguments = ["--default-backend-service", "shop/later"]
        try await TestController.with(files, pods: pods, arguments: arguments) { controller async throws in
            #expect(try await controller.request("http://shop.example.com/app").pod == "web")
            #expect(try await controller.request("http://any.example.org/").status == 503)
            #expect(controller.log.contains("Service shop/later does not exist"))
            try await controller.write("later.yaml", Manifests.service("later", pods: [3]))
            try await controller.eventually("http://any.example.org/") { $0.pod == "fallback" }
        }
    }
}
