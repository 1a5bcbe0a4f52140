import Foundation
import Testing

@Suite("Headers")
struct HeaderTests {
    @Test("request and response headers are set, plain values without a reload, log-format strings evaluated")
    func headers() async throws {
        func manifests(_ value: String) -> String {
            Manifests.service()
                + Manifests.ingress(annotations: [
                    "request-set-header": "X-Plain \(value)\nX-Path %[path]\nX-Percent 100%%\n",
                    "response-set-header": "X-Answer \"two words\"\nX-Pod hidden\n",
                ])
                + Manifests.ingress("other", host: "other.example.com")
        }
        try await TestController.with(["all.yaml": manifests("one")]) { controller async throws in
            let url = "http://shop.example.com/way"
            let response = try await controller.request(url, headers: ["X-Plain": "the client's"])
            #expect(response.seen?.headers["x-plain"] == "one")
            #expect(response.seen?.headers["x-path"] == "/way")
            #expect(response.seen?.headers["x-percent"] == "100%")
            #expect(response.header("x-answer") == "two words")
            #expect(response.header("x-pod") == "hidden")
            let other = try await controller.request("http://other.example.com/way")
            #expect(other.seen?.headers["x-plain"] == nil)
            #expect(other.header("x-answer") == nil)
            try controller.write("all.yaml", manifests("another one"))
            try await controller.eventually(url) { $0.seen?.headers["x-plain"] == "another one" }
            #expect(try await controller.metric("haproxy_ingress_reloads_total") == 0)
        }
    }

    @Test("set-host changes the Host that the pods get, not the route")
    func setHost() async throws {
        let manifests =
            Manifests.service("web", pods: [1]) + Manifests.service("internal", pods: [2])
            + Manifests.ingress(annotations: ["set-host": "internal.example.com"])
            + Manifests.ingress("internal", host: "internal.example.com", service: "internal")
        try await TestController.with(["all.yaml": manifests], pods: ["web", "internal"]) { controller async throws in
            let response = try await controller.request("http://shop.example.com/")
            #expect(response.pod == "web")
            #expect(response.seen?.host == "internal.example.com")
        }
    }
}
