import Foundation
import Synchronization

/// Clients that ask hosts one after the other all the time, and look at what they get.
public final class Traffic: Sendable {
    /// Pods that are gone may answer requests that were sent this long after: what happened must reach HAProxy first.
    private static let grace = Duration.seconds(2)

    /// What came of all requests so far.
    public struct Count: Sendable {
        public var requests = 0
        /// Not answered with 200 by a pod, each with the reason.
        public var failures: [String] = []
        /// Asked again, because an idle connection had been closed, as clients have to.
        public var repeated = 0
        /// Answered by a pod that had been gone for more than two seconds.
        public var stale: [String] = []
    }

    private struct Pods {
        var present: Set<String>
        var gone: [String: ContinuousClock.Instant] = [:]
    }

    private struct State {
        var count = Count()
        var pods: [String: Pods] = [:]
        var isStopped = false
        var threads = 0
    }

    private let port: Int
    private let hosts: [String]
    private let state: Mutex<State>

    /// - Parameters:
    ///   - pods: each host's addresses of pods.
    ///   - clients: how many ask at the same time.
    ///   - pause: how long each waits after an answer, in microseconds.
    public init(port: Int, pods: [String: [String]], clients: Int = 4, pause: UInt32 = 2_000) {
        self.port = port
        hosts = pods.keys.sorted()
        state = Mutex(State(pods: pods.mapValues { Pods(present: Set($0)) }, threads: clients))
        for _ in 0..<clients {
            Thread.detachNewThread { [self] in
                ask(pause: pause)
                state.withLock { $0.threads -= 1 }
            }
        }
    }

    public var count: Count { state.withLock { $0.count } }

    /// The host has other pods from now on.
    public func set(_ addresses: [String], of host: String) {
        state.withLock { state in
            guard var pods = state.pods[host] else { return }
            for address in pods.present.subtracting(addresses) { pods.gone[address] = .now }
            pods.present = Set(addresses)
            for address in addresses { pods.gone[address] = nil }
            state.pods[host] = pods
        }
    }

    /// Waits until the last request was answered.
    public func stop() {
        state.withLock { $0.isStopped = true }
        while state.withLock({ $0.threads > 0 }) { usleep(1_000) }
    }

    private func ask(pause: UInt32) {
        var connection: HTTPConnection?
        while !state.withLock({ $0.isStopped }), let host = hosts.randomElement() {
            let isOld = connection != nil
            do {
                let start = ContinuousClock.now
                let used = try connection ?? HTTPConnection(port: port)
                connection = used
                if let answer = try used.get("/", host: host) {
                    take(answer, from: host, at: start)
                    // HAProxy says so before it ends a connection.
                    if answer.header("connection") == "close" { connection = nil }
                } else {
                    connection = nil
                    if isOld {
                        state.withLock { $0.count.repeated += 1 }
                    } else {
                        fail("\(host): a new connection was closed without an answer")
                    }
                }
            } catch {
                connection = nil
                fail("\(host): \(error)")
            }
            usleep(pause)
        }
    }

    private func fail(_ reason: String) {
        state.withLock { state in
            state.count.requests += 1
            state.count.failures.append(reason)
        }
    }

    private func take(_ answer: HTTPConnection.Answer, from host: String, at start: ContinuousClock.Instant) {
        guard answer.status == 200 else { return fail("\(host): status \(answer.status)") }
        let address = String(answer.body.prefix { $0 != " " })
        state.withLock { state in
            state.count.requests += 1
            guard let pods = state.pods[host], !pods.present.contains(address) else { return }
            if let gone = pods.gone[address] {
                if start - gone > Self.grace {
                    state.count.stale.append("\(host): \(address) answered \(start - gone) after it was gone")
                }
            } else {
                state.count.failures.append("\(host): \(address), a pod of somebody else, answered")
            }
        }
    }
}
