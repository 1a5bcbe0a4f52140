import Testing

@Suite("Backends: paths, addresses and timeouts")
struct BackendTests {
    @Test("path-rewrite replaces the path or parts of it, line by line, for its own Ingress only, and keeps the query")
    func pathRewrite() async throws {
        let manifests =
            Manifests.service()
            + Manifests.ingress("whole", host: "whole.example.com", annotations: ["path-rewrite": "/fixed"])
            + Manifests.ingress("part", host: "part.example.com", annotations: ["path-rewrite": #"^/shop/?(.*)$ /\1"#])
            + Manifests.ingress(
                "lines", host: "lines.example.com", annotations: ["path-rewrite": "/a/(.*) /b/\\1\n/b/(.*) /c/\\1"])
            + Manifests.ingress("plain", host: "plain.example.com")
        let expected = [
            "whole.example.com/any/way?x=1": "/fixed?x=1", "part.example.com/shop/cart?x=/shop": "/cart?x=/shop",
            "part.example.com/shop": "/", "part.example.com/other": "/other", "lines.example.com/a/1": "/c/1",
            "plain.example.com/shop/cart": "/shop/cart",
        ]
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            for (url, path) in expected {
                #expect(try await controller.request("http://\(url)").seen?.path == path, "\(url)")
            }
        }
    }

    @Test("X-Forwarded-For tells the pods the client's address, after what the client sent, unless it is switched off")
    func forwardedFor() async throws {
        let manifests =
            Manifests.service() + Manifests.service("off", annotations: ["forwarded-for": "false"]) + Manifests.ingress()
            + Manifests.ingress("off", host: "off.example.com", service: "off")
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            let url = "http://shop.example.com/"
            #expect(try await controller.request(url).seen?.headers["x-forwarded-for"] == "127.0.0.1")
            let forged = try await controller.request(url, headers: ["X-Forwarded-For": "192.0.2.1"]).seen
            #expect(forged?.headers["x-forwarded-for"]?.hasSuffix("127.0.0.1") == true)
            #expect(try await controller.request("http://off.example.com/").seen?.headers["x-forwarded-for"] == nil)
            try controller.write("map.yaml", Manifests.configMap(["forwarded-for": "false"]))
            try await controller.eventually(url) { $0.seen.map { $0.headers["x-forwarded-for"] == nil } ?? false }
        }
    }

    @Test("timeout-server answers 504 for pods that take longer, where it is set")
    func timeoutServer() async throws {
        let manifests =
            Manifests.service() + Manifests.service("patient", annotations: ["timeout-server": "5s"])
            + Manifests.ingress(annotations: ["timeout-server": "200ms"])
            + Manifests.ingress("patient", host: "patient.example.com", service: "patient")
        let files = ["all.yaml": manifests, "map.yaml": Manifests.configMap(["timeout-server": "300ms"])]
        try await TestController.with(files) { controller async throws in
            #expect(try await controller.request("http://shop.example.com/?delay=1500").status == 504)
            #expect(try await controller.request("http://shop.example.com/").status == 200)
            #expect(try await controller.request("http://patient.example.com/?delay=1000").status == 200)
            try controller.write("all.yaml", manifests.replacingOccurrences(of: "\"5s\"", with: "\"never\""))
            try await controller.eventually("http://patient.example.com/?delay=1000") { $0.status == 504 }
            #expect(controller.log.contains("Service shop/patient: haproxy.org/timeout-server"))
        }
    }

    @Test("timeout-client ends the wait for a client that stops in the middle of its request's head")
    func timeoutClient() async throws {
        let files = [
            "all.yaml": Manifests.service() + Manifests.ingress(), "map.yaml": Manifests.configMap(["timeout-client": "300ms"]),
        ]
        try await TestController.with(files) { controller async throws in
            let start = ContinuousClock.now
            let answer = try await controller.exchange("GET / HTTP/1.1\r\nHost: shop.example.com\r\n", within: 8)
            #expect(answer.hasPrefix("HTTP/1.1 408"), "\(answer)")
            // Without it timeout-http-request would have ended it after five seconds.
            #expect(ContinuousClock.now - start < .seconds(3))
        }
    }

    @Test("maxconn and nbthread are those of the process, and more threads than processors are refused")
    func process() async throws {
        let files = [
            "all.yaml": Manifests.service() + Manifests.ingress(),
            "map.yaml": Manifests.configMap(["maxconn": "137", "nbthread": "1"]),
        ]
        try await TestController.with(files) { controller async throws in
            let info = try await controller.runtimeAPI("show info").split(separator: "\n")
            #expect(info.contains("Maxconn: 137"))
            #expect(info.contains("Nbthread: 1"))
            try controller.write("map.yaml", Manifests.configMap(["maxconn": "138", "nbthread": "4096"]))
            try await controller.wait("the new limit is in force") {
                try await controller.runtimeAPI("show info").contains("\nMaxconn: 138\n")
            }
            #expect(controller.log.contains("ConfigMap default/haproxy-configmap: nbthread"))
            #expect(controller.log.contains("is more threads than there are processors"))
            #expect(try await controller.request("http://shop.example.com/").status == 200)
        }
    }
}
