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

    @Test func `A host has a certificate for each kind of key, from one namespace`() throws {
        let both = try Cluster.assemble([
            Cluster.ingress("a", path: "/a", tls: tls("rsa", "shop.example.com") + tls("ecdsa", "shop.example.com")),
            try Cluster.certificate("rsa", for: ["shop.example.com"], key: .rsa2048),
            try Cluster.certificate("ecdsa", for: ["shop.example.com"]), Cluster.service(),
            Cluster.slice(Cluster.pods("10.0.0.1")),
        ])
        #expect(both.state.certificateList.entries.keys.sorted() == [path("ecdsa"), path("rsa")])
        #expect(both.findings.isEmpty)
        let stranger = Cluster.ingress(
            "z", namespace: "other", path: "/z", tls: tls("ecdsa", "shop.example.com"), created: "2026-02-01T00:00:00Z")
        let apart = try Cluster.assemble([
            Cluster.ingress("a", path: "/a", tls: tls("rsa", "shop.example.com"), created: "2026-01-01T00:00:00Z"), stranger,
            try Cluster.certificate("rsa", for: ["shop.example.com"], key: .rsa2048),
            try Cluster.certificate("ecdsa", namespace: "other", for: ["shop.example.com"]),
        ])
        #expect(apart.state.certificateList.entries == [path("rsa"): ["shop.example.com"]])
        #expect(apart.messages.contains { $0.contains("older Ingress shop/a has one") })
    }

    /// A Secret in the form of the HAProxy Kubernetes Ingress Controller.
    private func both(_ name: String, namespace: String = "shop", for host: String) throws -> Secret {
        var data: [String: [UInt8]] = [:]
        for (part, key) in [("rsa", CertificateIssuer.Key.rsa2048), ("ecdsa", .p256)] {
            guard case .secret(let secret) = try Cluster.certificate(name, for: [host], key: key) else { continue }
            data["\(part).crt"] = secret.data["tls.crt"]
            data["\(part).key"] = secret.data["tls.key"]
        }
        return Secret(metadata: ObjectMeta(namespace: namespace, name: name), data: data)
    }

    @Test func `A Secret can hold a certificate of each kind, and one that is damaged leaves the other in force`() throws {
        var secret = try both("a", for: "shop.example.com")
        let ingress = Cluster.ingress("web", tls: tls("a", "shop.example.com"))
        let paths = [path("a_ecdsa"), path("a_rsa")]
        #expect(try Cluster.assemble([ingress, .secret(secret)]).state.certificateList.entries.keys.sorted() == paths)
        secret.data["ecdsa.key"] = secret.data["rsa.key"]
        let damaged = try Cluster.assemble([ingress, .secret(secret)])
        #expect(damaged.state.certificateList.entries.keys.sorted() == [path("a_rsa")])
        #expect(damaged.findings.contains { $0.severity == .error && $0.value == "a" })
        secret.data["ecdsa.key"] = nil
        #expect(try Cluster.assemble([ingress, .secret(secret)]).messages.contains { $0.contains("ecdsa.key is missing") })
    }

    @Test func `The default certificate is the one with an RSA key, and both answer for the names that no Ingress has`() throws {
        func assemble(_ objects: [KubernetesObject]) throws -> DesiredState {
            try Cluster.assemble(objects) { $0.defaultCertificate = .init(namespace: "infra", name: "wild") }.state
        }
        let secret = KubernetesObject.secret(try both("wild", namespace: "infra", for: "*.example.com"))
        let alone = try assemble([secret])
        #expect(
            alone.certificateList.entries == [
                "certs/default_ecdsa.pem": ["*.example.com"], "certs/default_rsa.pem": ["*.example.com"],
            ])
        #expect(alone.files["certs/default.pem"]?.content == alone.files["certs/default_rsa.pem"]?.content)
        let beside = try assemble([
            secret, Cluster.ingress("web", tls: tls("own", "*.example.com")),
            try Cluster.certificate("own", for: ["*.example.com"]),
        ])
        #expect(beside.certificateList.entries == [path("own"): ["*.example.com"]])
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
