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

    /// What the certificate of a Secret answers for; nil where it is not shown.
    private func names(_ assembly: AssemblyReport, _ secret: String, of namespace: String = "shop") -> [String]? {
        assembly.state.certificateList.entries["certs/frontend/\(namespace)_\(secret).pem"]
    }

    @Test(arguments: [[], ["one.example.com"]] as [[String]])
    func `A certificate answers for the names that it covers, with and without hosts in spec.tls`(_ hosts: [String]) throws {
        let secret = try Cluster.certificate("a", for: ["one.example.com", "two.example.com", "*.three.example.com"])
        for host in ["shop.example.com", nil] {
            let assembly = try Cluster.assemble([
                Cluster.ingress("web", host: host, tls: [IngressTLS(hosts: hosts, secretName: "a")]), secret,
            ])
            #expect(names(assembly, "a") == ["*.three.example.com", "one.example.com", "two.example.com"])
        }
    }

    @Test func `A host that spec.tls claims has the certificate that is claimed for it, whatever else covers it`() throws {
        let assembly = try Cluster.assemble([
            Cluster.ingress("old", path: "/old", tls: tls("wide", "other.example.com"), created: "2026-01-01T00:00:00Z"),
            Cluster.ingress("young", path: "/young", tls: tls("own", "shop.example.com"), created: "2026-02-01T00:00:00Z"),
            try Cluster.certificate("wide", for: ["shop.example.com", "www.example.com"], key: .rsa2048),
            try Cluster.certificate("own", for: ["elsewhere.example.com"]),
        ])
        #expect(names(assembly, "wide") == ["other.example.com", "www.example.com"])
        #expect(names(assembly, "own") == ["elsewhere.example.com", "shop.example.com"])
    }

    @Test func `The operator's certificate is shown for the names that it covers and nobody claims`() throws {
        func assemble(_ hosts: String...) throws -> AssemblyReport {
            try Cluster.assemble([
                Cluster.ingress("web", tls: [IngressTLS(hosts: hosts, secretName: "a")]),
                try Cluster.certificate("a", for: ["shop.example.com", "a.example.com", "*.example.com", "shop.example.org"]),
                try Cluster.certificate("wild", namespace: "infra", for: ["*.example.com"]),
            ]) { $0.defaultCertificate = .init(namespace: "infra", name: "wild") }
        }
        #expect(names(try assemble(), "a") == ["shop.example.org"])
        #expect(names(try assemble("shop.example.com"), "a") == ["shop.example.com", "shop.example.org"])
        #expect(names(try assemble("*.example.com"), "a") == ["*.example.com", "shop.example.org"])
    }

    @Test func `A wildcard's certificate gives way to the operator's for a single name below it`() throws {
        let assembly = try Cluster.assemble([
            Cluster.ingress("web", host: "shop.example.org", tls: tls("a")),
            try Cluster.certificate("a", for: ["*.example.com"]),
            try Cluster.certificate("one", namespace: "infra", for: ["one.example.com"]),
        ]) { $0.defaultCertificate = .init(namespace: "infra", name: "one") }
        #expect(names(assembly, "a") == ["!one.example.com", "*.example.com"])
    }

    @Test func `A namespace shows no certificate by its names for another's host, however old it is`() throws {
        for (own, other) in [("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"), ("2026-02-01T00:00:00Z", "2026-01-01T00:00:00Z")] {
            let objects = [
                Cluster.ingress("web", tls: tls("own"), created: own),
                Cluster.ingress("web", namespace: "other", host: "x.example.org", tls: tls("theirs"), created: other),
                try Cluster.certificate(
                    "theirs", namespace: "other", for: ["shop.example.com", "x.example.org", "*.example.com", "free.example.net"]),
            ]
            let without = try Cluster.assemble(objects)
            let free = ["!shop.example.com", "*.example.com", "free.example.net", "x.example.org"]
            #expect(names(without, "theirs", of: "other") == free)
            let with = try Cluster.assemble(objects + [try Cluster.certificate("own", for: ["shop.example.com"], key: .rsa2048)])
            #expect(names(with, "own") == ["shop.example.com"])
            #expect(names(with, "theirs", of: "other") == free)
            #expect(!with.messages.contains { $0.contains("certificate") }, "\(with.messages)")
        }
    }

    @Test func `Of certificates for a name that nobody has a rule for the oldest Ingress's is shown`() throws {
        func assemble(_ first: String, _ second: String) throws -> AssemblyReport {
            try Cluster.assemble([
                Cluster.ingress("a", host: "a.example.com", tls: tls("a"), created: "2026-0\(first)-01T00:00:00Z"),
                Cluster.ingress(
                    "b", namespace: "other", host: "b.example.com", tls: tls("b"), created: "2026-0\(second)-01T00:00:00Z"),
                try Cluster.certificate("a", for: ["free.example.com", "*.free.example.com"], key: .rsa2048),
                try Cluster.certificate("b", namespace: "other", for: ["free.example.com", "*.free.example.com"]),
            ])
        }
        let old = try assemble("1", "2")
        #expect(names(old, "a") == ["*.free.example.com", "free.example.com"] && names(old, "b", of: "other") == nil)
        let young = try assemble("2", "1")
        #expect(names(young, "b", of: "other") == ["*.free.example.com", "free.example.com"] && names(young, "a") == nil)
    }

    @Test func `Where nobody has a rule an older wildcard stands before a younger namespace's certificate for a name below it`()
        throws
    {
        func assemble(_ first: String, _ second: String) throws -> AssemblyReport {
            try Cluster.assemble([
                Cluster.ingress("a", host: "a.example.org", tls: tls("a"), created: "2026-0\(first)-01T00:00:00Z"),
                Cluster.ingress(
                    "b", namespace: "other", host: "b.example.org", tls: tls("b"), created: "2026-0\(second)-01T00:00:00Z"),
                try Cluster.certificate("a", for: ["*.example.com"]),
                try Cluster.certificate("b", namespace: "other", for: ["one.example.com", "b.example.org"], key: .rsa2048),
            ])
        }
        let old = try assemble("1", "2")
        #expect(names(old, "a") == ["*.example.com"] && names(old, "b", of: "other") == ["b.example.org"])
        let young = try assemble("2", "1")
        #expect(names(young, "a") == ["!one.example.com", "*.example.com"])
        #expect(names(young, "b", of: "other") == ["b.example.org", "one.example.com"])
    }

    @Test func `A wildcard that its namespace claims stands before a certificate that is only for a name below it`() throws {
        let secrets = [
            try Cluster.certificate("wild", for: ["*.example.com"]), try Cluster.certificate("one", for: ["shop.example.com"]),
        ]
        let claimed = try Cluster.assemble(
            [Cluster.ingress("web", tls: tls("wild", "*.example.com") + tls("one", "else.example.org"))] + secrets)
        #expect(names(claimed, "wild") == ["*.example.com"] && names(claimed, "one") == ["else.example.org"])
        let byName = try Cluster.assemble([Cluster.ingress("web", tls: tls("wild") + tls("one"))] + secrets)
        #expect(names(byName, "wild") == ["*.example.com"] && names(byName, "one") == ["shop.example.com"])
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
