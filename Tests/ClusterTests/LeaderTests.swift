import Foundation
import TestSupport
import Testing

@testable import EndToEndTests

@Suite("Replicas of a controller", .enabled(if: ClusterCase.isAsked, ClusterCase.reason))
struct LeaderTests {
    private let publish = ["--publish-address", "192.0.2.7"]

    @Test("One holds the Lease; when it is killed, the other writes status within 15 seconds")
    func killed() async throws {
        try await withTwo { test, leader, follower in
            leader.signal(SIGKILL)
            let start = ContinuousClock.now
            try await test.apply(Manifests.ingress("late", host: "late.example.com"))
            try await wait(for: "the status is written") { try await test.status(of: "late") == ["192.0.2.7"] }
            #expect(ContinuousClock.now - start < .seconds(15))
            #expect(follower.log.contains("became leader"))
            #expect(try await follower.request("http://late.example.com/").pod == "pod-1")
        }
    }

    @Test("One that is stopped gives the Lease back, and the other takes it at once; its own Lease goes too")
    func stopped() async throws {
        try await withTwo { test, leader, follower in
            #expect(try await leases(test).count == 3)
            leader.signal(SIGTERM)
            let start = ContinuousClock.now
            try await wait(for: "the other leads") { follower.log.contains("became leader") }
            // A Lease that is not given back is respected for ten seconds.
            #expect(ContinuousClock.now - start < .seconds(7))
            try await wait(for: "one leader and one replica are left") { try await leases(test).count == 2 }
            try await test.apply(Manifests.ingress("late", host: "late.example.com"))
            try await wait(for: "the status is written") { try await test.status(of: "late") == ["192.0.2.7"] }
        }
    }

    @Test("pod-maxconn is shared by the replicas that run")
    func shares() async throws {
        let manifest = Manifests.service(pods: [1], annotations: ["pod-maxconn": "12"]) + Manifests.ingress()
        try await ClusterCase.with(manifest) { test async throws in
            try await wait(for: "one has it all") { try await limit(test.controller) == "12" }
            try await ClusterCase.run(test.cluster, network: test.controller.network) { other async throws in
                for controller in [test.controller, other] {
                    try await wait(for: "each has its half") { try await limit(controller) == "6" }
                }
                other.signal(SIGTERM)
                try await wait(for: "one has it all again") { try await limit(test.controller) == "12" }
            }
            #expect(try await test.controller.reloads() == 0)
        }
    }

    /// The limit of the server of the pod: the field slim of `show stat`.
    private func limit(_ controller: TestController) async throws -> String? {
        guard let server = try await controller.server(ofPod: 1) else { return nil }
        let lines = try await controller.runtimeAPI("show stat").split(separator: "\n")
        let line = lines.first { $0.hasPrefix("\(server.backend),\(server.name),") }
        return line.map { String($0.split(separator: ",", omittingEmptySubsequences: false)[6]) }
    }

    private func withTwo(_ body: (ClusterCase, TestController, TestController) async throws -> Void) async throws {
        let manifest = Manifests.service(pods: [1]) + Manifests.ingress()
        try await ClusterCase.with(manifest, arguments: publish) { test async throws in
            try await ClusterCase.run(test.cluster, network: test.controller.network, arguments: publish) { other async throws in
                try await wait(for: "the status is written") { try await test.status() == ["192.0.2.7"] }
                // The first had all the time until it was ready, but may not have used it.
                let (leader, follower) =
                    test.controller.log.contains("became leader") ? (test.controller, other) : (other, test.controller)
                try await wait(for: "both count two replicas") {
                    [leader, follower].allSatisfy { $0.log.contains("replicas of this controller: 2") }
                }
                #expect(!follower.log.contains("became leader"))
                let lease = try await test.client.get(.lease, "haproxy-ingress-leader")
                let holder = try #require(lease?.at("spec.holderIdentity")?.text)
                #expect(leader.log.contains("became leader") && leader.log.contains(holder))
                try await body(test, leader, follower)
            }
        }
    }

    private func leases(_ test: ClusterCase) async throws -> [String] {
        try await test.client.list(.lease, namespace: "default").compactMap { $0.at("metadata.name")?.text }
    }
}
