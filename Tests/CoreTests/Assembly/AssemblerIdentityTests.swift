import Testing

@testable import Core

/// What an update makes anew, and what it keeps.
@Suite struct AssemblerIdentityTests {
    @Test func `Building everything anew lets go of what was there`() throws {
        let live = try assembly()
        let backend = Weak(object: live.tables.backends.all.first)
        let claim = Weak(object: live.tables.backends.all.first?.first)
        try #require(backend.object != nil && claim.object != nil)
        #expect(live.share(among: 2))
        _ = live.update(now: 0)
        #expect(live.tables.backends.all.first != nil)
        #expect(backend.object == nil)
        #expect(claim.object == nil)
    }

    /// HAProxy is asked about objects by hundreds of assemblies that live for one question.
    @Test func `Nothing is left of an assembly that is dropped`() throws {
        let left = try {
            let live = try assembly()
            let backend = live.tables.backends.all.first
            return [
                live, live.objects, live.tables.plans.values.first?.planned.first, backend, backend?.first,
                backend?.first.planned,
            ]
            .map(Weak.init(object:))
        }()
        #expect(left.count == 6 && left.allSatisfy { $0.object == nil }, "\(left)")
    }

    @Test func `Routes are planned anew for keys of the ConfigMap that they read, and for no others`() throws {
        let live = try assembly(TestHandlers.all)
        func claim() -> RouteClaim? { live.tables.backends.all.first?.first }
        let first = try #require(claim())
        for data in [["limit": "5"], ["limit": "6", "visa": "for all"], ["visa": "for some"], [:]] {
            live.upsert(Cluster.configMap(data))
            #expect(!live.update(now: 0).state.isEmpty)
            #expect(claim() === first, "\(data)")
        }
        live.upsert(Cluster.configMap(["greeting": "hello"]))
        _ = live.update(now: 0)
        #expect(claim() != nil && claim() !== first)
    }

    /// One Ingress with its Service.
    private func assembly(_ handlers: [any AnnotationHandler.Type] = []) throws -> Assembler {
        let path = IngressPath(
            path: "/", pathType: .prefix, backend: IngressBackend(serviceName: "web", port: .number(80)))
        let ingress = Ingress(
            metadata: ObjectMeta(namespace: "shop", name: "web"), ingressClassName: nil, defaultBackend: nil,
            rules: [IngressRule(host: "shop.example.com", paths: [path])], tls: [])
        let service = Service(
            metadata: ObjectMeta(namespace: "shop", name: "web"), type: .clusterIP, externalName: nil,
            ports: [ServicePort(name: "http", port: 80)])
        let store = ObjectStore([.ingress(ingress), .service(service)])
        let live = Assembler(Engine(registry: try AnnotationRegistry(handlers), options: EngineOptions()), store: store)
        _ = live.update(now: 0)
        return live
    }

    private struct Weak {
        weak var object: AnyObject?
    }
}
