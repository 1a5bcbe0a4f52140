import Core
import TestSupport
import Testing

@Suite("Server names and protocols of HTTPS")
struct ServerNameTests {
    @Test("client-strict-sni: handshakes for unknown names and for none fail, those for known hosts do not")
    func strict() async throws {
        let (own, line) = (try TestCertificates("own"), try TestCertificates("line"))
        let manifests =
            Manifests.service() + Manifests.ingress("own", host: "own.example.com", tls: "own")
            + Manifests.ingress("shared", host: "shared.example.net")
            + Manifests.certificate("own", try own.leaf("own.example.com"))
            + Manifests.certificate("line", namespace: "operator", try line.leaf("*.example.net"))
        try await TestController.with(
            ["all.yaml": manifests], arguments: ["--default-ssl-certificate", "operator/line"]
        ) { controller async throws in
            let (ownFile, lineFile) = (try controller.trust(own), try controller.trust(line))
            #expect(try await controller.request("https://unknown.example.com/").status == 404)
            #expect(try await controller.handshake(nil).output.contains("*.example.net"))

            try await controller.write("map.yaml", Manifests.configMap(["client-strict-sni": "true"]))
            try await controller.eventually("https://unknown.example.com/") { $0.curlStatus == 35 }
            #expect(try await controller.handshake(nil).output.contains("no peer certificate available"))
            #expect(try await controller.request("https://own.example.com/", authority: ownFile).pod == "pod-1")
            // In the default certificate.
            #expect(try await controller.request("https://shared.example.net/", authority: lineFile).pod == "pod-1")
            #expect(try await controller.request("https://a.b.example.net/").curlStatus == 35)

            try await controller.write("map.yaml", Manifests.configMap([:]))
            try await controller.eventually("https://unknown.example.com/") { $0.status == 404 }
        }
    }

    @Test("tls-alpn decides which protocols HTTPS offers")
    func protocols() async throws {
        let version = ["--write-out", "%{http_version}"]
        let manifests = Manifests.service() + Manifests.ingress()
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            func answer() async throws -> String {
                try await String(controller.request("https://shop.example.com/", options: version).body.suffix(4))
            }
            #expect(try await answer().hasSuffix("\n2"))
            try await controller.write("map.yaml", Manifests.configMap(["tls-alpn": "http/1.1"]))
            try await controller.wait("HTTP/2 is not offered") { try await answer().hasSuffix("\n1.1") }
            #expect(try await controller.handshake("shop.example.com", ["-alpn", "h2"]).output.contains("No ALPN negotiated"))
            try await controller.write("map.yaml", Manifests.configMap(["tls-alpn": "h2 http/1.1"]))
            try await controller.wait("the default is back") { try await answer().hasSuffix("\n2") }
            #expect(controller.log.contains("tls-alpn"))
        }
    }

    @Test("generate-certificates-signer: hosts without a certificate are shown one for their name that the authority signed")
    func generated() async throws {
        let (own, signer) = (try TestCertificates("own"), try TestCertificates("signer"))
        let manifests =
            Manifests.service() + Manifests.ingress("own", host: "own.example.com", tls: "own")
            + Manifests.ingress("other", host: "other.example.com")
            + Manifests.certificate("own", try own.leaf("own.example.com"))
            + Manifests.certificate("signer", namespace: "default", signer.authority)
        let map = ["generate-certificates-signer": "signer"]
        try await TestController.with(["all.yaml": manifests, "map.yaml": Manifests.configMap(map)]) { controller async throws in
            let (ownFile, signerFile) = (try controller.trust(own), try controller.trust(signer))
            #expect(try await controller.request("https://other.example.com/", authority: signerFile).pod == "pod-1")
            #expect(try await controller.request("https://unheard-of.example.com/", authority: signerFile).status == 404)
            #expect(try await controller.request("https://own.example.com/", authority: ownFile).pod == "pod-1")

            try await controller.write(
                "map.yaml", Manifests.configMap(map.merging(["client-strict-sni": "true"]) { $1 }))
            try await controller.wait("who names no host is refused") {
                try await controller.handshake(nil).output.contains("no peer certificate available")
            }
            #expect(try await controller.request("https://other.example.com/", authority: signerFile).pod == "pod-1")
            #expect(controller.log.contains("client-strict-sni: \"true\": refuses only clients that ask for no name"))
        }
    }
}
