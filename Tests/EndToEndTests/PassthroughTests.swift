import Core
import TestSupport
import Testing

@Suite("TLS passthrough")
struct PassthroughTests {
    @Test("connections go to the pods by SNI, beside hosts whose TLS ends here on the same port")
    func besideTermination() async throws {
        let ending = try TestCertificates("ending")
        try await TLSPods.with { certificates in
            [
                TLSPod(name: "secure", certificate: try certificates.leaf("secure.example.com")),
                TLSPod(name: "wild", certificate: try certificates.leaf("*.example.org")),
            ]
        } _: { pods async throws in
            let passed = ["ssl-passthrough": "true"]
            let manifests =
                Manifests.service() + pods.here(Manifests.service("secure", pods: [1]) + Manifests.service("wild", pods: [2]))
                + Manifests.ingress("secure", host: "secure.example.com", service: "secure", annotations: passed)
                + Manifests.ingress("wild", host: "*.example.org", service: "wild", annotations: passed)
                // An exact host, ended here, under the wildcard that is passed through.
                + Manifests.ingress("exact", host: "exact.example.org", tls: "exact")
                + Manifests.ingress("web", host: "web.example.com", tls: "web")
                + Manifests.certificate("exact", try ending.leaf("exact.example.org"))
                + Manifests.certificate("web", try ending.leaf("web.example.com"))
            try await TestController.with(["all.yaml": manifests]) { controller async throws in
                let (own, podsOwn) = (try controller.trust(ending), try pods.authorityFile)
                let secure = try await controller.request("https://secure.example.com/way", authority: podsOwn)
                #expect(secure.pod == "secure")
                #expect(secure.header("x-sni") == "secure.example.com")
                #expect(secure.header("x-path") == "/way")
                #expect(try await controller.request("https://SECURE.example.com/", authority: podsOwn).pod == "secure")
                #expect(try await controller.request("https://any.example.org/", authority: podsOwn).pod == "wild")
                #expect(try await controller.request("https://exact.example.org/", authority: own).pod == "pod-1")
                let web = try await controller.request("https://web.example.com/", authority: own)
                #expect(web.pod == "pod-1")
                // The way through the second frontend keeps the client's address.
                #expect(web.seen?.headers["x-forwarded-for"] == "127.0.0.1")
                #expect(try await controller.request("https://unknown.example.com/").status == 404)
            }
        }
    }

    @Test("plain HTTP to a passed-through host never reaches the pods: it is sent to HTTPS")
    func plainHTTP() async throws {
        try await TLSPods.with {
            [TLSPod(name: "secure", certificate: try $0.leaf("secure.example.com"))]
        } _: { pods async throws in
            let manifests =
                pods.here(Manifests.service("secure"))
                + Manifests.ingress(host: "secure.example.com", service: "secure", annotations: ["ssl-passthrough": "true"])
            try await TestController.with(["all.yaml": manifests], pods: []) { controller async throws in
                let plain = try await controller.request("http://secure.example.com/way")
                #expect(plain.pod == nil)
                #expect(plain.status == 302)
                #expect(plain.header("location") == "https://secure.example.com/way")
            }
        }
    }

    @Test("passthrough comes and goes at run time, pods change without a reload, and protection that HTTP needs closes the host")
    func changes() async throws {
        try await TLSPods.with { certificates in
            [
                TLSPod(name: "one", certificate: try certificates.leaf("secure.example.com")),
                TLSPod(name: "two", certificate: try certificates.leaf("secure.example.com")),
            ]
        } _: { pods async throws in
            func ingress(_ annotations: [String: String]) -> String {
                Manifests.ingress("secure", host: "secure.example.com", service: "secure", annotations: annotations)
            }
            let files = [
                "ingress.yaml": ingress(["ssl-passthrough": "true"]), "service.yaml": pods.here(Manifests.service("secure")),
                "plain.yaml": Manifests.service() + Manifests.ingress(),
            ]
            try await TestController.with(files) { controller async throws in
                let (url, authority) = ("https://secure.example.com/", try pods.authorityFile)
                #expect(try await controller.request(url, authority: authority).pod == "one")
                try await controller.write("service.yaml", pods.here(Manifests.service("secure", pods: [2])))
                try await controller.eventually(url, authority: authority) { $0.pod == "two" }
                #expect(try await controller.reloads == 0)

                // Passwords are in requests, which HAProxy cannot see here.
                let protected = ["ssl-passthrough": "true", "auth-type": "basic-auth", "auth-secret": "users"]
                try await controller.write("users.yaml", Manifests.secret("users", ["alice": BasicAuthenticationTests.hash]))
                try await controller.write("ingress.yaml", ingress(protected))
                try await controller.eventually(url, authority: authority) { $0.status == 0 && $0.curlStatus != 60 }
                #expect(controller.log.contains("cannot be enforced where ssl-passthrough"))
                #expect(try await controller.request("https://shop.example.com/").pod == "pod-1")

                try await controller.write("ingress.yaml", ingress(["server-ssl": "true"]))
                try await controller.eventually(url) { $0.pod == "two" && $0.curlStatus == 0 }
                #expect(try await controller.request(url, authority: authority).curlStatus == 60)
            }
        }
    }
}
