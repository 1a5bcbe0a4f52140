import Foundation
import TestSupport
import Testing

@testable import EndToEndTests

@Suite("Deployments and namespaces", .enabled(if: ClusterCase.isAsked, ClusterCase.reason))
struct ScaleTests {
    /// A Deployment whose Service has its EndpointSlices from the controller manager.
    private static let application = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: web, namespace: shop}
        spec:
          replicas: 1
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              terminationGracePeriodSeconds: 2
              containers: [{name: web, image: web, ports: [{containerPort: 8080}]}]
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: web, namespace: shop}
        spec:
          selector: {app: web}
          ports: [{name: http, port: 80, targetPort: 8080}]
        ---

        """

    @Test("A Deployment goes from 1 to 10 pods and back to 1 under load without a failed request or a reload")
    func scale() async throws {
        try await withApplication { test async throws in
            let before = try await test.controller.reloads()
            let result = try await SteadyRequests.during(port: test.controller.http) { requests in
                try await scale(test, to: 10)
                try await wait(for: "all 10 pods answer") { requests.pods().count == 10 }
                try await scale(test, to: 1)
                try await wait(for: "HAProxy has one server") { try await addresses(test).count == 1 }
                try await wait(for: "nine pods are gone") { try await test.client.list(.pod, namespace: "shop").count == 1 }
                try await wait(for: "one pod answers") { requests.pods().count == 1 }
            }
            #expect(result.failures == [])
            #expect(result.answers.count == 10)
            #expect(try await test.controller.reloads() == before)
        }
    }

    @Test("A namespace that is deleted takes its routes with it, one that comes back brings them back")
    func namespace() async throws {
        try await withApplication { test async throws in
            try await test.apply(
                Manifests.service("other", namespace: "other", pods: [200])
                    + Manifests.ingress("other", namespace: "other", host: "other.example.com", service: "other"))
            try await test.controller.eventually("http://other.example.com/") { $0.status == 503 }
            try await test.client.delete(.namespace, "shop")
            try await test.controller.eventually("http://shop.example.com/") { $0.status == 404 }
            #expect(try await test.controller.request("http://other.example.com/").status == 503)
            try await wait(for: "the namespace is gone") { try await test.client.get(.namespace, "shop") == nil }
            try await wait(for: "HAProxy has no server of it") { try await addresses(test) == [] }
            try await test.apply(Self.application + Manifests.ingress())
            try await test.controller.eventually("http://shop.example.com/") { $0.status == 200 }
        }
    }

    private func withApplication(_ body: (ClusterCase) async throws -> Void) async throws {
        let manifest = Self.application + Manifests.ingress()
        try await ClusterCase.with(manifest, in: .controllerManager, pods: []) { test async throws in
            try await StandInKubelet.with(test.client, network: test.controller.network) {
                try await test.controller.eventually("http://shop.example.com/") { $0.status == 200 }
                try await body(test)
            }
        }
    }

    private func scale(_ test: ClusterCase, to replicas: Int) async throws {
        try await test.client.patch(.deployment, "web", namespace: "shop", "spec: {replicas: \(replicas)}")
    }

    /// The addresses of the servers that take requests.
    private func addresses(_ test: ClusterCase) async throws -> Set<String> {
        let servers = try await test.controller.servers().filter { $0.backend.hasPrefix("shop_") && !$0.isTakenOut }
        return Set(servers.map(\.address))
    }
}
