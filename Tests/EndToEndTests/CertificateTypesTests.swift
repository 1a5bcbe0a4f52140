import Core
import Foundation
import TestSupport
import Testing

@Suite("Kinds and chains of certificates")
struct CertificateTypesTests {
    /// What clients can verify, as OpenSSL's client is told. Clients name RSA-PSS and the older RSA together; HAProxy 2.6
    /// knows RSA by the older one only (https://github.com/haproxy/haproxy/issues/2852).
    private static let clients: [(kind: String, options: [String])] = [
        ("RSA", ["-tls1_2", "-sigalgs", "RSA+SHA256:RSA-PSS+SHA256"]), ("ECDSA", ["-tls1_2", "-sigalgs", "ECDSA+SHA256"]),
        ("RSA", ["-tls1_3", "-sigalgs", "RSA-PSS+SHA256:RSA+SHA256"]), ("ECDSA", ["-tls1_3", "-sigalgs", "ECDSA+SHA256"]),
    ]

    /// Whether each kind of client is shown a certificate of its kind for a host, verified by the authority in a file.
    private func servesBoth(_ host: String, _ authority: URL, _ controller: TestController) async throws -> Bool {
        for (kind, options) in Self.clients {
            let result = try await controller.handshake(
                host, options + ["-CAfile", authority.path, "-verify_hostname", host, "-verify_return_error"])
            let signature = kind == "RSA" ? "Peer signature type: RSA" : "Peer signature type: ECDSA"
            guard result.output.contains("Verify return code: 0 (ok)"), result.output.contains(signature) else { return false }
        }
        return true
    }

    /// A Secret as the HAProxy Kubernetes Ingress Controller reads it.
    private func secret(_ name: String, namespace: String = "shop", _ certificates: TestCertificates, _ host: String) throws
        -> String
    {
        let (rsa, ecdsa) = (try certificates.leaf(host, key: .rsa2048), try certificates.leaf(host))
        return Manifests.secret(
            name, namespace: namespace,
            [
                "rsa.crt": rsa.certificateText, "rsa.key": rsa.keyText, "ecdsa.crt": ecdsa.certificateText,
                "ecdsa.key": ecdsa.keyText,
            ])
    }

    @Test("a host has an RSA and an ECDSA certificate, from two Secrets or from one, and clients get what they can verify")
    func both() async throws {
        let certificates = try TestCertificates()
        let (two, one) = ("two.example.com", "one.example.com")
        let files = [
            "service.yaml": Manifests.service(), "first.yaml": Manifests.ingress("two", host: two, tls: "rsa"),
            "second.yaml": Manifests.ingress("two-b", host: two, path: "/b", tls: "ecdsa"),
            "one.yaml": Manifests.ingress("one", host: one, tls: "both"),
            "secrets.yaml": Manifests.certificate("rsa", try certificates.leaf(two, key: .rsa2048))
                + Manifests.certificate("ecdsa", try certificates.leaf(two)),
            "both.yaml": try secret("both", certificates, one),
        ]
        try await TestController.with(files) { controller async throws in
            let authority = try controller.trust(certificates)
            #expect(try await servesBoth(two, authority, controller))
            #expect(try await servesBoth(one, authority, controller))

            let renewed = try TestCertificates("renewed")
            try await controller.write("both.yaml", secret("both", renewed, one))
            let newAuthority = try controller.trust(renewed)
            try await controller.wait("both are renewed") { try await servesBoth(one, newAuthority, controller) }
            // One of the two goes: who could do better is shown the other.
            try await controller.remove("second.yaml")
            try await controller.wait("only RSA is left") {
                let options = ["-sigalgs", "ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256"]
                return try await controller.handshake(two, options).output.contains("Peer signature type: RSA")
            }
            #expect(try await controller.request("https://\(two)/", authority: authority).pod == "pod-1")
            #expect(try await controller.reloads == 0)
        }
    }

    @Test("a default certificate of both kinds: RSA for whoever names no known host, both for the names in it")
    func defaults() async throws {
        let (line, map) = (try TestCertificates("line"), try TestCertificates("map"))
        let manifests =
            Manifests.service() + Manifests.ingress(host: "shop.example.com")
            + (try secret("line", namespace: "operator", line, "*.example.com"))
            + (try secret("map", namespace: "operator", map, "shop.example.com"))
        try await TestController.with(
            ["all.yaml": manifests], arguments: ["--default-ssl-certificate", "operator/line"]
        ) { controller async throws in
            #expect(try await servesBoth("shop.example.com", controller.trust(line), controller))
            for host in [nil, "other.example.net"] {
                let shown = try await controller.handshake(host, ["-sigalgs", "ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256"]).output
                #expect(shown.contains("Peer signature type: RSA") && shown.contains("*.example.com"))
            }
            try await controller.write("map.yaml", Manifests.configMap(["ssl-certificate": "operator/map"]))
            let authority = try controller.trust(map)
            try await controller.wait("the ConfigMap's are shown") {
                try await servesBoth("shop.example.com", authority, controller)
            }
            #expect(try await controller.reloads == 0)
        }
    }

    @Test("intermediate certificates are sent: a client that knows only the root is satisfied; a wrong order is refused")
    func chains() async throws {
        let root = try TestCertificates("root")
        let intermediate = try root.intermediate()
        let leaf = try intermediate.leaf("shop.example.com")
        func chain(_ parts: String...) -> String {
            Manifests.secret("web", type: "kubernetes.io/tls", ["tls.crt": parts.joined(), "tls.key": leaf.keyText])
        }
        let middle = intermediate.authority.certificateText
        let files = [
            "web.yaml": Manifests.service() + Manifests.ingress(tls: "web"), "secret.yaml": chain(leaf.certificateText, middle),
        ]
        try await TestController.with(files) { controller async throws in
            let (url, authority) = ("https://shop.example.com/", try controller.trust(root))
            #expect(try await controller.request(url, authority: authority).pod == "pod-1")
            try await controller.write("secret.yaml", chain(leaf.certificateText))
            try await controller.eventually(url, authority: authority) { $0.curlStatus == 60 }
            try await controller.write("secret.yaml", chain(middle, leaf.certificateText))
            try await controller.wait("the order is reported") {
                controller.log.contains("the key belongs to certificate number 2 of tls.crt, which must come first")
            }
            #expect(try await controller.request(url).pod == "pod-1")
            try await controller.write("secret.yaml", chain(leaf.certificateText, root.authority.certificateText, middle))
            try await controller.eventually(url, authority: authority) { $0.pod == "pod-1" }
            #expect(try await controller.reloads == 0)
        }
    }

    @Test("clean-certs: files of certificates that are not used are removed, unless they are to stay")
    func unusedFiles() async throws {
        let certificates = try TestCertificates()
        let web = Manifests.ingress(tls: "web") + Manifests.certificate("web", try certificates.leaf("shop.example.com"))
        let files = ["service.yaml": Manifests.service(), "web.yaml": web]
        try await TestController.with(files) { controller async throws in
            func isThere() -> Bool {
                FileManager.default.fileExists(
                    atPath: controller.config.appendingPathComponent("certs/frontend/shop_web.pem").path)
            }
            let authority = try controller.trust(certificates)
            let url = "https://shop.example.com/"
            #expect(isThere())
            try await controller.write("map.yaml", Manifests.configMap(["clean-certs": "false"]))
            try await controller.write("web.yaml", Manifests.ingress())
            try await controller.eventually(url, authority: authority) { $0.curlStatus == 60 }
            #expect(isThere())
            try await controller.write("map.yaml", Manifests.configMap([:]))
            try await controller.wait("the file is gone") { !isThere() }
            try await controller.write("web.yaml", web)
            try await controller.eventually(url, authority: authority) { $0.pod == "pod-1" }
            try await controller.write("web.yaml", Manifests.ingress())
            try await controller.wait("the file is gone at once") { !isThere() }
            #expect(try await controller.reloads == 0)
        }
    }
}
