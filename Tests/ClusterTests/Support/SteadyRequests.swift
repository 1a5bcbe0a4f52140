import BenchmarkSupport
import Foundation
import Synchronization

@testable import EndToEndTests

/// Clients that ask for one URL all the time, each on a connection that stays open, and count what is not answered with 200.
final class SteadyRequests: Sendable {
    private struct State {
        var answers: [String: Int] = [:]
        var seen: [String: Int] = [:]
        var failures: [String] = []
        var isStopped = false
        var running = 0
    }

    private let state: Mutex<State>
    private let port: Int
    private let host: String
    private let path: String

    /// - Parameter clients: how many ask at the same time.
    init(port: Int, host: String = "shop.example.com", path: String = "/", clients: Int = 3) {
        self.port = port
        self.host = host
        self.path = path
        state = Mutex(State(running: clients))
        for _ in 0..<clients {
            Thread.detachNewThread { [self] in
                ask()
                state.withLock { $0.running -= 1 }
            }
        }
    }

    /// Runs `body` under load.
    ///
    /// - Returns: what was not answered with 200, in words; and how many answers came from each pod.
    static func during(
        port: Int, path: String = "/", _ body: (SteadyRequests) async throws -> Void
    ) async throws -> (failures: [String], answers: [String: Int]) {
        let requests = SteadyRequests(port: port, path: path)
        do { try await body(requests) } catch {
            await requests.stop()
            throw error
        }
        await requests.stop()
        return requests.state.withLock { ($0.failures, $0.answers) }
    }

    /// The names of the pods that have answered since the last time this was asked.
    func pods() -> Set<String> {
        state.withLock { state in
            let pods = Set(state.answers.filter { $0.value > state.seen[$0.key, default: 0] }.keys)
            state.seen = state.answers
            return pods
        }
    }

    private func stop() async {
        state.withLock { $0.isStopped = true }
        while state.withLock({ $0.running > 0 }) { try? await Task.sleep(for: .milliseconds(10)) }
    }

    private func ask() {
        var connection: HTTPConnection?
        while !state.withLock({ $0.isStopped }) {
            let isOld = connection != nil
            do {
                let used = try connection ?? HTTPConnection(port: port)
                connection = used
                if let answer = try used.get(path, host: host) {
                    state.withLock { state in
                        if answer.status == 200 {
                            state.answers[answer.header("x-pod") ?? "", default: 0] += 1
                        } else {
                            state.failures.append("status \(answer.status): \(answer.body.prefix(100))")
                        }
                    }
                    // HAProxy says so before it ends a connection.
                    if answer.header("connection") == "close" { connection = nil }
                } else {
                    connection = nil
                    // Clients have to ask again when an idle connection is closed, not when a new one is.
                    if !isOld { state.withLock { $0.failures.append("a new connection was closed without an answer") } }
                }
            } catch {
                connection = nil
                state.withLock { $0.failures.append("\(error)") }
            }
            usleep(3_000)
        }
    }
}
