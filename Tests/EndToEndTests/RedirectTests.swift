import Foundation
import Testing

@Suite("Redirects")
struct RedirectTests {
    private static let url = "http://shop.example.com/cart?item=1&n=2"

    @Test("request-redirect keeps scheme, path and query, and follows changes without a reload")
    func requestRedirect() async throws {
        func manifests(_ annotations: [String: String]) -> String {
            Manifests.service() + Manifests.ingress(annotations: annotations)
        }
        try await TestController.with(["all.yaml": manifests(["request-redirect": "www.example.com"])]) {
            controller async throws in
            let plain = try await controller.request(Self.url)
            #expect(plain.status == 302)
            #expect(plain.header("location") == "http://www.example.com/cart?item=1&n=2")
            let tls = try await controller.request("https://shop.example.com/")
            #expect(tls.header("location") == "https://www.example.com/")

            try await controller.write(
                "all.yaml", manifests(["request-redirect": "www.example.org:8081", "request-redirect-code": "308"]))
            let changed = try await controller.eventually(Self.url) { $0.status == 308 }
            #expect(changed.header("location") == "http://www.example.org:8081/cart?item=1&n=2")
            #expect(try await controller.metric("haproxy_ingress_reloads_total") == 0)
            // A scheme in the target is the redirect's, whatever the request's is.
            for (target, location) in [
                ("https://www.example.net", "https://www.example.net"),
                ("http://www.example.net:8081", "http://www.example.net:8081"),
            ] {
                try await controller.write("all.yaml", manifests(["request-redirect": target, "request-redirect-code": "308"]))
                for scheme in ["http", "https"] {
                    try await controller.eventually("\(scheme)://shop.example.com/cart?item=1") {
                        $0.header("location") == "\(location)/cart?item=1"
                    }
                }
            }
            #expect(try await controller.metric("haproxy_ingress_reloads_total") == 0)
            // Who asks for the target already is served.
            #expect(try await controller.request(Self.url, headers: ["Host": "shop.example.com"]).status == 308)
            try await controller.write("all.yaml", manifests(["request-redirect": "shop.example.com"]))
            try await controller.eventually(Self.url) { $0.status == 200 }
        }
    }

    @Test(
        "who is at the target of request-redirect already is served, whichever way the host is written",
        arguments: [false, true])
    func alreadyThere(isLive: Bool) async throws {
        func manifests(_ target: String) -> String {
            Manifests.service() + Manifests.ingress(host: nil, annotations: ["request-redirect": target])
        }
        let cases: [(target: String, scheme: String, here: [String], elsewhere: [String])] = [
            (
                "www.site.local", "https",
                [
                    "www.site.local", "www.site.local:443", "WWW.Site.local", "www.site.local.", "WWW.site.local.:443",
                    "www.site.local:0443",
                ],
                ["www.site.local:80", "www.site.local:8443", "site.local", "xwww.site.local", "www.site.local.x"]
            ),
            (
                "www.site.local", "http", ["www.site.local", "www.site.local:80", "WWW.SITE.LOCAL.:80"],
                ["www.site.local:443", "www.site.local:8080"]
            ),
            ("www.site.local:443", "https", ["www.site.local", "www.site.local:443"], ["www.site.local:444"]),
            ("www.site.local:443", "http", ["www.site.local:443"], ["www.site.local", "www.site.local:80"]),
            ("www.site.local:80", "http", ["www.site.local.", "www.site.local:80"], ["www.site.local:443"]),
            (
                "Www.Site.local:8443", "https", ["www.site.local:8443", "WWW.site.local.:8443"],
                ["www.site.local:443", "www.site.local"]
            ),
            ("[2001:db8::1]", "http", ["[2001:db8::1]", "[2001:db8::1]:80"], ["[2001:db8::2]"]),
            (
                "https://www.site.local", "https", ["www.site.local", "WWW.site.local.:443"],
                ["www.site.local:80", "site.local", "www.site.local.x"]
            ),
            ("https://www.site.local", "http", [], ["www.site.local", "www.site.local:443", "www.site.local:80", "site.local"]),
            ("HTTP://Www.site.local:443", "https", [], ["www.site.local", "www.site.local:443", "www.site.local:80"]),
            ("http://www.site.local:443", "http", ["www.site.local:443"], ["www.site.local", "www.site.local:80"]),
            ("http://www.site.local:80", "http", ["www.site.local", "www.site.local:80"], ["www.site.local:443"]),
        ]
        // Values are literals in the backend from a load on, and map entries when they come at run time.
        let first = isLive ? "elsewhere.example.com" : cases[0].target
        try await TestController.with(["all.yaml": manifests(first)]) { controller async throws in
            for (target, scheme, here, elsewhere) in cases {
                if isLive || target != first {
                    try await controller.write("all.yaml", manifests(target))
                    try await controller.eventually("\(scheme)://www.other.local/") {
                        let target = target.lowercased()
                        return $0.header("location") == (target.contains("://") ? "" : "\(scheme)://") + target + "/"
                    }
                }
                for host in here {
                    let answer = try await controller.request("\(scheme)://www.site.local/", headers: ["Host": host])
                    #expect(answer.status == 200, "\(scheme), \(target), \(host)")
                }
                for host in elsewhere {
                    let answer = try await controller.request("\(scheme)://www.site.local/", headers: ["Host": host])
                    #expect(answer.status == 302, "\(scheme), \(target), \(host)")
                }
            }
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

    @Test("a changed code, port or wish for HTTPS is live without a reload, and redirects carry the route's headers")
    func changes() async throws {
        func manifests(_ annotations: [String: String]) -> String {
            Manifests.service()
                + Manifests.ingress(annotations: annotations.merging(["response-set-header": "X-Shop yes"]) { $1 }, tls: "none")
        }
        try await TestController.with(["all.yaml": manifests([:])]) { controller async throws in
            let first = try await controller.request(Self.url)
            #expect(first.status == 302)
            #expect(first.header("x-shop") == "yes")
            for code in [301, 303, 307, 308] {
                try await controller.write(
                    "all.yaml", manifests(["ssl-redirect-code": "\(code)", "ssl-redirect-port": "9\(code)"]))
                let changed = try await controller.eventually(Self.url) { $0.status == code }
                #expect(changed.header("location") == "https://shop.example.com:9\(code)/cart?item=1&n=2")
            }
            try await controller.write("all.yaml", manifests(["ssl-redirect": "false"]))
            try await controller.eventually(Self.url) { $0.status == 200 }
            #expect(try await controller.metric("haproxy_ingress_reloads_total") == 0)
        }
    }

    @Test("the path and query of a redirect are those of the request, and there is none to a host that nobody named")
    func location() async throws {
        let manifests = Manifests.service() + Manifests.ingress(host: nil, annotations: ["ssl-redirect": "true"])
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            for way in ["/a%20b/%2e?x=%0d%0a", "//evil.example.com/", "/a?b?c", "/\u{25}ZZ"] {
                let line = "GET \(way) HTTP/1.1"
                let response = try await controller.request(
                    "http://shop.example.com/", headers: ["Host": "SHOP.example.com.:8080"], options: ["--request-target", way])
                #expect(response.header("location") == "https://shop.example.com\(way)", "\(line)")
            }
            let nameless = try await controller.request(
                "http://shop.example.com/", headers: ["Host": ""], options: ["--http1.0"])
            #expect(nameless.status == 400)
        }
    }

    @Test("of two redirects the one to another host comes first")
    func both() async throws {
        let manifests =
            Manifests.service() + Manifests.ingress(annotations: ["request-redirect": "www.example.com"], tls: "none")
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            #expect(try await controller.request("http://shop.example.com/").header("location") == "http://www.example.com/")
        }
    }
}
