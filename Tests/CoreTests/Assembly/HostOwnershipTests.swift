import TestSupport
import Testing

@testable import Core

/// Two namespaces that want the same host. `shop` was there first; `thief` came later.
@Suite struct HostOwnershipTests {
    private static let (old, young) = ("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z")

    private static func service(_ name: String, _ namespace: String, when header: String? = nil) -> [KubernetesObject] {
        [
            Cluster.service(name, namespace: namespace, annotations: header.map { ["only-when": $0] } ?? [:]),
            Cluster.slice(Cluster.pods("10.0.0.1"), name: "\(name)-1", of: name, namespace: namespace),
        ]
    }

    private static let services = service("web", "shop") + service("web", "thief")
    private static let owner = Cluster.ingress("web", created: old)

    private static func thief(
        _ name: String = "web", host: String? = "shop.example.com", path: String = "/nothing", type: PathType = .prefix,
        annotations: [String: String] = [:], tls: [IngressTLS] = [], defaultBackend: String? = nil, created: String = young
    ) -> KubernetesObject {
        Cluster.ingress(
            name, namespace: "thief", host: host, path: path, type: type, annotations: annotations, tls: tls,
            defaultBackend: defaultBackend, created: created)
    }

    private static func assemble(
        _ objects: [KubernetesObject], _ ownership: HostOwnership = .namespace
    ) throws -> AssemblyReport {
        try Cluster.assemble(services + objects) { $0.hostOwnership = ownership }
    }

    // MARK: - Passthrough

    @Test func `Passthrough of a younger namespace takes no TLS of the older one's host, and its own path is closed`() throws {
        let assembly = try Self.assemble([Self.owner, Self.thief(annotations: ["through": "true"])])
        #expect(assembly.map("sni").isEmpty)
        #expect(assembly.map("path-prefix")["shop.example.com/"] == "shop_svc_web_http")
        #expect(assembly.map("path-prefix")["shop.example.com/nothing/"] == SectionNames.unavailable)
        #expect(assembly.findings.map { $0.object?.namespace } == ["thief"])
        #expect(
            assembly.messages.allSatisfy { $0.contains("older Ingress shop/web decides") && $0.hasPrefix("Ingress thief/web") })
        let shared = try Self.assemble([Self.owner, Self.thief(annotations: ["through": "true"])], .shared)
        #expect(shared.map("sni") == ["shop.example.com": "thief_svc_web_http"])
    }

    @Test func `The owner passes TLS through, and those whom TLS does not reach then are told`() throws {
        let assembly = try Self.assemble([
            Cluster.ingress("web", annotations: ["through": "true"], created: Self.old), Self.thief(path: "/own"),
        ])
        #expect(assembly.map("sni") == ["shop.example.com": "shop_svc_web_http"])
        #expect(assembly.map("path-prefix")["shop.example.com/own/"] == "thief_svc_web_http")
        #expect(assembly.messages.contains { $0.hasPrefix("Ingress thief/web: spec.rules") && $0.contains("by HTTP alone") })
    }

    @Test func `A host is that of its own rules: who owns a wildcard decides nothing about hosts with rules`() throws {
        let assembly = try Self.assemble([
            Self.owner, Self.thief(host: "*.example.com", annotations: ["through": "true"], created: "2020-01-01T00:00:00Z"),
        ])
        #expect(assembly.map("sni") == [".example.com": "thief_svc_web_http"])
        let answer = assembly.answers(to: RequestOutline(authority: "shop.example.com", path: "/", isTLS: true))
        #expect(answer.map(\.answer) == [.pods(backend: "shop_svc_web_http")])
    }

    @Test func `All paths of a host that is passed through lead to HTTPS, and 421 is the answer to misdirected requests`() throws
    {
        let assembly = try Self.assemble([
            Cluster.ingress("web", path: "/app", annotations: ["through": "true"], created: Self.old)
        ])
        #expect(assembly.map("path-prefix")["shop.example.com/"] == SectionNames.unavailable)
        for path in ["/app", "/other", "/"] {
            let misdirected = RequestOutline(
                authority: "shop.example.com", path: path, isTLS: true, serverName: "elsewhere.example.com")
            guard case .status(421, _)? = assembly.answers(to: misdirected).first?.answer else {
                Issue.record("\(assembly.answers(to: misdirected))")
                continue
            }
        }
        #expect(assembly.lines(SectionNames.unavailable).contains { $0.contains("status 421") && $0.contains("maps/sni.map") })
    }

    @Test func `Passthrough without a host is refused to its owner, and the path is closed, not served in clear`() throws {
        let assembly = try Self.assemble([
            Self.thief(host: nil, path: "/x", annotations: ["through": "true"], defaultBackend: "web")
        ])
        #expect(assembly.map("path-prefix") == ["/x/": SectionNames.unavailable])
        #expect(assembly.map("path-exact").isEmpty && assembly.map("sni").isEmpty)
        #expect(assembly.findings.count == 2 && assembly.findings.allSatisfy { $0.severity == .error })
        #expect(assembly.messages.contains { $0.contains("path /x of any host is closed") })
        #expect(assembly.messages.contains { $0.contains("this default backend gets no requests") })
    }

    // MARK: - Conditions

    @Test func `A condition takes no requests at another namespace's place`() throws {
        let objects =
            Self.service("next", "thief", when: "x-any") + [
                Self.owner,
                Cluster.ingress("next", namespace: "thief", service: "next", created: Self.young),
            ]
        let assembly = try Self.assemble(objects)
        #expect(assembly.map("path-prefix")["shop.example.com/"] == "shop_svc_web_http")
        #expect(assembly.map("route-acl").isEmpty)
        #expect(assembly.findings.map { $0.object?.name } == ["next"] && assembly.findings[0].severity == .error)
        #expect(assembly.messages[0].contains("where the older Ingress shop/web of another namespace has all of them"))
        #expect(!(try Self.assemble(objects, .shared)).map("route-acl").isEmpty)
    }

    @Test func `A place is the namespace's that was there first, if only with a condition`() throws {
        let assembly = try Self.assemble(
            Self.service("next", "thief", when: "x-any") + [
                Cluster.ingress("next", namespace: "thief", path: "/app", service: "next", created: Self.old),
                Cluster.ingress("web", path: "/app", created: Self.young),
            ])
        #expect(assembly.routes.map { $0.ingress?.namespace } == ["thief"])
        #expect(
            assembly.messages.contains {
                $0.contains("claims host shop.example.com, path /app, which the older Ingress thief/next has")
            })
    }

    // MARK: - Paths and default backends

    @Test func `Other paths of a host are anybody's, longer ones and exact ones too`() throws {
        let assembly = try Self.assemble([
            Self.owner, Self.thief("a", path: "/deep"), Self.thief("b", path: "/", type: .exact),
        ])
        #expect(assembly.findings.isEmpty)
        #expect(assembly.map("path-prefix")["shop.example.com/deep/"] == "thief_svc_web_http")
        #expect(assembly.map("path-exact")["shop.example.com/"] == "thief_svc_web_http")
    }

    @Test func `The rest of a host is its owner's, by a default backend or a rule`() throws {
        let stranger = try Self.assemble([
            Cluster.ingress("web", path: "/app", created: Self.old), Self.thief(defaultBackend: "web"),
        ])
        #expect(stranger.map("path-prefix")["shop.example.com/"] == nil)
        #expect(
            stranger.messages.contains { $0.hasPrefix("Ingress thief/web: spec.defaultBackend: would take the rest of host") })
        // A younger namespace's rule is no better than an older one's default backend, as it is within a namespace.
        let owners = [Cluster.ingress("web", path: "/app", defaultBackend: "web", created: Self.old), Self.thief(path: "/")]
        #expect(try Self.assemble(owners).map("path-prefix")["shop.example.com/"] == "shop_svc_web_http")
        #expect(try Self.assemble(owners, .shared).map("path-prefix")["shop.example.com/"] == "thief_svc_web_http")
    }

    // MARK: - Certificates

    private static func shown(_ objects: [KubernetesObject], _ ownership: HostOwnership = .namespace) throws -> [String: [String]]
    {
        let certificates = try ["shop", "thief"].map { try Cluster.certificate("tls", namespace: $0, for: ["shop.example.com"]) }
        return try assemble(objects + certificates, ownership).state.certificateList.entries
    }

    private static func tls(_ host: String = "shop.example.com") -> [IngressTLS] {
        [IngressTLS(hosts: [host], secretName: "tls")]
    }

    @Test func `The owner of a host decides about its certificate, however old an Ingress is that only brings one`() throws {
        let older = Self.thief(host: "thief.example.com", tls: Self.tls(), created: "2020-01-01T00:00:00Z")
        let owner = Cluster.ingress("web", tls: Self.tls(), created: Self.old)
        #expect(try Self.shown([owner, older]) == ["certs/frontend/shop_tls.pem": ["shop.example.com"]])
        #expect(try Self.shown([Self.owner, older]) == [:])
        #expect(try Self.shown([Self.owner, older], .shared) == ["certs/frontend/thief_tls.pem": ["shop.example.com"]])
        // Where nobody has a rule for the host, the oldest certificate is shown.
        #expect(try Self.shown([older]) == ["certs/frontend/thief_tls.pem": ["shop.example.com"]])
    }

    @Test func `The owner of a wildcard decides about certificates for hosts below it that have no rules`() throws {
        let wildcard = Cluster.ingress("web", host: "*.example.com", created: Self.old)
        let stranger = Self.thief(host: "thief.example.org", tls: Self.tls(), created: "2020-01-01T00:00:00Z")
        #expect(try Self.shown([wildcard, stranger]) == [:])
        let own = Self.thief(tls: Self.tls())
        #expect(try Self.shown([wildcard, own]) == ["certs/frontend/thief_tls.pem": ["shop.example.com"]])
    }

    @Test func `A wildcard's certificate is not shown for an older host of another namespace that has none`() throws {
        let wildcard = Self.thief(host: "*.example.com", tls: Self.tls("*.example.com"))
        let path = "certs/frontend/thief_tls.pem"
        #expect(try Self.shown([Self.owner, wildcard]) == [path: ["!shop.example.com", "*.example.com"]])
        #expect(try Self.shown([Self.owner, wildcard], .shared) == [path: ["*.example.com"]])
        // The older wildcard was there first, and with a certificate of its own a host needs no exception.
        let older = Self.thief(host: "*.example.com", tls: Self.tls("*.example.com"), created: "2020-01-01T00:00:00Z")
        #expect(try Self.shown([Self.owner, older]) == [path: ["*.example.com"]])
        let covered = Cluster.ingress("web", tls: Self.tls(), created: Self.old)
        #expect(
            try Self.shown([covered, wildcard])
                == [path: ["*.example.com"], "certs/frontend/shop_tls.pem": ["shop.example.com"]])
    }

    /// A host with a certificate of one kind of key, and a younger wildcard of another namespace with another kind.
    private static func kinds(own: CertificateIssuer.Key, wildcard: CertificateIssuer.Key) throws -> [String: [String]] {
        try assemble(
            [
                Cluster.ingress("web", tls: tls(), created: old), thief(host: "*.example.com", tls: tls("*.example.com")),
                try Cluster.certificate("tls", for: ["shop.example.com"], key: own),
                try Cluster.certificate("tls", namespace: "thief", for: ["*.example.com"], key: wildcard),
            ], .namespace
        ).state.certificateList.entries
    }

    @Test func `A younger wildcard's certificate of another kind is not shown for a host that has its own`() throws {
        let path = "certs/frontend/thief_tls.pem"
        #expect(try Self.kinds(own: .rsa2048, wildcard: .p256)[path] == ["!shop.example.com", "*.example.com"])
        #expect(try Self.kinds(own: .p256, wildcard: .rsa2048)[path] == ["!shop.example.com", "*.example.com"])
        #expect(try Self.kinds(own: .p256, wildcard: .p256)[path] == ["*.example.com"])
    }

    @Test func `A host with a certificate of its own shows it below an older wildcard with another kind of key`() throws {
        func shown(
            own: CertificateIssuer.Key, namespace: String, hosts: Int = 1
        ) throws -> (names: [String], findings: [Finding]) {
            let wildcard = Cluster.ingress("web", host: "*.example.com", tls: Self.tls("*.example.com"), created: Self.old)
            var objects = [wildcard, try Cluster.certificate("tls", for: ["*.example.com"], key: .p256)]
            for number in 0..<hosts {
                let host = "h\(number).example.com"
                objects.append(
                    Cluster.ingress(
                        "h\(number)", namespace: namespace, host: host,
                        tls: [IngressTLS(hosts: [host], secretName: "own")], created: Self.young))
            }
            let names = (0..<hosts).map { "h\($0).example.com" }
            objects.append(try Cluster.certificate("own", namespace: namespace, for: names, key: own))
            let live = Assembler(Engine(registry: try AnnotationRegistry(TestHandlers.all), options: EngineOptions()))
            // One after the other, the wildcard first and last.
            for object in objects {
                live.upsert(object)
                _ = live.update(now: 1_800_000_000)
            }
            live.remove(wildcard.key)
            _ = live.update(now: 1_800_000_000)
            live.upsert(wildcard)
            _ = live.update(now: 1_800_000_000)
            return (live.state.certificateList.entries["certs/frontend/shop_tls.pem"] ?? [], live.allFindings)
        }
        for namespace in ["shop", "other"] {
            #expect(try shown(own: .rsa2048, namespace: namespace).names == ["!h0.example.com", "*.example.com"])
            #expect(try shown(own: .p256, namespace: namespace).names == ["*.example.com"])
            // However many there are, the wildcard's certificate is shown, and those without room are told.
            let many = try shown(own: .rsa2048, namespace: namespace, hosts: 300)
            #expect(many.names.contains("*.example.com") && (150..<300).contains(many.names.count))
            #expect(many.names.joined(separator: " ").utf8.count <= ReaderLimits.certificateListLine)
            let told = many.findings.filter { $0.object?.namespace == namespace && $0.message.contains("kind of key") }
            #expect(told.count == 301 - many.names.count)
        }
    }

    @Test func `Hosts that a wildcard's certificate is not shown for stay on its line, and too many close it`() throws {
        func assembly(_ hosts: Int, others: Int) throws -> AssemblyReport {
            let names = (0..<others).map { "other\($0).example.org" }
            let tls = [IngressTLS(hosts: ["*.example.com"] + names, secretName: "tls")]
            return try Self.assemble(
                (0..<hosts).map { Cluster.ingress("web\($0)", host: "h\($0).example.com", created: Self.old) } + [
                    Self.thief(host: "*.example.com", tls: tls),
                    try Cluster.certificate("tls", namespace: "thief", for: ["*.example.com"]),
                ], .namespace)
        }
        let many = try assembly(100, others: 300)
        let line = try #require(many.state.certificateList.text.split(separator: "\n").first { $0.contains(" *.example.com") })
        #expect(line.split(separator: " ").count { $0.hasPrefix("!h") } == 100)
        #expect(many.state.certificateList.text.split(separator: "\n").count > 2)
        let tooMany = try assembly(400, others: 1)
        #expect(tooMany.state.certificateList.entries == ["certs/frontend/thief_tls.pem": ["other0.example.org"]])
        #expect(tooMany.messages.contains { $0.contains("thief") && $0.contains("400 hosts") })
    }

    // MARK: - Changes

    @Test func `When the owner goes, the next oldest decides, and the host is given back when the owner returns`() throws {
        let live = Assembler(Engine(registry: try AnnotationRegistry(TestHandlers.all), options: EngineOptions()))
        for object in Self.services + [Self.owner, Self.thief(annotations: ["through": "true"])] { live.upsert(object) }
        _ = live.update(now: 0)
        #expect(live.state.maps["sni"]?.entries.isEmpty ?? true)
        live.remove(Self.owner.key)
        let taken = live.update(now: 0)
        #expect(live.state.maps["sni"]?.entries == ["shop.example.com": "thief_svc_web_http"])
        #expect(taken.goneFindings.contains { $0.message.contains("asks for ssl-passthrough") })
        live.upsert(Self.owner)
        _ = live.update(now: 0)
        #expect(live.state.maps["sni"]?.entries.isEmpty ?? true)
        #expect(live.allFindings.contains { $0.message.contains("asks for ssl-passthrough") })
    }
}
