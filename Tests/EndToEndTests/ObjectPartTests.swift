import Foundation
import TestSupport
import Testing

@Suite("Parts of objects")
struct ObjectPartTests {
    private static let url = "http://shop.example.com/"

    private static func path(_ path: String, _ type: String = "Prefix", backend: String? = nil) -> String {
        "{path: \(path), pathType: \(type), backend: \(backend ?? "{service: {name: web, port: {number: 80}}}")}"
    }

    private static func ingress(_ paths: [String], host: String = "shop.example.com", rules: String = "") -> String {
        """
        apiVersion: networking.k8s.io/v1
        kind: Ingress
        metadata: {name: web, namespace: shop}
        spec: {rules: [{host: \(host), http: {paths: [\(paths.joined(separator: ", "))]}}\(rules)]}
        ---

        """
    }

    @Test("a path or host that cannot be costs its own route only", .manifestsOnly("an API server does not take them"))
    func paths() async throws {
        let paths = [
            Self.path("/good"), Self.path(#""/a\\b""#, "ImplementationSpecific"), Self.path("nothing"),
            Self.path("/bucket", backend: "{resource: {kind: Bucket, name: b}}"), Self.path(#""/line\nbreak""#, "Exact"),
            Self.path("/last"),
        ]
        let rules =
            ", {host: UPPER.example.com, http: {paths: [\(Self.path("/"))]}}, {host: b.example.com, http: {paths: [\(Self.path("/"))]}}"
        let files = ["web.yaml": Manifests.service(), "ingress.yaml": Self.ingress(paths, rules: rules)]
        try await TestController.with(files, arguments: []) { controller async throws in
            for good in [Self.url + "good", Self.url + "last", "http://b.example.com/"] {
                #expect(try await controller.request(good).pod == "pod-1", "\(good)")
            }
            #expect(try await controller.request(Self.url + "bucket").status == 404)
            #expect(try await controller.request("http://upper.example.com/").status == 404)
            for key in [
                "[0].http.paths[1].path", "[0].http.paths[2].path", "[0].http.paths[3].backend.resource",
                "[0].http.paths[4].path", "[1].host",
            ] {
                #expect(controller.log.contains("Ingress shop/web: spec.rules\(key): "), "\(key)")
            }
        }
    }

    @Test("paths with characters that no URI has are found as clients send them")
    func spellings() async throws {
        let paths = [
            Self.path("\"/a#b\"", "Exact"), Self.path("/café"), Self.path("/a%2Fb", "ImplementationSpecific"),
            Self.path("\"/{x}|y\"", "Exact"),
        ]
        try await TestController.with(["web.yaml": Manifests.service(), "ingress.yaml": Self.ingress(paths)]) {
            controller async throws in
            let found = ["a%23b", "caf%C3%A9", "caf%c3%a9/menu", "a%2Fb", "%7Bx%7D%7Cy", "%7bx%7d%7cy"]
            for path in found { #expect(try await controller.request(Self.url + path).pod == "pod-1", "\(path)") }
            for path in ["a", "caf", "a/b", "a%2fb"] {
                #expect(try await controller.request(Self.url + path).status == 404, "\(path)")
            }
            // New entries of a running HAProxy are the same.
            try await controller.write("late.yaml", Manifests.ingress("late", path: "/über", pathType: "Exact"))
            try await controller.eventually(Self.url + "%C3%BCber") { $0.pod == "pod-1" }
            #expect(try await controller.reloads == 0)
        }
    }

    @Test(
        "an endpoint that is no address of a pod is left out and told, and the others serve",
        .manifestsOnly("an API server does not take all of them"))
    func endpoints() async throws {
        func slice(_ name: String, _ type: String, _ addresses: [String]) -> String {
            """
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: \(name), namespace: shop, labels: {kubernetes.io/service-name: web}}
            addressType: \(type)
            ports: [{name: http, port: 8080}, {name: http, port: 8080, protocol: UDP}, {name: bad, port: 0}]
            endpoints: [\(addresses.map { "{addresses: [\($0)]}" }.joined(separator: ", "))]
            ---

            """
        }
        let bad = ["127.0.0.300", #""127.0.0.1\0.evil.example.com""#, "''", "web.example.com", "'::ffff:127.0.0.1'", "127.1"]
        let files = [
            "web.yaml": Manifests.service(pods: []) + Manifests.ingress(),
            "slices.yaml": slice("a", "IPv4", bad + ["NET.1", "0.0.0.0", "224.0.0.1"])
                + slice("b", "IPv6", ["fe80::1%eth0", "'::ffff:127.0.0.1'"])
                + slice("c", "FQDN", ["does-not-resolve.example.com"]),
        ]
        try await TestController.with(files) { controller async throws in
            #expect(try await controller.podsAnswering(Self.url) == ["pod-1"])
            #expect(try await controller.servers().map(\.address) == ["\(controller.network)1"])
            for (index, _) in bad.enumerated() {
                #expect(controller.log.contains("EndpointSlice shop/a: endpoints[\(index)].addresses[0]: "), "\(index)")
            }
            #expect(controller.log.contains("EndpointSlice shop/a: endpoints: \"0.0.0.0:8080\": is left out"))
            #expect(controller.log.contains("EndpointSlice shop/b: endpoints[0].addresses[0]: \"fe80::1%eth0\""))
            #expect(controller.log.contains("EndpointSlice shop/c: endpoints[0].addresses[0]: \"does-not-resolve.example.com\""))
            // Of a manifest whose update has a bad part the last version stays in force, so that this one has none.
            let good = slice("a", "IPv4", ["NET.1", "NET.2"]).replacing(", {name: bad, port: 0}", with: "")
            try await controller.write("slices.yaml", good)
            try await controller.wait("the other pod is there") { try await controller.servers().count == 2 }
            #expect(try await controller.reloads == 0)
        }
    }

    @Test("an endpoint at a listener of the controller is left out and told")
    func ownListeners() async throws {
        func slice(_ port: Int) -> String {
            """
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: own, namespace: shop, labels: {kubernetes.io/service-name: own}}
            addressType: IPv4
            ports: [{name: http, port: \(port)}]
            endpoints: [{addresses: [127.0.0.1]}]
            ---

            """
        }
        let files = [
            "web.yaml": Manifests.service() + Manifests.ingress(),
            "own.yaml": Manifests.service("own", pods: []) + Manifests.ingress("own", path: "/own", service: "own"),
        ]
        try await TestController.with(files) { controller async throws in
            for port in [controller.stats, controller.healthz, controller.admin, controller.http, controller.https] {
                try await controller.write("slice.yaml", slice(port))
                try await controller.wait("port \(port) is told") {
                    controller.log.contains(
                        "EndpointSlice shop/own: endpoints: \"127.0.0.1:\(port)\": is left out: the controller itself")
                }
                #expect(try await controller.request(Self.url + "own").status == 503)
                #expect(try await controller.request(Self.url).pod == "pod-1")
            }
        }
    }

    @Test("Services whose names begin with a digit are served", .manifestsOnly("older API servers do not take them"))
    func digits() async throws {
        let files = ["all.yaml": Manifests.service("1web") + Manifests.ingress(service: "1web")]
        try await TestController.with(files) { controller async throws in
            #expect(try await controller.request(Self.url).pod == "pod-1")
        }
    }
}
