import Testing

@Suite("Backends: paths and addresses")
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
            Manifests.service() + Manifests.service("quiet", annotations: ["forwarded-for": "false"]) + Manifests.ingress()
            + Manifests.ingress("quiet", host: "quiet.example.com", service: "quiet")
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            let url = "http://shop.example.com/"
            #expect(try await controller.request(url).seen?.headers["x-forwarded-for"] == "127.0.0.1")
            let forged = try await controller.request(url, headers: ["X-Forwarded-For": "192.0.2.1"]).seen
            #expect(forged?.headers["x-forwarded-for"]?.hasSuffix("127.0.0.1") == true)
            #expect(try await controller.request("http://quiet.example.com/").seen?.headers["x-forwarded-for"] == nil)
            try await controller.write("map.yaml", Manifests.configMap(["forwarded-for": "false"]))
            try await controller.eventually(url) { $0.seen.map { $0.headers["x-forwarded-for"] == nil } ?? false }
        }
    }
}
