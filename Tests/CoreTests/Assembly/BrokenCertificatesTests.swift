import Testing

@testable import Core

@Suite struct BrokenCertificatesTests {
    private let path = "certs/frontend/shop_tls.pem"

    private func live(_ objects: [KubernetesObject], configMap: [String: String] = [:]) throws -> Assembler {
        let live = Assembler(Engine(registry: try AnnotationRegistry(TestHandlers.all), options: EngineOptions()))
        for object in objects + [Cluster.configMap(configMap)] { live.upsert(object) }
        _ = live.update(now: 1_800_000_000)
        return live
    }

    private let ingress = Cluster.ingress("web", tls: [IngressTLS(hosts: ["shop.example.com"], secretName: "tls")])

    private func content(_ live: Assembler) -> [UInt8]? {
        _ = live.update(now: 1_800_000_000)
        return live.state.files[path]?.content
    }

    @Test(arguments: ["key gone", "nonsense", "another's key", "empty"])
    func `A certificate that an update breaks stays in force, with an error, until it is mended or its Secret is deleted`(
        _ damage: String
    ) throws {
        let good = try Cluster.certificate("tls", for: ["shop.example.com"])
        let live = try self.live([ingress, good])
        let first = try #require(content(live))
        guard case .secret(var broken) = good, case .secret(let other) = try Cluster.certificate("tls", for: ["x.example.com"])
        else { return }
        switch damage {
        case "key gone": broken.data["tls.key"] = nil
        case "nonsense": broken.data["tls.crt"] = Array("nonsense".utf8)
        case "another's key": broken.data["tls.key"] = other.data["tls.key"]
        default: broken.data = [:]
        }
        live.upsert(.secret(broken))
        #expect(content(live) == first)
        #expect(live.state.certificateList.entries == [path: ["shop.example.com"]])
        let errors = live.allFindings.filter {
            $0.severity == .error && $0.object?.kind == .ingress && $0.message.contains("usable")
        }
        #expect(errors.contains { $0.message.contains("in force while this controller runs") }, "\(live.allFindings)")
        // Everything made anew, as an IngressClass does it, forgets nothing.
        live.upsert(.ingressClass(IngressClass(metadata: ObjectMeta(namespace: "", name: "a"), controller: "x")))
        _ = live.share(among: 3)
        #expect(content(live) == first)
        // A start has none.
        #expect(try self.live([ingress, .secret(broken)]).state.certificateList.entries.isEmpty)
        live.upsert(.secret(other))
        #expect(content(live).map { $0 != first } == true)
        live.upsert(.secret(broken))
        #expect(content(live).map { $0 != first } == true)
        live.remove(good.key)
        #expect(content(live) == nil)
        live.upsert(.secret(broken))
        #expect(content(live) == nil)
    }

    @Test func `A version that is taken back leaves no certificate in force`() throws {
        guard case .secret(let good) = try Cluster.certificate("tls", for: ["shop.example.com"]) else { return }
        let next = try Cluster.certificate("tls", for: ["shop.example.com"])
        var broken = good
        broken.data["tls.key"] = nil
        let live = try self.live([ingress, .secret(broken)])
        #expect(content(live) == nil)
        live.upsert(next)
        #expect(content(live) != nil)
        live.takeBack(next.key, to: .init(.secret(broken)))
        #expect(content(live) == nil)
        live.upsert(.secret(good))
        let first = content(live)
        live.upsert(.secret(broken))
        live.upsert(next)
        #expect(content(live) != first)
        live.takeBack(next.key, to: .init(.secret(broken)))
        #expect(content(live) == first)
        live.takeBack(next.key, to: .init(nil))
        #expect(content(live) == nil)
    }

    @Test func `A certificate that HAProxy cannot load gives way to the last one that it could`() throws {
        let live = try self.live([ingress, try Cluster.certificate("tls", for: ["shop.example.com"])])
        let good = try #require(content(live))
        for _ in 0..<2 {
            live.upsert(try Cluster.certificate("tls", for: ["shop.example.com"]))
            _ = live.update(now: 1_800_000_000)
            live.refuse(try #require(live.state.files[path]), reason: "key too small")
            #expect(content(live) == good)
        }
        #expect(live.allFindings.contains { $0.severity == .error && $0.message.contains("key too small") })
    }

    @Test func `Secrets that nobody uses are not remembered`() throws {
        let good = try Cluster.certificate("tls", for: ["shop.example.com"])
        let live = try self.live([ingress, good])
        #expect(live.objects.certificates != CertificateMemory())
        live.remove(ingress.key)
        _ = live.update(now: 1_800_000_000)
        #expect(live.objects.certificates == CertificateMemory())
    }

    @Test func `A certificate that HAProxy cannot load has the Ingresses planned anew that name its Secret, and no others`()
        throws
    {
        let engine = Engine(registry: try AnnotationRegistry(TestHandlers.all), options: EngineOptions())
        let live = Assembler(engine)
        let other = Cluster.ingress(
            "other", host: "other.example.com", tls: [IngressTLS(hosts: ["other.example.com"], secretName: "fine")])
        for object in [
            ingress, other, try Cluster.certificate("tls", for: ["shop.example.com"]),
            try Cluster.certificate("fine", for: ["other.example.com"]), Cluster.configMap([:]),
        ] { live.upsert(object) }
        _ = live.update(now: 1_800_000_000)
        func planned(_ ingress: KubernetesObject) -> PlannedContext? { live.tables.plans[.ingress(ingress.key)]?.planned.first }
        let before = (planned(ingress), planned(other))
        live.refuse(try #require(live.state.files[path]), reason: "key too small")
        let update = live.update(now: 1_800_000_000)
        #expect(planned(other) === before.1)
        #expect(planned(ingress) !== before.0)
        #expect(live.state.files[path] == nil && live.state.certificateList.entries.count == 1)
        #expect(update.newFindings.contains { $0.message.contains("key too small") })
        let fresh = Assembler(
            engine, store: live.store, refusals: live.refusals, remembering: live.objects.certificates)
        _ = fresh.update(now: 1_800_000_000)
        #expect(fresh.state == live.state && fresh.allFindings == live.allFindings)
    }
}
