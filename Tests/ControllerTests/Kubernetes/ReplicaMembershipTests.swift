import Core
import Foundation
import Logging
import TestSupport
import Testing

@testable import Controller

@Suite struct ReplicaMembershipTests {
    private let leases = MemoryLeases()
    private let start = ContinuousClock.now
    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    private static func identity(_ pod: String, ingressClass: String? = nil) -> ControllerIdentity {
        var options = EngineOptions()
        options.ingressClass = ingressClass
        return ControllerIdentity(environment: ["POD_NAME": pod], hostName: "host", namespace: "edge", options: options)
    }

    private func replica(_ pod: String, ingressClass: String? = nil, times: ReplicaMembership.Times = .init())
        -> ReplicaMembership
    {
        ReplicaMembership(
            identity: Self.identity(pod, ingressClass: ingressClass), leases: leases, times: times,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private static func lease(_ name: String, renewed: Int) -> Lease {
        Lease(metadata: .init(name: name), spec: Lease.Spec(holderIdentity: name, renewTime: String(renewed)))
    }

    @Test func `The namespace is the pod's, else the access's, else that of the ConfigMap`() {
        func namespace(_ environment: [String: String], _ access: String?) -> String {
            ControllerIdentity(environment: environment, hostName: "h", namespace: access, options: EngineOptions()).namespace
        }
        #expect(namespace(["POD_NAMESPACE": "pod"], "account") == "pod")
        #expect(namespace([:], "account") == "account")
        #expect(namespace([:], nil) == "default" && namespace(["POD_NAMESPACE": ""], "") == "default")
    }

    @Test func `Names are names of objects, and two runs on one host differ`() {
        func identity(_ host: String) -> ControllerIdentity {
            ControllerIdentity(environment: [:], hostName: host, namespace: nil, options: EngineOptions())
        }
        #expect(identity("Host_7.Example").name.wholeMatch(of: /host-7-example-[0-9a-z]+/) != nil)
        #expect(identity("").name.hasPrefix("controller-"))
        #expect(identity("a").name != identity("a").name)
        #expect(identity(String(repeating: "x", count: 300)).replicaLease.utf8.count < 100)
        #expect(Self.identity("p").leaderLease == "haproxy-ingress-leader")
        #expect(Self.identity("p", ingressClass: "edge").leaderLease == "haproxy-ingress-leader-edge")
        let long = Self.identity("p", ingressClass: String(repeating: "c", count: 60)).replicaLabels
        #expect(long.values.allSatisfy { $0.utf8.count <= 63 })
    }

    @Test func `Replicas count each other, but not those of another class`() async throws {
        let (a, b, other) = (replica("a"), replica("b"), replica("c", ingressClass: "internal"))
        for replica in [a, b, other, a] { await replica.attempt(now: at(0)) }
        var counts: [Int] = []
        for await count in a.counts {
            counts.append(count)
            break
        }
        #expect(counts == [2])
        #expect(leases.names.count == 3)
    }

    @Test func `A replica that does not renew is counted until its time is over, measured by the own clock`() {
        var census = ReplicaCensus(own: "me", duration: .seconds(30))
        let mine = Self.lease("me", renewed: 0)
        #expect(census.count([mine, Self.lease("b", renewed: 1)], now: at(0)) == .init(replicas: 2, expired: []))
        #expect(census.count([mine, Self.lease("b", renewed: 2)], now: at(20)).replicas == 2)
        #expect(census.count([mine, Self.lease("b", renewed: 2)], now: at(49)).replicas == 2)
        let late = census.count([mine, Self.lease("b", renewed: 2)], now: at(50))
        #expect(late == .init(replicas: 1, expired: [Self.lease("b", renewed: 2)]))
        // Slow, not dead.
        #expect(census.count([mine, Self.lease("b", renewed: 3)], now: at(60)).replicas == 2)
        #expect(census.count([], now: at(70)).replicas == 1)
    }

    @Test func `While the server is out of reach nobody dies`() {
        var census = ReplicaCensus(own: "me", duration: .seconds(30))
        let b = Self.lease("b", renewed: 1)
        #expect(census.count([b], now: at(0)).replicas == 2)
        census.miss()
        #expect(census.count([b], now: at(100)).replicas == 2)
        #expect(census.count([b], now: at(129)).replicas == 2)
        #expect(census.count([b], now: at(130)).replicas == 1)
    }

    @Test func `The leader clears away what is left of the dead, and only the leader`() async throws {
        var times = ReplicaMembership.Times()
        times.duration = .seconds(30)
        let (dead, a) = (replica("dead"), replica("a", times: times))
        await dead.attempt(now: at(0))
        await a.attempt(now: at(0))
        await a.attempt(now: at(40))
        #expect(leases.names.count == 2)
        await a.setLeading(true)
        await a.attempt(now: at(50))
        #expect(leases.names.count == 1)
    }

    @Test func `A replica whose Lease was removed or edited makes it anew, and removes it at its end`() async throws {
        var times = ReplicaMembership.Times()
        times.interval = .milliseconds(20)
        let a = replica("a", times: times)
        let task = Task { await a.run() }
        try await wait(for: "a Lease") { leases.names.count == 1 }
        for name in leases.names { leases.remove(name) }
        try await wait(for: "a new Lease") { leases.names.count == 1 }
        leases.interfere { $0?.metadata.labels?["team"] = "edge" }
        try await wait(for: "the edit") { leases.names.contains { leases[$0]?.metadata.labels?["team"] == "edge" } }
        leases.fail(MemoryLeases.outage)
        let before = leases.calls.count
        try await wait(for: "failures") { leases.calls.count > before + 3 }
        leases.fail(nil)
        task.cancel()
        await task.value
        #expect(leases.names.isEmpty)
    }
}
