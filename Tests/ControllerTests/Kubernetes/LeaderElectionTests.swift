import Foundation
import Logging
import TestSupport
import Testing

@testable import Controller

/// The election step by step, at times that the tests choose; and its loop with short times.
@Suite struct LeaderElectionTests {
    private let leases = MemoryLeases()
    private let start = ContinuousClock.now

    private func candidate(_ name: String, times: LeaderElection.Times = .init()) -> LeaderElection {
        LeaderElection(
            identity: name, name: "leader", leases: leases, times: times,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test func `The first candidate creates the Lease and leads, the second waits`() async throws {
        let (a, b) = (candidate("a"), candidate("b"))
        await a.attempt(now: at(0))
        await b.attempt(now: at(1))
        #expect(await a.isLeading)
        #expect(await !b.isLeading)
        let spec = try #require(leases["leader"]?.spec)
        #expect(spec.holderIdentity == "a" && spec.leaseDurationSeconds == 10 && spec.leaseTransitions == 0)
        #expect(spec.acquireTime == spec.renewTime)
        #expect(spec.renewTime?.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/) != nil)
        #expect(leases["leader"]?.metadata.labels == ["app.kubernetes.io/name": "haproxy-ingress"])
    }

    @Test func `A leader that renews keeps the Lease for as long as it likes`() async throws {
        let (a, b) = (candidate("a"), candidate("b"))
        for second in stride(from: 0.0, to: 60, by: 3) {
            await a.attempt(now: at(second))
            await b.attempt(now: at(second + 2))
        }
        #expect(await a.isLeading)
        #expect(await !b.isLeading)
        #expect(leases["leader"]?.spec?.leaseTransitions == 0)
    }

    @Test func `After a crash another takes over when the Lease has not changed for its duration by the own clock`() async throws
    {
        let (a, b) = (candidate("a"), candidate("b"))
        await a.attempt(now: at(0))
        // What b sees first may be old already: only from now on it counts.
        await b.attempt(now: at(5))
        await b.attempt(now: at(14.9))
        #expect(await !b.isLeading)
        await b.attempt(now: at(15))
        #expect(await b.isLeading)
        #expect(leases["leader"]?.holder == "b" && leases["leader"]?.spec?.leaseTransitions == 1)
    }

    @Test func `Clocks of other hosts do not matter`() async throws {
        let b = candidate("b")
        let old = Lease.Spec(
            holderIdentity: "a", leaseDurationSeconds: 10, acquireTime: "1999-01-01T00:00:00.000000Z",
            renewTime: "1999-01-01T00:00:00.000000Z", leaseTransitions: 4)
        _ = try await leases.create("leader", labels: [:], spec: old)
        await b.attempt(now: at(0))
        #expect(await !b.isLeading)
        await b.attempt(now: at(10))
        #expect(await b.isLeading)
        #expect(leases["leader"]?.spec?.leaseTransitions == 5)
    }

    @Test func `A Lease that is given back is free at once`() async throws {
        let (a, b) = (candidate("a"), candidate("b"))
        await a.attempt(now: at(0))
        await b.attempt(now: at(0.1))
        await a.release()
        #expect(await !a.isLeading)
        #expect(leases["leader"]?.holder == "" && leases["leader"]?.spec?.leaseDurationSeconds == 1)
        await b.attempt(now: at(0.2))
        #expect(await b.isLeading)
        #expect(leases["leader"]?.spec?.leaseDurationSeconds == 10)
    }

    @Test func `A Lease whose renewal got no answer is given back all the same, another's is not`() async throws {
        let (a, b) = (candidate("a"), candidate("b"))
        await a.attempt(now: at(0))
        leases.remove("leader")
        _ = try await leases.create("leader", labels: [:], spec: Lease.Spec(holderIdentity: "a", leaseDurationSeconds: 10))
        await b.attempt(now: at(1))
        await b.release()
        #expect(leases["leader"]?.holder == "a")
        await a.release()
        #expect(leases["leader"]?.holder == "")
    }

    @Test func `Of two that want an expired Lease one gets it`() async throws {
        let (a, b) = (candidate("a"), candidate("b"))
        await candidate("dead").attempt(now: at(0))
        await a.attempt(now: at(1))
        await b.attempt(now: at(1))
        leases.interfere { $0?.spec?.holderIdentity = "b" }
        #expect(await a.attempt(now: at(12)))
        #expect(await !a.isLeading)
        await a.attempt(now: at(13))
        #expect(await !a.isLeading)
        #expect(leases["leader"]?.holder == "b")
    }

    @Test func `A leader whose Lease another holds stops at once`() async throws {
        let a = candidate("a")
        await a.attempt(now: at(0))
        leases.interfere { $0?.spec?.holderIdentity = "b" }
        await a.attempt(now: at(3))
        #expect(await !a.isLeading)
        await a.attempt(now: at(6))
        #expect(await !a.isLeading)
        #expect(leases["leader"]?.holder == "b")
    }

    @Test func `Others' edits of the Lease, and its removal, do not end a leader`() async throws {
        let a = candidate("a")
        await a.attempt(now: at(0))
        leases.interfere { $0?.metadata.labels = ["team": "edge"] }
        await a.attempt(now: at(3))
        #expect(await a.isLeading)
        #expect(leases["leader"]?.metadata.labels == ["team": "edge"])
        leases.remove("leader")
        await a.attempt(now: at(6))
        #expect(await a.isLeading)
        #expect(leases["leader"]?.holder == "a")
        var changes: [Bool] = []
        for await change in a.changes {
            changes.append(change)
            await a.release()
            if changes.count == 2 { break }
        }
        #expect(changes == [true, false])
    }

    @Test func `A leader that cannot renew stops before others may begin, and comes back with the server`() async throws {
        let (a, b) = (candidate("a"), candidate("b"))
        await a.attempt(now: at(0))
        await b.attempt(now: at(0.5))
        leases.fail(MemoryLeases.outage)
        #expect(await !a.attempt(now: at(3)))
        #expect(await a.isLeading)
        #expect(await !a.attempt(now: at(7)))
        #expect(await !a.isLeading)
        #expect(await !b.attempt(now: at(12)))
        #expect(await !b.isLeading)
        leases.fail(nil)
        await a.attempt(now: at(20))
        #expect(await a.isLeading)
        #expect(leases["leader"]?.spec?.leaseTransitions == 0)
    }

    @Test func `A renewal that hangs does not keep a leader leading`() async throws {
        var times = LeaderElection.Times()
        times.renewInterval = .milliseconds(30)
        times.renewDeadline = .milliseconds(500)
        times.retryInterval = .milliseconds(20)
        let a = candidate("a", times: times)
        let task = Task { await a.run() }
        try await wait(for: "a leader") { await a.isLeading }
        leases.hang(true)
        try await wait(for: "its end") { await !a.isLeading }
        leases.hang(false)
        try await wait(for: "its return") { await a.isLeading }
        task.cancel()
        await task.value
        #expect(leases["leader"]?.holder == "")
        var changes: [Bool] = []
        for await change in a.changes { changes.append(change) }
        // A busy machine may have been late once more.
        #expect(changes.count >= 4 && changes.enumerated().allSatisfy { $0.element == $0.offset.isMultiple(of: 2) })
        #expect(changes.last == false)
    }

    @Test func `Two that run hand over at the end of one within a moment, and never lead together`() async throws {
        var times = LeaderElection.Times()
        times.renewInterval = .milliseconds(100)
        times.renewDeadline = .seconds(60)
        times.leaseDuration = .seconds(600)
        times.retryInterval = .milliseconds(30)
        let (a, b) = (candidate("a", times: times), candidate("b", times: times))
        let first = Task { await a.run() }
        try await wait(for: "a leader") { await a.isLeading }
        let second = Task { await b.run() }
        try await wait(for: "b to look") { leases.calls.filter { $0 == "get" }.count > 5 }
        #expect(await !b.isLeading)
        first.cancel()
        // Only a Lease that was given back is free before ten minutes have passed.
        try await wait(for: "the other to lead") { await b.isLeading }
        #expect(await !a.isLeading)
        second.cancel()
        await second.value
    }
}
