import Testing

@Suite("Error pages")
struct ErrorPageTests {
    private static func pages(_ pages: KeyValuePairs<String, String>) -> String {
        let data = pages.map { code, text in
            "  \"\(code)\": |+\n" + text.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)\n" }.joined()
        }
        return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: pages, namespace: ops}\ndata:\n\(data.joined())---\n"
    }

    @Test(
        "HAProxy answers with the pages of a ConfigMap, follows their changes, and leaves out those that it cannot send",
        arguments: ["--configmap-errorfiles", "--configmap-errorfile"])
    func pages(flag: String) async throws {
        let manifests =
            Manifests.service() + Manifests.service("empty", pods: []) + Manifests.ingress()
            + Manifests.ingress("empty", host: "empty.example.com", service: "empty")
            + Manifests.ingress("closed", host: "closed.example.com", annotations: ["deny-list": "127.0.0.0/8"])
        let files = [
            "all.yaml": manifests,
            "pages.yaml": Self.pages([
                "503": "<h1>Back soon</h1>", "404": #"{"error": "not found"}"#,
                "403": "HTTP/1.0 403 Not for you\nContent-Type: text/x-custom\nX-Page: ours\n\nGo away", "505": "x",
                "500": "HTTP/1.1 100 Continue\n\nx", "502": String(repeating: "x", count: 16_000),
            ]),
        ]
        try await TestController.with(files, arguments: [flag, "ops/pages"]) { controller async throws in
            let unavailable = try await controller.request("http://empty.example.com/")
            #expect(unavailable.status == 503 && unavailable.body == "<h1>Back soon</h1>\n")
            #expect(unavailable.header("content-type") == "text/html; charset=utf-8")
            #expect(unavailable.header("cache-control") == "no-cache")
            let missing = try await controller.request("https://nobody.example.com/")
            #expect(missing.status == 404 && missing.body == "{\"error\": \"not found\"}\n")
            #expect(missing.header("content-type") == "application/json")
            let denied = try await controller.request("http://closed.example.com/")
            #expect(denied.status == 403 && denied.body == "Go away\n" && denied.header("x-page") == "ours")
            #expect(try await controller.request("http://shop.example.com/").pod == "pod-1")
            for problem in [
                "ConfigMap ops/pages: 505: \"x\\n\": is a page for \"505\"; expected a key that is one of 200, 400,",
                "is an answer with status \"100\", which is not a number from 200 to 999",
                "bytes, of which HAProxy's buffer holds 15360",
            ] { #expect(controller.log.contains(problem)) }

            try await controller.write("pages.yaml", Self.pages(["503": "Tomorrow"]))
            let changed = try await controller.eventually("http://empty.example.com/") { $0.body == "Tomorrow\n" }
            #expect(changed.header("content-type") == "text/plain; charset=utf-8")
            #expect(
                try await controller.request("http://closed.example.com/").body.contains(
                    "Request forbidden by administrative rules"))
            try await controller.remove("pages.yaml")
            try await controller.eventually("http://empty.example.com/") { $0.body.contains("No server is available") }
            #expect(controller.log.contains("ConfigMap ops/pages: does not exist"))
        }
    }

    @Test("a page answers with the status, headers and body of its own message in place of the code that is its key")
    func otherStatus() async throws {
        let manifests =
            Manifests.service("empty", pods: []) + Manifests.ingress("empty", host: "empty.example.com", service: "empty")
            + Manifests.service()
            + Manifests.ingress("closed", host: "closed.example.com", annotations: ["deny-list": "127.0.0.0/8"])
        let files = [
            "all.yaml": manifests,
            "pages.yaml": Self.pages([
                "503": "HTTP/1.1 521 Web server is down\nX-Page: ours\n\nBack soon",
                "404": "HTTP/1.1 302 Found\nLocation: https://www.example.com/\n\n", "403": "HTTP/1.1 204 Nothing\n\n",
            ]),
        ]
        try await TestController.with(files, arguments: ["--configmap-errorfiles", "ops/pages"]) { controller async throws in
            let down = try await controller.request("http://empty.example.com/")
            #expect(down.status == 521 && down.body == "Back soon\n" && down.header("x-page") == "ours")
            let moved = try await controller.request("http://nobody.example.com/")
            #expect(moved.status == 302 && moved.header("location") == "https://www.example.com/")
            #expect(try await controller.request("http://closed.example.com/").status == 204)
            #expect(!controller.log.contains("ConfigMap ops/pages"))

            try await controller.write("pages.yaml", Self.pages(["503": "HTTP/1.1 530 Frozen\n\nStill down"]))
            try await controller.eventually("http://empty.example.com/") { $0.status == 530 && $0.body == "Still down\n" }
        }
    }
}
