import Foundation
import TestSupport
import Testing

@testable import EndToEndTests

@Suite("What the controller writes", .enabled(if: ClusterCase.isAsked, ClusterCase.reason))
struct ReportTests {
    private let manifest = Manifests.service(pods: [1]) + Manifests.ingress()

    @Test("--publish-address is the status of Ingresses, and is taken from one that becomes another controller's")
    func address() async throws {
        let addresses = ["--publish-address", "192.0.2.7", "--publish-address", "lb.example.com"]
        try await ClusterCase.with(manifest, arguments: addresses) { test async throws in
            try await wait(for: "the status is written") { try await test.status() == ["192.0.2.7", "lb.example.com"] }
            try await test.client.patch(.ingress, "web", namespace: "shop", "spec: {ingressClassName: other}")
            try await wait(for: "the status is cleared") { try await test.status() == [] }
            try await test.controller.eventually("http://shop.example.com/") { $0.status == 404 }
            try await test.client.patch(.ingress, "web", namespace: "shop", "spec: {ingressClassName: null}")
            try await wait(for: "the status is written") { try await test.status() == ["192.0.2.7", "lb.example.com"] }
            // What others write over it comes back.
            try await test.client.patch(
                .ingress, "web", namespace: "shop", "status: {loadBalancer: {ingress: [{ip: 192.0.2.99}]}}", subresource: "status"
            )
            try await wait(for: "the status is right again") { try await test.status() == ["192.0.2.7", "lb.example.com"] }
        }
    }

    @Test("--publish-service follows the Service: its load balancer's addresses, else its externalIPs")
    func service() async throws {
        let front = """
            apiVersion: v1
            kind: Service
            metadata: {name: front, namespace: front}
            spec: {type: LoadBalancer, externalIPs: [192.0.2.10, 192.0.2.11], ports: [{port: 80}]}
            """
        try await ClusterCase.with(
            manifest + front, arguments: ["--publish-service", "front/front"]
        ) { test async throws in
            try await wait(for: "the externalIPs are there") { Set(try await test.status()) == ["192.0.2.10", "192.0.2.11"] }
            func balance(_ entries: String) async throws {
                try await test.client.patch(
                    .service, "front", namespace: "front", "status: {loadBalancer: {ingress: \(entries)}}", subresource: "status")
            }
            try await balance("[{ip: 192.0.2.20}, {hostname: lb.example.com}]")
            try await wait(for: "the load balancer is there") {
                Set(try await test.status()) == ["192.0.2.20", "lb.example.com"]
            }
            try await balance("[]")
            try await wait(for: "the externalIPs are back") { Set(try await test.status()) == ["192.0.2.10", "192.0.2.11"] }
        }
    }

    @Test("With --disable-ingress-status-update no status is written")
    func disabled() async throws {
        let arguments = ["--publish-address", "192.0.2.7", "--disable-ingress-status-update"]
        let annotated = Manifests.ingress(annotations: ["timeout-server": "soon"])
        try await ClusterCase.with(manifest + annotated, arguments: arguments) { test async throws in
            // The leader writes Events after it has begun to write status.
            try await wait(for: "it leads and writes") { try await events(test).count == 1 }
            #expect(try await test.status() == [])
            let version = try await test.client.get(.ingress, "web", namespace: "shop")?.at("metadata.resourceVersion")
            try await test.apply(Manifests.ingress("other", host: "other.example.com", annotations: ["timeout-server": "later"]))
            try await wait(for: "it writes again") { try await events(test).count == 2 }
            #expect(try await test.client.get(.ingress, "web", namespace: "shop")?.at("metadata.resourceVersion") == version)
        }
    }

    @Test("A rejected annotation is one Event on its object, which is counted on when it is told again")
    func oneEvent() async throws {
        let annotated = Manifests.service(pods: [1]) + Manifests.ingress(annotations: ["timeout-server": "soon"])
        try await ClusterCase.with(annotated) { test async throws in
            try await wait(for: "the Event is there") { try await events(test).count == 1 }
            let event = try #require(try await events(test).first)
            #expect(event.at("involvedObject.kind")?.text == "Ingress" && event.at("involvedObject.name")?.text == "web")
            #expect(event["reason"]?.text == "RejectedAnnotation" && event["type"]?.text == "Warning")
            #expect(event["message"]?.text?.contains("timeout-server") == true)
            let name = try #require(event.at("metadata.name")?.text)
            test.controller.signal(SIGTERM)
            try await wait(for: "it ends") { !test.controller.isRunning }
            // Nothing is said twice within ten minutes.
            try await test.client.patch(.event, name, namespace: "shop", "lastTimestamp: \"2020-01-01T00:00:00Z\"")
            try await ClusterCase.run(test.cluster, network: test.controller.network) { _ async throws in
                try await wait(for: "the Event is counted on") {
                    try await test.client.get(.event, name, namespace: "shop")?["count"] == .integer(2)
                }
                #expect(try await events(test).count == 1)
            }
        }
    }

    private func events(_ test: ClusterCase) async throws -> [JSONValue] {
        try await test.client.list(.event, namespace: "shop").filter { $0["reportingComponent"]?.text == "haproxy-ingress" }
    }
}
