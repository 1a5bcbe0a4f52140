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
            try await controller.write("all.yaml", manifests("another one"))
            try await controller.eventually(url) { $0.seen?.headers["x-plain"] == "another one" }
            #expect(try await controller.metric("haproxy_ingress_reloads_total") == 0)
        }
    }

    @Test("every request over TLS says so to its pod, whatever the client says, and over plain HTTP the header stays as it came")
    func forwardedProto() async throws {
        try await TLSPods.with {
            [TLSPod(name: "secure", certificate: try $0.leaf("secure.example.com"))]
        } _: { pods async throws in
            let manifests =
                Manifests.service() + Manifests.ingress() + Manifests.service("set")
                + Manifests.ingress(
                    "set", host: "set.example.com", service: "set", annotations: ["request-set-header": "X-Own yes"])
                + Manifests.ingress(
                    "own", host: "own.example.com", annotations: ["request-set-header": "X-Forwarded-Proto mine"])
                + Manifests.ingress(
                    "normal", host: "normal.example.com", annotations: ["path-normalization": "safe"])
                + Manifests.configMap(["global-config-snippet": "expose-experimental-directives"])
            let passthrough =
                pods.here(Manifests.service("secure"))
                + Manifests.ingress(
                    "secure", host: "secure.example.com", service: "secure", annotations: ["ssl-passthrough": "true"])
            try await TestController.with(["all.yaml": manifests]) { controller async throws in
                func check() async throws {
                    for (host, https) in [
                        ("shop", "https"), ("set", "https"), ("own", "mine"), ("normal", "https"),
                    ] {
                        for sent in [nil, "http", "https", "gopher"] as [String?] {
                            let headers = sent.map { ["X-Forwarded-Proto": $0] } ?? [:]
                            let tls = try await controller.request(
                                "https://\(host).example.com/", headers: headers,
                                options: sent == "gopher" ? ["--http1.1", "--header", "x-forwarded-proto: second"] : [])
                            #expect(tls.seen?.headers["x-forwarded-proto"] == https, "\(host) \(sent ?? "")")
                            let plain = try await controller.request("http://\(host).example.com/", headers: headers)
                            #expect(
                                plain.seen?.headers["x-forwarded-proto"] == (host == "own" ? "mine" : sent),
                                "\(host) \(sent ?? "")")
                        }
                    }
                }
                try await check()
                // The same where TLS ends behind the frontend that chooses by SNI.
                try await controller.write("passthrough.yaml", passthrough)
                try await controller.wait("TLS is passed through") { controller.configuration.contains("frontend tls") }
                try await controller.eventually("https://secure.example.com/") { $0.pod == "secure" }
                try await check()
            }
        }
    }

    @Test("set-host changes the Host that the pods get, not the route, and follows changes without a reload")
    func setHost() async throws {
        func ingress(_ host: String) -> String { Manifests.ingress(annotations: ["set-host": host]) }
        let files = [
            "all.yaml": Manifests.service("web", pods: [1]) + Manifests.service("internal", pods: [2])
                + Manifests.ingress("internal", host: "internal.example.com", service: "internal"),
            "ingress.yaml": ingress("internal.example.com"),
        ]
        try await TestController.with(files, pods: ["web", "internal"]) { controller async throws in
            let response = try await controller.request("http://shop.example.com/")
            #expect(response.pod == "web")
            #expect(response.seen?.host == "internal.example.com")
            try await controller.write("ingress.yaml", ingress("other.example.com:8080"))
            try await controller.eventually("http://shop.example.com/") { $0.seen?.host == "other.example.com:8080" }
            #expect(try await controller.metric("haproxy_ingress_reloads_total") == 0)
        }
    }

    @Test("a value arrives as it is written, whatever it holds, from a file and at run time")
    func oddValues() async throws {
        func manifests(_ value: String) -> String {
            Manifests.service()
                + Manifests.ingress(annotations: [
                    "request-set-header": "X-Odd \(value)\nX-After \(value) %[str(end)]\n",
                    "response-set-header": "X-Odd \(value)",
                ])
        }
        let odd = [
            #"it's "x" \ # 100%"#, "%% and 5% off", "a;b <<c | d $HOME", "{ -m found } if TRUE", "\\", "\\n", "<<", "ä€",
        ]
        try await TestController.with(["all.yaml": manifests("first # 'one' \"two\" \\x")]) { controller async throws in
            let url = "http://shop.example.com/"
            #expect(try await controller.request(url).header("x-odd") == "first # 'one' \"two\" \\x")
            for value in odd {
                let shown = value.replacingOccurrences(of: "%%", with: "%")
                try await controller.write("all.yaml", manifests(value))
                let response = try await controller.eventually(url) { $0.header("x-odd") == shown }
                #expect(response.header("x-odd") == shown)
                try await controller.eventually(url) { $0.seen?.headers["x-after"] == shown + " end" }
            }
        }
    }

    @Test("plain odd values need no reload")
    func oddValuesAtRunTime() async throws {
        func manifests(_ value: String) -> String {
            Manifests.service() + Manifests.ingress(annotations: ["response-set-header": "X-Odd \(value)"])
        }
        try await TestController.with(["all.yaml": manifests("first")]) { controller async throws in
            for value in [#"it's "x" \ # 100%"#, "a;b <<c | d", "\\", "<<", "two  spaces"] {
                try await controller.write("all.yaml", manifests(value))
                try await controller.eventually("http://shop.example.com/") { $0.header("x-odd") == value }
            }
            #expect(try await controller.metric("haproxy_ingress_reloads_total") == 0)
        }
    }

    @Test("answers that HAProxy makes carry the response headers, and an unbalanced expression leaves the route as it was")
    func ownAnswersAndMistakes() async throws {
        let manifests =
            Manifests.service("web", pods: []) + Manifests.service("other", pods: [1])
            + Manifests.ingress(annotations: ["response-set-header": "X-Shop yes"])
            + Manifests.ingress(
                "mistake", host: "mistake.example.com", service: "other", annotations: ["request-set-header": "X-A %[src"])
            + Manifests.ingress(
                "unknown", host: "unknown.example.com", service: "other", annotations: ["request-set-header": "X-A %[nothing]"])
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            let down = try await controller.request("http://shop.example.com/")
            #expect(down.status == 503)
            #expect(down.header("x-shop") == "yes")
            for host in ["mistake", "unknown"] {
                let response = try await controller.request("http://\(host).example.com/")
                #expect(response.pod == "pod-1")
                #expect(response.seen?.headers["x-a"] == nil)
            }
            #expect(controller.log.contains("X-A"))
        }
    }
}
