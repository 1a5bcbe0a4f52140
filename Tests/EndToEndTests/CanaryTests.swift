import Testing

@Suite("Canaries and backends of one's own")
struct CanaryTests {
    private let url = "http://shop.example.com/"

    @Test("a canary takes the requests that its ACL matches, over HTTP and HTTPS, with the annotations of its own Ingress")
    func canary() async throws {
        let manifests =
            Manifests.service() + Manifests.service("next", pods: [2], annotations: ["route-acl": "cookie(staging) -m found"])
            + Manifests.service("beta", pods: [3], annotations: ["route-acl": "req.hdr(x-version) -m str \"beta 2\""])
            + Manifests.ingress(created: "2025-01-01T00:00:00Z")
            + Manifests.ingress(
                "next", service: "next", annotations: ["response-set-header": "X-Track next"], created: "2025-01-02T00:00:00Z")
            + Manifests.ingress("beta", service: "beta", created: "2025-01-03T00:00:00Z")
        try await TestController.with(["all.yaml": manifests], pods: ["stable", "next", "beta"]) { controller async throws in
            for scheme in ["http", "https"] {
                func answer(_ headers: [String: String]) async throws -> Response {
                    try await controller.request("\(scheme)://shop.example.com/cart", headers: headers)
                }
                let plain = try await answer([:])
                #expect(plain.pod == "stable" && plain.headers["x-track"] == nil)
                let next = try await answer(["Cookie": "a=b; staging=yes"])
                #expect(next.pod == "next" && next.headers["x-track"] == ["next"])
                #expect(try await answer(["X-Version": "beta 2"]).pod == "beta")
                #expect(try await answer(["X-Version": "beta"]).pod == "stable")
                // Of two that match the older one's.
                #expect(try await answer(["X-Version": "beta 2", "Cookie": "staging=1"]).pod == "next")
            }
            // A further path with an ACL that is in use is a matter of maps.
            try await controller.write(
                "more.yaml", Manifests.ingress("more", host: "more.example.com", path: "/x", service: "next"))
            try await controller.eventually("http://more.example.com/x/y", headers: ["Cookie": "staging=1"]) { $0.pod == "next" }
            #expect(try await controller.request("http://more.example.com/x/y").status == 404)
            #expect(try await controller.reloads == 0)
        }
    }

    @Test(
        "the canary of the Go controller's documentation takes a quarter of the requests: one Ingress, one of its paths unnamed")
    func documentedCanary() async throws {
        try await TestController.with(["all.yaml": Self.documented], pods: ["prod", "staging"]) { controller async throws in
            var pods: [String: Int] = [:]
            for _ in 0..<120 {
                let response = try await controller.request("http://echo.haproxy.local/")
                pods[response.pod ?? "\(response.status)", default: 0] += 1
            }
            #expect(Set(pods.keys) == ["prod", "staging"], "\(pods)")
            // 30 are to be expected, and 25 away from it is more than five standard deviations.
            #expect((5...55).contains(pods["staging"] ?? 0), "\(pods)")
            #expect(try await controller.request("http://other.haproxy.local/").status == 404)
            let told = controller.log.split(separator: "\n").filter { $0.contains("echo") && $0.contains("default/") }
            #expect(told.isEmpty, "\(told)")
        }
    }

    /// Its canary-deployment.md as it is, and the slices that the cluster makes of it.
    private static let documented = """
        kind: Service
        apiVersion: v1
        metadata:
          name: echo-prod
        spec:
          ports:
            - name: http
              port: 80
              protocol: TCP
              targetPort: http
          selector:
            app: echo-prod
        ---
        kind: Service
        apiVersion: v1
        metadata:
          name: echo-staging
          annotations:
            route-acl: "rand(100) lt 25"
        spec:
          ports:
            - name: http
              port: 80
              protocol: TCP
              targetPort: http
          selector:
            app: echo-staging
        ---
        kind: Ingress
        apiVersion: networking.k8s.io/v1
        metadata:
          name: echo
        spec:
          rules:
          - host: echo.haproxy.local
            http:
              paths:
                - path: /
                  pathType: ImplementationSpecific
                  backend:
                    service:
                      name: echo-prod
                      port:
                        name: http
                - pathType: ImplementationSpecific
                  backend:
                    service:
                      name: echo-staging
                      port:
                        name: http
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: echo-prod-1, labels: {kubernetes.io/service-name: echo-prod}}
        addressType: IPv4
        ports: [{name: http, port: 8080}]
        endpoints: [{addresses: [NET.1], conditions: {ready: true}}]
        ---
        apiVersion: discovery.k8s.io/v1
        kind: EndpointSlice
        metadata: {name: echo-staging-1, labels: {kubernetes.io/service-name: echo-staging}}
        addressType: IPv4
        ports: [{name: http, port: 8080}]
        endpoints: [{addresses: [NET.2], conditions: {ready: true}}]
        """

    @Test("a path that only a canary has falls back to the shorter path of the host")
    func fallback() async throws {
        let manifests =
            Manifests.service() + Manifests.service("next", pods: [2], annotations: ["route-acl": "req.hdr(x-next) -m found"])
            + Manifests.ingress() + Manifests.ingress("next", path: "/deep/path", service: "next")
            + Manifests.ingress("exact", path: "/exact", pathType: "Exact", service: "next")
        try await TestController.with(["all.yaml": manifests], pods: ["stable", "next"]) { controller async throws in
            for path in ["deep/path", "deep/path/more", "exact"] {
                #expect(try await controller.request(url + path).pod == "stable", "\(path)")
                #expect(try await controller.request(url + path, headers: ["X-Next": "1"]).pod == "next", "\(path)")
            }
            #expect(try await controller.request(url + "deep", headers: ["X-Next": "1"]).pod == "stable")
        }
    }

    @Test("an ACL that HAProxy refuses, or that would do more than read, leaves the stable Service alone")
    func broken() async throws {
        func manifests(_ acl: String) -> String {
            Manifests.service() + Manifests.service("next", pods: [2], annotations: ["route-acl": acl])
                + Manifests.service("other", pods: [2], annotations: ["route-acl": acl])
                + Manifests.ingress("next", service: "next", created: "2020-01-01T00:00:00Z") + Manifests.ingress()
                + Manifests.ingress("other", path: "/other", service: "other")
        }
        try await TestController.with(["all.yaml": manifests("ssl_fc,ipmask(24) -m found")], pods: ["stable", "next"]) {
            controller async throws in
            #expect(try await controller.request(url).pod == "stable")
            #expect(try await controller.request(url + "other").pod == "stable")
            for service in ["next", "other"] {
                #expect(
                    controller.log.contains(
                        "Service shop/\(service): haproxy.org/route-acl: \"ssl_fc,ipmask(24) -m found\": is refused by HAProxy"))
            }
            try await controller.write("all.yaml", manifests("str(shop_svc_other_http),set-var(txn.route) -m found"))
            try await controller.wait("the reason is told") { controller.log.contains("uses \"set-var\"") }
            #expect(try await controller.request(url).pod == "stable")
            try await controller.write("all.yaml", manifests("always_true"))
            try await controller.eventually(url) { $0.pod == "next" }
        }
    }

    @Test("standalone-backend gives an Ingress a backend of its own, whose pods follow the Service")
    func standalone() async throws {
        func manifests(pods: [Int]) -> String {
            Manifests.service(pods: pods) + Manifests.ingress(created: "2025-01-01T00:00:00Z")
                + Manifests.ingress("shared", host: "shared.example.com", created: "2025-01-02T00:00:00Z")
                + Manifests.ingress(
                    "alone", host: "alone.example.com", annotations: ["standalone-backend": "true"],
                    created: "2025-01-03T00:00:00Z")
        }
        try await TestController.with(["all.yaml": manifests(pods: [1])], pods: ["pod-1", "pod-2"]) { controller async throws in
            let lines = controller.configuration.split(separator: "\n").filter { $0.hasPrefix("backend shop_svc_web_http") }
            #expect(lines.count == 2 && lines.contains("backend shop_svc_web_http"))
            let own = try #require(lines.first { $0 != "backend shop_svc_web_http" }?.dropFirst("backend ".count))
            #expect(try await controller.request("http://alone.example.com/").pod == "pod-1")
            let statistics = try await controller.runtimeAPI("show stat").split(separator: "\n").map {
                $0.split(separator: ",", omittingEmptySubsequences: false)
            }
            #expect(statistics.first { $0[0] == own && $0[1] == "BACKEND" }?[7] == "1")
            #expect(statistics.first { $0[0] == "shop_svc_web_http" && $0[1] == "BACKEND" }?[7] == "0")
            try await controller.write("all.yaml", manifests(pods: [2]))
            for host in ["shop", "shared", "alone"] {
                try await controller.eventually("http://\(host).example.com/") { $0.pod == "pod-2" }
            }
            #expect(try await controller.reloads == 0)
        }
    }
}
