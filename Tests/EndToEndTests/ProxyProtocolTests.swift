import Testing

@Suite("The PROXY protocol")
struct ProxyProtocolTests {
    @Test("listed sources must send the header, others must not, and networks change without a reload")
    func sources() async throws {
        func configMap(_ sources: String?) -> String { Manifests.configMap(sources.map { ["proxy-protocol": $0] } ?? [:]) }
        let files = [
            "config.yaml": configMap("127.99.0.0/16"),
            "web.yaml": Manifests.service() + Manifests.ingress(annotations: ["deny-list": "192.0.2.9"]),
        ]
        try await TestController.with(files) { controller async throws in
            let url = "http://shop.example.com/"
            func request(as client: String) async throws -> String {
                let header = "PROXY TCP4 \(client) 192.0.2.1 4000 80\r\n"
                let request = "GET / HTTP/1.1\r\nHost: shop.example.com\r\nConnection: close\r\n\r\n"
                return try await controller.exchange(header + request, within: 10)
            }
            #expect(try await controller.request(url).status == 200)

            try await controller.write("config.yaml", configMap("127.0.0.1, 2001:db8::/32, 127.0.4.0/24"))
            try await controller.wait("we are listed") {
                try await request(as: "192.0.2.7").contains(#""x-forwarded-for":"192.0.2.7""#)
            }
            #expect(try await request(as: "192.0.2.9").hasPrefix("HTTP/1.1 403"))
            #expect(try await controller.request(url).status == 0)
            #expect(try await controller.request(url, options: ["--interface", "127.0.0.3"]).status == 200)
            let header = ["--interface", "127.0.4.9", "--haproxy-protocol"]
            let secure = try await controller.request("https://shop.example.com/", options: header)
            #expect(secure.seen?.headers["x-forwarded-for"] == "127.0.4.9")

            try await controller.write("config.yaml", configMap(nil))
            try await controller.eventually(url) { $0.status == 200 }
            #expect(try await controller.reloads == 0)
        }
    }

    @Test("the header is read before the SNI where TLS is passed through")
    func passthrough() async throws {
        try await TLSPods.with {
            [TLSPod(name: "secure", certificate: try $0.leaf("secure.example.com"))]
        } _: { pods async throws in
            let manifests =
                pods.here(Manifests.service("secure")) + Manifests.service() + Manifests.ingress()
                + Manifests.ingress(
                    "secure", host: "secure.example.com", service: "secure", annotations: ["ssl-passthrough": "true"])
                + Manifests.configMap(["proxy-protocol": "127.0.0.4"])
            try await TestController.with(["all.yaml": manifests]) { controller async throws in
                let listed = ["--interface", "127.0.0.4"]
                let header = listed + ["--haproxy-protocol"]
                #expect(try await controller.request("https://secure.example.com/", options: header).pod == "secure")
                #expect(try await controller.request("https://secure.example.com/", options: listed).status == 0)
                #expect(try await controller.request("https://secure.example.com/").pod == "secure")
                let ended = try await controller.request("https://shop.example.com/", options: header)
                #expect(ended.seen?.headers["x-forwarded-for"] == "127.0.0.4")
            }
        }
    }

    @Test("pods get the header of the version that they want, with the client's address")
    func versions() async throws {
        let versions = ["proxy", "proxy-v1", "proxy-v2", "proxy-v2-ssl", "proxy-v2-ssl-cn"]
        try await RawPods.with(1) { pods in
            func service(_ name: String, _ version: String?) -> String {
                let annotations = version.map { ["send-proxy-protocol": $0] } ?? [:]
                return pods.here(Manifests.service(name, annotations: annotations.merging(["check": "false"]) { $1 }))
            }
            let services = Dictionary(uniqueKeysWithValues: versions.map { ("\($0).yaml", service($0, $0)) })
            let ingresses = versions.map { Manifests.ingress($0, host: "\($0).example.com", service: $0) }.joined()
            let files = services.merging(["ingresses.yaml": ingresses]) { $1 }
            try await TestController.with(files, pods: []) { controller async throws in
                func header(_ version: String) async throws -> String {
                    try await controller.request("http://\(version).example.com/", options: ["--interface", "127.0.0.6"]).body
                }
                func hex(_ text: String) -> String { text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }
                for version in versions.prefix(2) {
                    let text = try await header(version)
                    #expect(text.hasPrefix(hex("PROXY TCP4 127.0.0.6 127.0.0.1 ")))
                }
                // The signature, version 2 with the command PROXY, TCP over IPv4; the length and then the source's address.
                let beginning = "0d0a0d0a000d0a515549540a" + "2111"
                let plain = try await header("proxy-v2")
                #expect(plain.hasPrefix(beginning + "000c" + "7f000006" + "7f000001"))
                for version in versions.suffix(2) {
                    let more = try await header(version)
                    #expect(more.hasPrefix(beginning) && more.dropFirst(32).hasPrefix("7f000006"))
                    // PP2_TYPE_SSL follows addresses and ports.
                    #expect(more.dropFirst(32 + 24).hasPrefix("20"), "\(version): \(more)")
                }
                // The pod answers 400 without a header.
                let changed = "http://proxy.example.com/"
                try await controller.write("proxy.yaml", service("proxy", nil))
                try await controller.eventually(changed) { $0.status == 400 }
                try await controller.write("proxy.yaml", service("proxy", "proxy-v2"))
                try await controller.eventually(changed) { $0.body.hasPrefix(beginning) }
                #expect(try await controller.reloads == 0)
            }
        }
    }

    @Test("pods that come at run time get the header too, and so do their checks")
    func endpoints() async throws {
        try await RawPods.with(2) { pods in
            func service(_ numbers: [Int]) -> String {
                pods.here(
                    Manifests.service(
                        pods: numbers,
                        annotations: ["send-proxy-protocol": "proxy-v2", "check-http": "/", "check-interval": "100ms"]))
            }
            let files = ["service.yaml": service([1]), "ingress.yaml": Manifests.ingress()]
            try await TestController.with(files, pods: []) { controller async throws in
                let url = "http://shop.example.com/"
                #expect(try await controller.request(url).status == 200)
                try await controller.write("service.yaml", service([2]))
                func state() async throws -> String? {
                    let lines = try await controller.runtimeAPI("show stat").split(separator: "\n")
                    let line = lines.first { $0.hasPrefix("shop_svc_web_http,\(pods.network)2:8080_") }
                    return line.map { String($0.split(separator: ",", omittingEmptySubsequences: false)[36]) }
                }
                // The check's status; a check without the header is answered with 400.
                try await controller.wait("the second pod is healthy") { try await state() == "L7OK" }
                #expect(try await controller.request(url).status == 200)
                #expect(try await controller.reloads == 0)
            }
        }
    }
}
