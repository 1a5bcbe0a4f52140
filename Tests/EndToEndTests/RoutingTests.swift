import Foundation
import Testing

@Suite("Routing")
struct RoutingTests {
    @Test("an exact host wins over a wildcard, which takes exactly one label, and the host's case and port do not matter")
    func hosts() async throws {
        let manifests =
            Manifests.service("exact", pods: [1]) + Manifests.service("wild", pods: [2])
            + Manifests.ingress("exact", host: "a.example.com", service: "exact")
            + Manifests.ingress("wild", host: "*.example.com", service: "wild")
        try await TestController.with(["all.yaml": manifests], pods: ["exact", "wild"]) { controller async throws in
            #expect(try await controller.request("http://a.example.com/").pod == "exact")
            #expect(try await controller.request("http://b.example.com/").pod == "wild")
            #expect(try await controller.request("http://b.example.com/", headers: ["Host": "B.Example.COM:8080"]).pod == "wild")
            #expect(try await controller.request("http://c.b.example.com/").status == 404)
            #expect(try await controller.request("http://example.com/").status == 404)
        }
    }

    @Test("Exact comes before Prefix, a Prefix matches whole path elements, and the longest prefix wins")
    func paths() async throws {
        let names = ["exact", "foo", "deep", "root"]
        var manifests = names.enumerated().map { Manifests.service($1, pods: [$0 + 1]) }.joined()
        manifests += Manifests.ingress("exact", path: "/foo", pathType: "Exact", service: "exact")
        manifests += Manifests.ingress("foo", path: "/foo", service: "foo")
        manifests += Manifests.ingress("deep", path: "/foo/deep/", pathType: "ImplementationSpecific", service: "deep")
        manifests += Manifests.ingress("root", path: "/", service: "root")
        let expected = [
            "/foo": "exact", "/foo/": "foo", "/foo/x": "foo", "/foobar": "root", "/": "root", "/foo/deep": "deep",
            "/foo/deep/er": "deep", "/foo/deeper": "foo", "/Foo": "root", "/foo?q=/x": "exact",
        ]
        try await TestController.with(["all.yaml": manifests], pods: names) { controller async throws in
            for (path, pod) in expected {
                #expect(try await controller.request("http://shop.example.com\(path)").pod == pod, "\(path)")
            }
        }
    }

    @Test("what no rule matches is 404, and a Service without ready endpoints is 503")
    func nothingThere() async throws {
        let manifests = Manifests.service(pods: []) + Manifests.ingress(path: "/app")
        try await TestController.with(["all.yaml": manifests], pods: []) { controller async throws in
            #expect(try await controller.request("http://shop.example.com/app").status == 503)
            #expect(try await controller.request("http://shop.example.com/other").status == 404)
            #expect(try await controller.request("http://other.example.com/app").status == 404)
        }
    }
}
