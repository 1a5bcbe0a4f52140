import Core
import TestSupport
import Testing

@Suite("TLS of the frontend")
struct FrontendTLSTests {
    @Test("each host has the certificate of its spec.tls, a wildcard one label, and HTTP/2 is offered")
    func certificatesByName() async throws {
        let certificates = try TestCertificates()
        let manifests =
            Manifests.service() + Manifests.ingress("a", host: "a.example.com", tls: "a")
            + Manifests.ingress("b", host: "b.example.com", tls: "b")
            + Manifests.ingress("wild", host: "*.example.org", tls: "wild")
            + Manifests.certificate("a", try certificates.leaf("a.example.com"))
            + Manifests.certificate("b", try certificates.leaf("b.example.com", key: .rsa2048))
            + Manifests.certificate("wild", try certificates.leaf("*.example.org"))
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            let authority = try controller.trust(certificates)
            for host in ["a.example.com", "b.example.com", "x.example.org", "y.example.org"] {
                #expect(try await controller.request("https://\(host)/", authority: authority).pod == "pod-1", "\(host)")
            }
            #expect(try await controller.request("https://x.y.example.org/", authority: authority).curlStatus == 60)
            let version = ["--write-out", "%{http_version}"]
            let second = try await controller.request("https://a.example.com/", authority: authority, options: version)
            #expect(second.status == 200 && second.body.hasSuffix("\n2"))
            let first = try await controller.request(
                "https://a.example.com/", authority: authority, options: version + ["--http1.1"])
            #expect(first.status == 200 && first.body.hasSuffix("\n1.1"))
        }
    }

    @Test("a Secret that is missing or does not fit is reported, its host has the default certificate, others are undisturbed")
    func unusableSecrets() async throws {
        let certificates = try TestCertificates()
        let good = try certificates.leaf("good.example.com")
        let mismatch = try certificates.leaf("mismatch.example.com")
        let manifests =
            Manifests.service() + Manifests.ingress("good", host: "good.example.com", tls: "good")
            + Manifests.ingress("missing", host: "missing.example.com", tls: "missing")
            + Manifests.ingress("mismatch", host: "mismatch.example.com", tls: "mismatch")
            + Manifests.ingress("old", host: "old.example.com", tls: "old") + Manifests.certificate("good", good)
            + Manifests.secret(
                "mismatch", type: "kubernetes.io/tls", ["tls.crt": mismatch.certificateText, "tls.key": good.keyText])
            + Manifests.certificate("old", try certificates.expired("old.example.com"))
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            let authority = try controller.trust(certificates)
            #expect(try await controller.request("https://good.example.com/", authority: authority).pod == "pod-1")
            for host in ["missing.example.com", "mismatch.example.com", "unheard-of.example.com"] {
                let trusted = try await controller.request("https://\(host)/", authority: authority)
                #expect(trusted.curlStatus == 60, "\(host)")
                let answer = try await controller.request("https://\(host)/")
                #expect(answer.status == (host.hasPrefix("un") ? 404 : 200), "\(host)")
            }
            // Its own certificate, though nobody trusts it any more.
            #expect(try await subject(of: "old.example.com", controller).contains("old.example.com"))
            #expect(try await subject(of: "missing.example.com", controller).contains("haproxy-ingress.invalid"))
            #expect(controller.log.contains("Ingress shop/missing: spec.tls[0].secretName"))
            #expect(controller.log.contains("Ingress shop/mismatch: spec.tls[0].secretName"))
            #expect(controller.log.contains("the key does not belong to the certificate"))
            #expect(controller.log.contains("holds a certificate that has expired"))
        }
    }

    @Test("the default certificate is the command line's, or the ConfigMap's where that names one, changed without a reload")
    func defaultCertificate() async throws {
        let (line, map, other) = (try TestCertificates("line"), try TestCertificates("map"), try TestCertificates("other"))
        let manifests =
            Manifests.service() + Manifests.ingress() + Manifests.ingress("own", host: "own.example.com", tls: "own")
            + Manifests.certificate("own", try other.leaf("own.example.com"))
            + Manifests.certificate("line", namespace: "operator", try line.leaf("shop.example.com", "*.example.net"))
            + Manifests.certificate("map", namespace: "operator", try map.leaf("shop.example.com"))
        try await TestController.with(
            ["all.yaml": manifests], arguments: ["--default-ssl-certificate", "operator/line"]
        ) { controller async throws in
            let (lineFile, mapFile) = (try controller.trust(line), try controller.trust(map))
            let url = "https://shop.example.com/"
            #expect(try await controller.request(url, authority: lineFile).status == 200)
            #expect(try await controller.request("https://own.example.com/", authority: controller.trust(other)).status == 200)
            try await controller.write("map.yaml", Manifests.configMap(["ssl-certificate": "operator/map"]))
            try await controller.eventually(url, authority: mapFile) { $0.status == 200 }
            try await controller.write("map.yaml", Manifests.configMap(["ssl-certificate": "operator/nothing"]))
            try await controller.eventually(url, authority: lineFile) { $0.status == 200 }
            #expect(controller.log.contains("Secret operator/nothing does not exist"))
            #expect(try await controller.reloads == 0)
        }
    }

    @Test("of a name that nobody claims by spec.tls the operator's certificate is shown, though a tenant's covers it too")
    func operatorsBeforeTenants() async throws {
        let (line, own) = (try TestCertificates("line"), try TestCertificates("own"))
        let withoutHosts = Manifests.ingress("shop", host: "shop.example.com", tls: "own").replacing(
            /hosts: \[[^\]]*\]/, with: "hosts: []")
        let manifests =
            Manifests.service() + withoutHosts
            + Manifests.ingress("claimed", host: "claimed.example.com", tls: "own")
            + Manifests.ingress("elsewhere", host: "shop.example.org")
            + Manifests.certificate(
                "own", try own.leaf("shop.example.com", "claimed.example.com", "shop.example.org", "nobodys.example.com"))
            + Manifests.certificate("line", namespace: "operator", try line.leaf("*.example.com"))
        try await TestController.with(
            ["all.yaml": manifests], arguments: ["--default-ssl-certificate", "operator/line"]
        ) { controller async throws in
            let (lineFile, ownFile) = (try controller.trust(line), try controller.trust(own))
            for (host, authority, status) in [
                ("shop.example.com", lineFile, 200), ("nobodys.example.com", lineFile, 404),
                ("claimed.example.com", ownFile, 200),
                ("shop.example.org", ownFile, 200),
            ] {
                let response = try await controller.request("https://\(host)/", authority: authority)
                #expect(response.status == status, "\(host): \(response.curlStatus)")
            }
            // Claimed at run time.
            try await controller.write(
                "all.yaml",
                manifests.replacing(withoutHosts, with: Manifests.ingress("shop", host: "shop.example.com", tls: "own")))
            try await controller.eventually("https://shop.example.com/", authority: ownFile) { $0.status == 200 }
            #expect(try await controller.reloads == 0)
        }
    }

    @Test("certificates are replaced, hosts added and Ingresses with TLS removed without a reload")
    func changes() async throws {
        let (before, after) = (try TestCertificates("before"), try TestCertificates("after"))
        let first = Manifests.ingress("a", host: "a.example.com", tls: "a")
        let second = Manifests.ingress("b", host: "b.example.com", tls: "b")
        let files = [
            "service.yaml": Manifests.service(), "a.yaml": first,
            "secret.yaml": Manifests.certificate("a", try before.leaf("a.example.com")),
        ]
        try await TestController.with(files) { controller async throws in
            let (old, new) = (try controller.trust(before), try controller.trust(after))
            #expect(try await controller.request("https://a.example.com/", authority: old).status == 200)
            // RSA in place of ECDSA: another kind of key.
            try await controller.write(
                "secret.yaml", Manifests.certificate("a", try after.leaf("a.example.com", key: .rsa2048)))
            try await controller.eventually("https://a.example.com/", authority: new) { $0.status == 200 }
            #expect(try await controller.request("https://a.example.com/", authority: old).curlStatus == 60)

            try await controller.write("b.yaml", second + Manifests.certificate("b", try after.leaf("b.example.com")))
            try await controller.eventually("https://b.example.com/", authority: new) { $0.status == 200 }
            // A second host beside the first, on the same Secret.
            try await controller.write(
                "secret.yaml", Manifests.certificate("a", try after.leaf("a.example.com", "c.example.com")))
            try await controller.write("c.yaml", Manifests.ingress("c", host: "c.example.com", tls: "a"))
            try await controller.eventually("https://c.example.com/", authority: new) { $0.status == 200 }
            #expect(try await controller.request("https://a.example.com/", authority: new).status == 200)

            try await controller.remove("b.yaml")
            try await controller.eventually("https://b.example.com/") { $0.status == 404 }
            #expect(try await controller.request("https://b.example.com/", authority: new).curlStatus == 60)
            #expect(try await controller.runtimeAPI("show ssl cert").contains("shop_b.pem") == false)
            #expect(try await controller.request("https://a.example.com/", authority: new).status == 200)

            // A damaged Secret keeps the last good certificate, until it is mended.
            try await controller.write(
                "secret.yaml", Manifests.secret("a", type: "kubernetes.io/tls", ["tls.crt": "x", "tls.key": "y"]))
            try await controller.wait("the damage is told") {
                controller.log.contains("stays in force while this controller runs")
            }
            #expect(try await controller.request("https://a.example.com/", authority: new).status == 200)
            try await controller.write("secret.yaml", Manifests.certificate("a", try before.leaf("a.example.com")))
            try await controller.eventually("https://a.example.com/", authority: old) { $0.status == 200 }
            #expect(try await controller.reloads == 0)
        }
    }

    /// The subject of the certificate that a host shows.
    private func subject(of host: String, _ controller: TestController) async throws -> String {
        let response = try await controller.request("https://\(host)/", options: ["--write-out", "%{certs}"])
        return response.body.split(separator: "\n").first { $0.hasPrefix("Subject:") }.map(String.init) ?? response.body
    }
}
