import Testing

@testable import Core

@Suite struct CertificatesTests {
    private func path(_ secret: String) -> String { "certs/frontend/shop_\(secret).pem" }

    private func tls(_ secret: String, _ hosts: String...) -> [IngressTLS] { [IngressTLS(hosts: hosts, secretName: secret)] }

    @Test func `A certificate answers for the hosts of spec.tls, and its file holds certificate and key`() throws {
        let assembly = try Cluster.assemble([
            Cluster.ingress("web", tls: tls("a", "shop.example.com", "*.example.com")),
            try Cluster.certificate("a", for: ["shop.example.com"]),
        ])
        #expect(assembly.state.certificateList.entries == [path("a"): ["*.example.com", "shop.example.com"]])
        let pem = String(decoding: assembly.state.files[path("a")]?.content ?? [], as: UTF8.self)
        #expect(pem.contains("BEGIN CERTIFICATE") && pem.contains("PRIVATE KEY"))
        #expect(
            assembly.state.certificateList.text
                == "certs/default.pem default.invalid\n\(path("a")) *.example.com shop.example.com\n")
    }

    @Test func `Without hosts a certificate answers for the rules' hosts, and without those for its own names`() throws {
        let secret = try Cluster.certificate("a", for: ["one.example.com", "two.example.com"])
        let rules = try Cluster.assemble([Cluster.ingress("web", tls: tls("a")), secret])
        #expect(rules.state.certificateList.entries == [path("a"): ["shop.example.com"]])
        let names = try Cluster.assemble([Cluster.ingress("web", host: nil, tls: tls("a")), secret])
        #expect(names.state.certificateList.entries == [path("a"): ["one.example.com", "two.example.com"]])
    }

    @Test func `Of two Ingresses with a certificate for a host the older has it`() throws {
        let objects = [
            Cluster.ingress(
                "a-young", path: "/y", tls: tls("y", "shop.example.com", "y.example.com"), created: "2026-02-01T00:00:00Z"),
            Cluster.ingress("b-old", path: "/o", tls: tls("o", "shop.example.com"), created: "2026-01-01T00:00:00Z"),
            try Cluster.certificate("y", for: ["y.example.com"]), try Cluster.certificate("o", for: ["shop.example.com"]),
            Cluster.service(), Cluster.slice(Cluster.pods("10.0.0.1")),
        ]
        let assembly = try Cluster.assemble(objects)
        #expect(assembly.state.certificateList.entries == [path("o"): ["shop.example.com"], path("y"): ["y.example.com"]])
        #expect(assembly.findings.map { $0.object?.name } == ["a-young"])
        #expect(assembly.findings.allSatisfy { $0.message.contains("older Ingress shop/b-old") })
    }

    @Test func `Two Ingresses with one Secret for one host are no conflict`() throws {
        let assembly = try Cluster.assemble([
            Cluster.ingress("a", path: "/a", tls: tls("c", "shop.example.com")),
            Cluster.ingress("b", path: "/b", tls: tls("c", "shop.example.com")),
            try Cluster.certificate("c", for: ["shop.example.com"]), Cluster.service(), Cluster.slice(Cluster.pods("10.0.0.1")),
        ])
        #expect(assembly.state.certificateList.entries == [path("c"): ["shop.example.com"]])
        #expect(assembly.findings.isEmpty)
    }

    @Test func `A certificate that answers for no host is not loaded`() throws {
        let assembly = try Cluster.assemble([
            Cluster.ingress("a", path: "/a", tls: tls("one", "shop.example.com")),
            Cluster.ingress("b", path: "/b", tls: tls("two", "shop.example.com")),
            try Cluster.certificate("one", for: ["shop.example.com"]), try Cluster.certificate("two", for: ["shop.example.com"]),
        ])
        #expect(assembly.state.certificateList.entries.keys.sorted() == [path("one")])
        // HAProxy could not replace it when the Secret changes.
        #expect(assembly.state.files[path("two")] == nil)
    }

    @Test func `A Secret that is missing or unusable is named, and its hosts keep the default certificate`() throws {
        let assembly = try Cluster.assemble([
            Cluster.ingress("a", path: "/a", tls: tls("nobody", "a.example.com")),
            Cluster.ingress("b", path: "/b", tls: tls("empty", "b.example.com")), Cluster.secret("empty"),
            Cluster.service(), Cluster.slice(Cluster.pods("10.0.0.1")),
        ])
        #expect(assembly.state.certificateList.entries.isEmpty)
        #expect(assembly.findings.map(\.value) == ["nobody", "empty"])
        #expect(assembly.findings.allSatisfy { $0.key == "spec.tls[0].secretName" && $0.severity == .error })
        #expect(assembly.state.files["certs/default.pem"] != nil)
    }

    @Test func `A Secret of the same name in another namespace is not read`() throws {
        let assembly = try Cluster.assemble([
            Cluster.ingress("a", tls: tls("a", "shop.example.com")),
            try Cluster.certificate("a", namespace: "other", for: ["shop.example.com"]),
        ])
        #expect(assembly.state.certificateList.entries.isEmpty)
    }

    @Test func `A certificate that has expired is served, and reported once`() throws {
        let assembly = try Cluster.assemble([
            Cluster.ingress("a", path: "/a", tls: tls("a", "a.example.com")),
            Cluster.ingress("b", path: "/b", tls: tls("a", "b.example.com")),
            try Cluster.certificate("a", for: ["a.example.com"], validUntil: 1_700_000_000), Cluster.service(),
            Cluster.slice(Cluster.pods("10.0.0.1")),
        ])
        #expect(assembly.state.certificateList.entries == [path("a"): ["a.example.com", "b.example.com"]])
        #expect(assembly.messages == ["Secret shop/a: tls.crt: holds a certificate that has expired"])
    }

    @Test func `The default certificate is the command line's, else the fallback`() throws {
        let secret = try Cluster.certificate("wild", namespace: "infra", for: ["*.example.com"])
        let named = try Cluster.assemble([secret]) {
            $0.defaultCertificate = .init(namespace: "infra", name: "wild")
            $0.fallbackCertificate = Array("fallback".utf8)
        }
        let pem = String(decoding: named.state.files["certs/default.pem"]?.content ?? [], as: UTF8.self)
        #expect(pem.contains("CERTIFICATE"))
        let missing = try Cluster.assemble([]) {
            $0.defaultCertificate = .init(namespace: "infra", name: "wild")
            $0.fallbackCertificate = Array("fallback".utf8)
        }
        #expect(missing.state.files["certs/default.pem"]?.content == Array("fallback".utf8))
        #expect(missing.findings.map(\.key) == ["--default-ssl-certificate"])
    }

    @Test func `Names that no client can ask for are left out`() throws {
        let assembly = try Cluster.assemble([
            Cluster.ingress("a", tls: tls("a", "shop.example.com", "*", "a b", "x\nevil", "*.*.example.com")),
            try Cluster.certificate("a", for: ["shop.example.com"]),
        ])
        #expect(assembly.state.certificateList.entries == [path("a"): ["shop.example.com"]])
    }
}
