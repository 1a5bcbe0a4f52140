import BenchmarkSupport
import Foundation
import Synchronization
import TestSupport

/// Changes that the tenants who mean well make all the time; each is asked for until an answer shows it.
final class SteadyChanges: Sendable {
    /// After this a change counts as lost.
    private static let patience = Duration.seconds(20)

    struct Change: Sendable {
        let kind: SoakTenant.Change
        /// The object, and when it changed: seconds since 1970, as logs have times.
        let description: String
        /// From the file's change to the first answer that shows it; nil when none did.
        let latency: Duration?
    }

    private struct State {
        var tenants: [SoakTenant]
        var generator: SeededGenerator
        /// Tenants with a change that no answer has shown yet.
        var busy: Set<Int> = []
        var seen: [Change] = []
        var isStopped = false
        var threads = 1
        var failure: String?
    }

    private let state: Mutex<State>
    private let cluster: ManifestCluster
    private let port: Int

    /// - Parameter rate: how many changes there are in a second.
    init(_ tenants: [SoakTenant], cluster: ManifestCluster, port: Int, seed: UInt64, rate: Double) {
        self.cluster = cluster
        self.port = port
        state = Mutex(State(tenants: tenants, generator: SeededGenerator(seed: seed)))
        Thread.detachNewThread { [self] in
            let start = ContinuousClock.now
            var number = 0
            while !state.withLock({ $0.isStopped }) {
                do { try change(number) } catch { state.withLock { $0.failure = "\(error)" } }
                number += 1
                let wait = start + .seconds(Double(number) / rate) - .now
                if wait > .zero { usleep(UInt32(wait / .microseconds(1))) }
            }
            state.withLock { $0.threads -= 1 }
        }
    }

    private func change(_ number: Int) throws {
        let begun = try state.withLock { state -> (Int, SoakTenant.Change, SoakObject, Probe)? in
            let index = Int.random(in: 0..<state.tenants.count, using: &state.generator)
            let changes = state.tenants[index].changes
            guard !state.busy.contains(index), !changes.isEmpty else { return nil }
            let change = state.generator.pick(changes)
            let (object, probe) = try state.tenants[index].apply(change, number: number)
            state.busy.insert(index)
            state.threads += 1
            return (index, change, object, probe)
        }
        guard let (index, kind, object, probe) = begun else { return }
        let (start, time) = (ContinuousClock.now, Date())
        try cluster.put(object)
        Thread.detachNewThread { [self] in
            let latency = wait(for: probe, since: start)
            let description =
                "\(object.file), changed at \(time.formatted(.iso8601.time(includingFractionalSeconds: true))) (\(probe))"
            state.withLock { state in
                state.busy.remove(index)
                state.seen.append(Change(kind: kind, description: description, latency: latency))
                state.threads -= 1
            }
        }
    }

    /// Tenants' pods answer at once.
    private static let silence = Duration.milliseconds(250)

    private func wait(for probe: Probe, since start: ContinuousClock.Instant) -> Duration? {
        var client = ProbeClient(port: port, patience: Self.silence / .seconds(1))
        while true {
            let asked = ContinuousClock.now
            var isLive = client.fault(of: probe) == nil
            // A host that is new in a moment, or is gone, may be answered by a hostile route for all hosts, whose pods are silent.
            if probe.excluded != nil, ContinuousClock.now - asked > Self.silence { isLive = true }
            let duration = ContinuousClock.now - start
            if isLive { return duration }
            if duration > Self.patience { return nil }
            usleep(UInt32(max(5_000, duration / .microseconds(20))))
        }
    }

    /// The changes that were seen or given up so far.
    var changes: [Change] { state.withLock { $0.seen } }

    /// Waits until the last change was seen or given up.
    func stop() throws {
        state.withLock { $0.isStopped = true }
        while state.withLock({ $0.threads > 0 }) { usleep(1_000) }
        if let failure = state.withLock({ $0.failure }) { throw BenchmarkFailure("a change could not be made: \(failure)") }
    }
}
