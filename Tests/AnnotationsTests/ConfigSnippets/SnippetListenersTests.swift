import Core
import Testing

@testable import Annotations

/// What the operator's snippets have HAProxy listen at is no tenant's pod.
@Suite struct SnippetListenersTests {
    private func live() throws -> Assembler {
        var options = EngineOptions()
        options.ownAddresses = [try #require(IPAddress("10.9.9.9"))]
        return Assembler(Engine(registry: try AnnotationRegistry(AnnotationHandlers.all), options: options))
    }

    private static func objects(port: Int) -> [KubernetesObject] {
        let backend = IngressBackend(serviceName: "web", port: .name("http"))
        let rule = IngressRule(
            host: "shop.example.com", paths: [IngressPath(path: "/", pathType: .prefix, backend: backend)])
        return [
            .ingress(Ingress(metadata: ObjectMeta(namespace: "shop", name: "web"), rules: [rule])),
            .service(
                Service(metadata: ObjectMeta(namespace: "shop", name: "web"), ports: [ServicePort(name: "http", port: 80)])),
            .endpointSlice(
                EndpointSlice(
                    metadata: ObjectMeta(namespace: "shop", name: "web-1"), serviceName: "web",
                    ports: [EndpointPort(name: "http", port: port)],
                    endpoints: ["10.0.0.1", "10.9.9.9", "127.0.0.5"].map { Endpoint(addresses: [$0]) })),
        ]
    }

    private static func configMap(_ key: String, _ line: String) -> KubernetesObject {
        .configMap(ConfigMap(metadata: ObjectMeta(namespace: "default", name: "haproxy-configmap"), data: [key: line]))
    }

    @Test(arguments: [
        ("frontend-config-snippet", "bind :9999"), ("frontend-config-snippet", "bind *:9999 name more"),
        ("frontend-config-snippet", "bind 0.0.0.0:80,[::]:9999"), ("frontend-config-snippet", "bind ipv4@:9990-10000"),
        ("stats-config-snippet", "bind eth0:9999"), ("global-config-snippet", "stats socket ipv4@0.0.0.0:9999 level admin"),
        ("global-config-snippet", "stats socket \"ipv6@:9999\" level admin"),
    ])
    func `Pods are refused at listeners of snippets, as long as these are there`(key: String, line: String) throws {
        let live = try live()
        for object in Self.objects(port: 9999) { live.upsert(object) }
        func pods() -> [String] {
            _ = live.update(now: 0)
            return live.state.backends["shop_svc_web_http"]?.pool?.servers.map(\.address) ?? []
        }
        #expect(pods().count == 3)
        live.upsert(Self.configMap(key, line))
        #expect(pods() == ["10.0.0.1"])
        #expect(live.engine.assemble(live.store, now: 0).state.backends == live.state.backends)
        live.remove(ObjectKey(.configMap, namespace: "default", name: "haproxy-configmap"))
        #expect(pods().count == 3)
    }

    @Test(arguments: [
        "bind /run/x.sock", "bind unix@/run/x:9999", "bind 10.1.1.1:9999", "bind [::]:9999 v6only", "# bind :9999",
        "bind quic4@:9999 ssl", "bind :9998",
    ])
    func `Other listeners refuse no pod`(line: String) throws {
        let live = try live()
        for object in Self.objects(port: 9999) + [Self.configMap("frontend-config-snippet", line)] { live.upsert(object) }
        _ = live.update(now: 0)
        #expect(live.state.backends["shop_svc_web_http"]?.pool?.servers.count == 3)
    }
}
