import Foundation
import Testing

@Suite("Redirects")
struct RedirectTests {
    private static let url = "http://shop.example.com/cart?item=1&n=2"

    @Test("request-redirect keeps scheme, path and query, and follows changes without a reload")
    func requestRedirect() async throws {
        func manifests(_ annotations: [String: String]) -> String { Manifests.service() + Manifests.ingress(annotations: annotations) }
        try await TestController.with(["all.yaml": manifests(["request-redirect": "www.example.com"])]) { controller async throws in
            let plain = try await controller.request(Self.url)
            #expect(plain.status == 302)
            #expect(plain.header("location") == "http://www.example.com/cart?item=1&n=2")
            let tls = try await controller.request("https://shop.example.com/")
            #expect(tls.header("location") == "https://www.example.com/")

            try controller.write(
                "all.yaml", manifests(["request-redirect": "www.example.org:8081", "request-redirect-code": "308"]))
            let changed = try await controller.eventually(Self.url) { $0.status == 308 }
            #expect(changed.header("location") == "http://www.example.org:8081/cart?item=1&n=2")
            #expect(try await controller.metric("haproxy_ingress_reloads_total") == 0)
            // Who asks for the target already is served.
            #expect(try await controller.request(Self.url, headers: ["Host": "shop.example.com"]).status == 308)
            try controller.write("all.yaml", manifests(["request-redirect": "shop.example.com"]))
            try await controller.eventually(Self.url) { $0.status == 200 }
        }
    }

    @Test("ssl-redirect sends plain HTTP to HTTPS: by default where spec.tls covers the host, with code and port as asked")
    func sslRedirect() async throws {
        let manifests =
            Manifests.service() + Manifests.ingress(tls: "none")
            + Manifests.ingress("plain", host: "plain.example.com")
            + Manifests.ingress("stay", host: "stay.example.com", annotations: ["ssl-redirect": "false"], tls: "none")
            + Manifests.ingress(
                "port", host: "port.example.com",
                annotations: ["ssl-redirect": "true", "ssl-redirect-code": "301", "ssl-redirect-port": "8443"])
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            let byDefault = try await controller.request(Self.url, headers: ["Host": "shop.example.com:8080"])
            #expect(byDefault.status == 302)
            #expect(byDefault.header("location") == "https://shop.example.com/cart?item=1&n=2")
            #expect(try await controller.request("https://shop.example.com/").status == 200)
            #expect(try await controller.request("http://plain.example.com/").status == 200)
            #expect(try await controller.request("http://stay.example.com/").status == 200)
            let port = try await controller.request("http://port.example.com/x")
            #expect(port.status == 301)
            #expect(port.header("location") == "https://port.example.com:8443/x")
        }
    }
}
