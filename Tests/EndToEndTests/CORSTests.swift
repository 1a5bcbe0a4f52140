import Foundation
import Testing

@Suite("CORS")
struct CORSTests {
    @Test("the matching Origin is sent back, others get nothing, and caches are told")
    func origins() async throws {
        let annotations = [
            "cors-enable": "true", "cors-allow-origin": #"^https://(www|app)\.example\.com(:[0-9]+)?$"#,
            "cors-allow-methods": "GET,POST", "cors-allow-headers": "X-One, X-Two", "cors-allow-credentials": "true",
            "cors-max-age": "10m",
        ]
        let manifests = Manifests.service() + Manifests.ingress(annotations: annotations)
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            let url = "http://shop.example.com/"
            for origin in ["https://www.example.com", "https://app.example.com:8443"] {
                let response = try await controller.request(url, headers: ["Origin": origin])
                #expect(response.header("access-control-allow-origin") == origin)
                #expect(response.header("access-control-allow-methods") == "GET, POST")
                #expect(response.header("access-control-allow-headers") == "X-One, X-Two")
                #expect(response.header("access-control-allow-credentials") == "true")
                #expect(response.header("access-control-max-age") == "600")
                #expect(response.header("vary") == "Origin")
                #expect(response.pod == "pod-1")
            }
            for origin in ["https://www.example.com.evil.org", "http://www.example.com", "https://wwwXexample.com"] {
                let response = try await controller.request(url, headers: ["Origin": origin])
                #expect(response.header("access-control-allow-origin") == nil, "\(origin)")
                #expect(response.header("vary") == "Origin")
            }
            let plain = try await controller.request(url)
            #expect(plain.header("access-control-allow-origin") == nil)
            // A cache must not answer a request with an Origin with this.
            #expect(plain.header("vary") == "Origin")
        }
    }

    @Test("by default every origin may read, and preflight requests reach the pod")
    func defaults() async throws {
        let manifests = Manifests.service() + Manifests.ingress(annotations: ["cors-enable": "true"])
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            let headers = ["Origin": "https://anything.test", "Access-Control-Request-Method": "PUT"]
            let response = try await controller.request("http://shop.example.com/", method: "OPTIONS", headers: headers)
            #expect(response.header("access-control-allow-origin") == "*")
            #expect(response.header("access-control-allow-methods") == "*")
            #expect(response.header("access-control-max-age") == "5")
            #expect(response.header("access-control-allow-credentials") == nil)
            #expect(response.header("vary") == nil)
            #expect(response.seen?.method == "OPTIONS")
        }
    }

    @Test("preflight requests are answered by HAProxy where that is asked for, and changes take no reload")
    func preflight() async throws {
        let service = Manifests.service()
        var annotations = [
            "cors-enable": "true", "cors-respond-to-options": "true", "cors-allow-origin": "https://a.example.com",
        ]
        try await TestController.with(["all.yaml": service + Manifests.ingress(annotations: annotations)]) {
            controller async throws in
            let url = "http://shop.example.com/"
            let headers = ["Origin": "https://a.example.com", "Access-Control-Request-Method": "PUT"]
            let answered = try await controller.request(url, method: "OPTIONS", headers: headers)
            #expect(answered.status == 204)
            #expect(answered.pod == nil)
            #expect(answered.header("access-control-allow-origin") == "https://a.example.com")
            // As the Go controller does, whether or not the request has Access-Control-Request-Method, and for any Origin.
            for origin in ["https://a.example.com", "https://other.example.com"] {
                let ordinary = try await controller.request(url, method: "OPTIONS", headers: ["Origin": origin])
                #expect(ordinary.status == 204 && ordinary.pod == nil)
                #expect((ordinary.header("access-control-allow-origin") != nil) == (origin == "https://a.example.com"))
            }
            #expect(try await controller.request(url, method: "OPTIONS").pod == "pod-1")

            annotations["cors-allow-origin"] = #"https://[a-z]+\.example\.org"#
            try await controller.write("all.yaml", service + Manifests.ingress(annotations: annotations))
            try await controller.eventually(url, headers: ["Origin": "https://b.example.org"]) {
                $0.header("access-control-allow-origin") == "https://b.example.org"
            }
            let old = try await controller.request(url, headers: ["Origin": "https://a.example.com"])
            #expect(old.header("access-control-allow-origin") == nil)
            #expect(try await controller.metric("haproxy_ingress_reloads_total") == 0)
        }
    }

    @Test(
        "credentials with every origin are sent as asked, with a warning, and methods in small letters are those in capital ones")
    func credentialsForAll() async throws {
        func annotations(_ more: [String: String]) -> [String: String] {
            ["cors-enable": "true", "cors-allow-methods": "get, post", "cors-respond-to-options": "true"].merging(more) { $1 }
        }
        let manifests =
            Manifests.service() + Manifests.ingress(annotations: annotations(["cors-allow-credentials": "true"]))
            + Manifests.service("plain")
            + Manifests.ingress("plain", host: "plain.example.com", service: "plain", annotations: annotations([:]))
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            let headers = ["Origin": "https://a.example.com"]
            for method in ["GET", "OPTIONS"] {
                let response = try await controller.request("http://shop.example.com/", method: method, headers: headers)
                #expect(response.header("access-control-allow-origin") == "*")
                #expect(response.header("access-control-allow-credentials") == "true")
                #expect(response.header("access-control-allow-methods") == "GET, POST")
                let plain = try await controller.request("http://plain.example.com/", method: method, headers: headers)
                #expect(plain.header("access-control-allow-origin") == "*")
                #expect(plain.header("access-control-allow-credentials") == nil)
            }
            #expect(controller.log.contains("has no effect on browsers with cors-allow-origin *"))
        }
    }

    @Test("each key changes without a reload")
    func changes() async throws {
        let values: [(key: String, first: String, second: String, header: String, expected: [String?])] = [
            ("cors-allow-origin", "https://a.example.com", ".*", "access-control-allow-origin", ["https://a.example.com"]),
            ("cors-allow-methods", "GET", "GET, PUT", "access-control-allow-methods", ["GET", "GET, PUT"]),
            ("cors-allow-headers", "X-A", "X-B", "access-control-allow-headers", ["X-A", "X-B"]),
            ("cors-allow-credentials", "true", "false", "access-control-allow-credentials", ["true", nil]),
            ("cors-max-age", "1m", "2m", "access-control-max-age", ["60", "120"]),
        ]
        func manifests(_ annotations: [String: String]) -> String {
            Manifests.service()
                + Manifests.ingress(annotations: annotations.merging(["cors-enable": "true"]) { first, _ in first })
        }
        let first = Dictionary(uniqueKeysWithValues: values.map { ($0.key, $0.first) })
        try await TestController.with(["all.yaml": manifests(first)]) { controller async throws in
            let url = "http://shop.example.com/"
            let headers = ["Origin": "https://a.example.com"]
            let before = try await controller.request(url, headers: headers)
            for value in values { #expect(before.header(value.header) == value.expected.first, "\(value.key)") }
            for value in values {
                try await controller.write("all.yaml", manifests(first.merging([value.key: value.second]) { $1 }))
                try await controller.eventually(url, headers: headers) { $0.header(value.header) == value.expected.last }
            }
            let preflight = headers.merging(["Access-Control-Request-Method": "PUT"]) { $1 }
            #expect(try await controller.request(url, method: "OPTIONS", headers: preflight).pod == "pod-1")
            try await controller.write("all.yaml", manifests(first.merging(["cors-respond-to-options": "true"]) { $1 }))
            try await controller.wait("HAProxy answers preflight requests") {
                try await controller.request(url, method: "OPTIONS", headers: preflight).status == 204
            }
            try await controller.write("all.yaml", manifests(first.merging(["cors-enable": "false"]) { $1 }))
            try await controller.eventually(url, headers: headers) { $0.header("access-control-allow-origin") == nil }
            #expect(try await controller.metric("haproxy_ingress_reloads_total") == 0)
        }
    }

    @Test("what HAProxy refuses carries the headers too, and preflight requests need no password but the right address")
    func refusals() async throws {
        let cors = [
            "cors-enable": "true", "cors-respond-to-options": "true", "src-ip-header": "X-Real-IP",
            "cors-allow-origin": #"https://[a-z\-]+\.example\.com"#,
        ]
        func ingress(_ name: String, _ annotations: [String: String]) -> String {
            Manifests.ingress(name, host: "\(name).example.com", annotations: annotations.merging(cors) { first, _ in first })
        }
        let manifests =
            Manifests.service() + ingress("list", ["deny-list": "10.0.0.0/8"])
            + ingress("limit", ["rate-limit-requests": "1", "rate-limit-period": "1m", "rate-limit-status-code": "429"])
            + ingress("members", ["auth-type": "basic-auth", "auth-secret": "users"])
            + Manifests.secret("users", ["alice": BasicAuthenticationTests.hash])
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            let origin = "https://a-b.example.com"
            let headers = ["Origin": origin, "X-Real-IP": "10.0.0.1"]
            let preflight = headers.merging(["Access-Control-Request-Method": "PUT"]) { first, _ in first }
            #expect(try await controller.request("http://limit.example.com/", headers: headers).status == 200)
            for (name, refusal, answer) in [("list", 403, 403), ("limit", 429, 204), ("members", 401, 204)] {
                let refused = try await controller.request("http://\(name).example.com/", headers: headers)
                #expect(refused.status == refusal, "\(name)")
                #expect(refused.header("access-control-allow-origin") == origin, "\(name)")
                let answered = try await controller.request(
                    "http://\(name).example.com/", method: "OPTIONS", headers: preflight)
                #expect(answered.status == answer, "\(name)")
                #expect(answered.header("access-control-allow-origin") == origin, "\(name)")
            }
            // Neither a comma nor a look-alike makes an origin of it.
            for other in [
                "https://evil.test, \(origin)", "https://m.example.com", "https://axexample.com", "https://a.example.com.",
            ] {
                let response = try await controller.request("http://list.example.com/", headers: ["Origin": other])
                let isAllowed = other == "https://m.example.com"
                #expect((response.header("access-control-allow-origin") != nil) == isAllowed, "\(other)")
            }
        }
    }
}
