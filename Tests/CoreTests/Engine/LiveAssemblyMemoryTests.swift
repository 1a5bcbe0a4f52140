import Testing

@testable import Core

@Suite struct LiveAssemblyMemoryTests {
    @Test func `Building everything anew lets go of what was there`() throws {
        let path = IngressPath(
            path: "/", pathType: .prefix, backend: IngressBackend(serviceName: "web", port: .number(80)))
        let ingress = Ingress(
            metadata: ObjectMeta(namespace: "shop", name: "web"), ingressClassName: nil, defaultBackend: nil,
            rules: [IngressRule(host: "shop.example.com", paths: [path])], tls: [])
        let service = Service(
            metadata: ObjectMeta(namespace: "shop", name: "web"), type: .clusterIP, externalName: nil,
            ports: [ServicePort(name: "http", port: 80)])
        var store = ObjectStore()
        store.upsert(.ingress(ingress))
        store.upsert(.service(service))
        let live = LiveAssembly(Engine(registry: try AnnotationRegistry([]), options: EngineOptions()), store: store)
        _ = live.update(now: 0)
        let backend = Weak(object: live.backends.all.first)
        let claim = Weak(object: live.backends.all.first?.first)
        try #require(backend.object != nil && claim.object != nil)
        #expect(live.share(among: 2))
        _ = live.update(now: 0)
        #expect(live.backends.all.first != nil)
        #expect(backend.object == nil)
        #expect(claim.object == nil)
    }

    private struct Weak {
        weak var object: AnyObject?
    }
}
