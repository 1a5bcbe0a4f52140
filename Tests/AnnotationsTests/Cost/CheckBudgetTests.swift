import Core
import Testing

@testable import Annotations

/// All health checks of a namespace together have a bound.
@Suite struct CheckBudgetTests {
    private static func site(
        _ number: Int, namespace: String = "shop", pods: Int, annotations: [String: String] = [:], year: Int = 2025
    ) -> [KubernetesObject] {
        let name = "web\(number)"
        let backend = IngressBackend(serviceName: name, port: .name("http"))
        let rule = IngressRule(
            host: "\(name).\(namespace).example.com", paths: [IngressPath(path: "/", pathType: .prefix, backend: backend)])
        return [
            .ingress(
                Ingress(
                    metadata: ObjectMeta(
                        namespace: namespace, name: name, annotations: [:], creationTimestamp: "\(year)-01-01T00:00:00Z"),
                    rules: [rule], tls: [])),
            .service(
                Service(
                    metadata: ObjectMeta(
                        namespace: namespace, name: name,
                        annotations: Dictionary(uniqueKeysWithValues: annotations.map { ("haproxy.org/\($0.key)", $0.value) })),
                    ports: [ServicePort(name: "http", port: 80)])),
            slice(number, namespace: namespace, pods: pods),
        ]
    }

    private static func slice(_ number: Int, namespace: String = "shop", pods: Int) -> KubernetesObject {
        .endpointSlice(
            EndpointSlice(
                metadata: ObjectMeta(namespace: namespace, name: "web\(number)-1"), serviceName: "web\(number)",
                ports: [EndpointPort(name: "http", port: 8080)],
                endpoints: (0..<pods).map { Endpoint(addresses: ["10.\(number).\($0 / 250).\($0 % 250 + 1)"]) }))
    }

    private func live(_ limit: Int, _ objects: [KubernetesObject]) throws -> Assembler {
        var options = EngineOptions()
        options.environment.limits[.namespaceChecks] = limit
        let live = Assembler(Engine(registry: try AnnotationRegistry(AnnotationHandlers.all), options: options))
        for object in objects { live.upsert(object) }
        _ = live.update(now: 0)
        return live
    }

    /// The Services whose pods are checked.
    private func checked(_ live: Assembler) -> [String] {
        live.state.backends.values.filter { $0.pool?.keywordText.split(separator: " ").contains("check") == true }.map(\.name)
            .sorted()
    }

    @Test func `Ten Services with 10,000 pods at 100 ms are not checked a million times a second`() throws {
        let objects = (0..<10).flatMap { Self.site($0, pods: 10_000, annotations: ["check-interval": "100ms"]) }
        let live = try live(ResourceLimits.Name.namespaceChecks.usual, objects)
        #expect(checked(live).isEmpty)
        #expect(live.allFindings.count == 10)
        for finding in live.allFindings {
            #expect(finding.object?.kind == .service && finding.message.contains("--limits namespace-checks="), "\(finding)")
        }
        #expect(live.state.backends["shop_svc_web3_http"]?.pool?.servers.count == 10_000)
    }

    @Test func `The pods of the oldest routes are checked, and those of other namespaces`() throws {
        let live = try live(
            20,
            Self.site(1, pods: 20, year: 2021) + Self.site(2, pods: 30, year: 2022)
                + Self.site(3, pods: 20, year: 2023) + Self.site(4, namespace: "other", pods: 40, year: 2024))
        #expect(checked(live) == ["other_svc_web4_http", "shop_svc_web1_http", "shop_svc_web3_http"])
        #expect(live.allFindings.map(\.object?.name) == ["web2"])
    }

    @Test func `Checks come and go with the number of pods, as if all were made anew`() throws {
        let live = try live(
            20, Self.site(1, pods: 20, year: 2021) + Self.site(2, pods: 20, annotations: ["check-interval": "1s"], year: 2022))
        #expect(checked(live) == ["shop_svc_web1_http"])
        for (pods, expected) in [(10, 2), (11, 2), (22, 1), (0, 2), (20, 1)] {
            live.upsert(Self.slice(pods == 10 || pods == 11 ? 2 : 1, pods: pods))
            if pods == 22 { live.upsert(Self.slice(2, pods: 20)) }
            _ = live.update(now: 0)
            #expect(live.engine.assemble(live.store, now: 0).state == live.state)
            #expect(checked(live).count == (pods == 11 ? 1 : expected), "\(pods) pods")
        }
        live.remove(ObjectKey(.ingress, namespace: "shop", name: "web1"))
        _ = live.update(now: 0)
        #expect(checked(live) == ["shop_svc_web2_http"] && live.allFindings.isEmpty)
    }

    @Test func `Without checks of HAProxy there is nothing to bound`() throws {
        let live = try live(1, Self.site(1, pods: 20, annotations: ["check": "false"]))
        #expect(live.allFindings.isEmpty)
    }
}
