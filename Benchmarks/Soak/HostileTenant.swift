import BenchmarkSupport
import Foundation
import Synchronization
import TestSupport

/// Creates, changes and deletes hostile objects all the time, and asks its own hosts for what costs much.
final class HostileTenant: Sendable {
    private let cluster: ManifestCluster
    private let port: Int
    private let rate: Double
    private let state: Mutex<State>

    private struct State {
        var objects: HostileObjects
        var generator: SeededGenerator
        /// Names and files of the objects that are there.
        var present: [Int: (name: String, file: String)] = [:]
        let slots: Int
        var changes = 0
        var isStopped = false
        var threads = 2
        var failure: String?
    }

    /// - Parameters:
    ///   - tenants: how many others there are.
    ///   - ownPorts: ports of the controller and its HAProxy.
    ///   - slots: how many objects there are at the most.
    ///   - rate: how many objects change in a second.
    init(seed: UInt64, tenants: Int, ownPorts: [Int], cluster: ManifestCluster, port: Int, slots: Int, rate: Double) throws {
        self.cluster = cluster
        self.port = port
        self.rate = rate
        let objects = try HostileObjects(seed: seed, tenants: tenants, ports: ownPorts)
        state = Mutex(State(objects: objects, generator: SeededGenerator(seed: seed), slots: slots))
        Thread.detachNewThread { [self] in
            change()
            state.withLock { $0.threads -= 1 }
        }
        Thread.detachNewThread { [self] in
            ask(HostileRequests(seed: seed))
            state.withLock { $0.threads -= 1 }
        }
    }

    /// How many objects were created, changed and deleted so far.
    var changes: Int { state.withLock { $0.changes } }

    private func change() {
        let start = ContinuousClock.now
        var number = 0
        while !state.withLock({ $0.isStopped }) {
            do { try step() } catch {
                state.withLock { $0.failure = "\(error)" }
                return
            }
            number += 1
            let wait = start + .seconds(Double(number) / rate) - .now
            if wait > .zero { usleep(UInt32(wait / .microseconds(1))) }
        }
    }

    private func step() throws {
        try state.withLock { state in
            state.changes += 1
            let slot = Int.random(in: 0..<state.slots, using: &state.generator)
            let present = state.present[slot]
            if let present, state.generator.chance(30) {
                cluster.delete(present.file)
                state.present[slot] = nil
                return
            }
            let (name, object) = try state.objects.object(slot, name: present?.name)
            try cluster.put(object)
            state.present[slot] = (name, object.file)
        }
    }

    private func ask(_ requests: HostileRequests) {
        var requests = requests
        while !state.withLock({ $0.isStopped }) {
            let probe = requests.next()
            // Its pods may never answer: others wait for nothing of that.
            if let connection = try? HTTPConnection(port: port) {
                _ = try? connection.get(probe.path, host: probe.host, headers: probe.headers)
            }
            usleep(50_000)
        }
    }

    /// Stops and deletes everything.
    func stop() throws {
        state.withLock { $0.isStopped = true }
        while state.withLock({ $0.threads > 0 }) { usleep(1_000) }
        try state.withLock { state in
            for (_, file) in state.present.values { cluster.delete(file) }
            state.present = [:]
            if let failure = state.failure { throw BenchmarkFailure("the hostile tenant stopped: \(failure)") }
        }
    }
}
