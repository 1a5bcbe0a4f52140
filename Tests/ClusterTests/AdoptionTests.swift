import Foundation
import TestSupport
import Testing

@testable import EndToEndTests

@Suite("A controller that is restarted outside of the cluster", .enabled(if: ClusterCase.isAsked, ClusterCase.reason))
struct AdoptionTests {
    @Test(
        "The next one takes HAProxy over: no request fails, a long one goes on, and what changed meanwhile is there",
        arguments: [SIGUSR1, SIGKILL])
    func restart(signal: Int32) async throws {
        try await ClusterCase.with(pods: []) { test async throws in
            let network = Loopback.network()
            func apply(_ manifest: String) async throws {
                try await test.client.apply(manifest.replacingOccurrences(of: "NET.", with: network))
            }
            try await apply(Manifests.service(pods: [1]) + Manifests.ingress())
            try await ClusterCase.run(
                test.cluster, network: network, pods: ["pod-1", "pod-2"], isExternal: true
            ) { first async throws in
                let haproxy = try await process(first)
                // It is to survive its controllers, but not this test.
                defer { for pid in ProcessTable.processes(mentioning: first.runtime) { kill(pid, SIGKILL) } }
                let result = try await SteadyRequests.during(port: first.http) { requests in
                    let slow = first.hold("http://shop.example.com/")
                    try await wait(for: "the request is under way") { try await first.sessions(ofPod: 1) >= 1 }
                    first.signal(signal)
                    try await wait(for: "the controller has ended") { !first.isRunning }
                    try await apply(Manifests.service(pods: [2]) + Manifests.ingress("more", host: "more.example.com"))
                    let same = [
                        "--config-dir", first.config.path, "--runtime-dir", first.runtime.path, "--http-bind-port",
                        "\(first.http)",
                        "--https-bind-port", "\(first.https)", "--healthz-bind-port", "\(first.healthz)", "--stats-bind-port",
                        "\(first.stats)",
                    ]
                    try await ClusterCase.run(
                        test.cluster, network: network, arguments: same, isExternal: true
                    ) { second async throws in
                        try await wait(for: "the other pod answers") { requests.pods() == ["pod-2"] }
                        try await first.eventually("http://more.example.com/") { $0.pod == "pod-2" }
                        let answer = try await first.release(slow)
                        #expect(answer.status == 200)
                        #expect(try await process(first) == haproxy)
                        // HAProxy has to serve until the clients have stopped.
                        second.signal(SIGUSR1)
                        try await wait(for: "the second controller has ended") { !second.isRunning }
                    }
                }
                #expect(result.failures == [])
                kill(haproxy, SIGTERM)
                try await wait(for: "HAProxy has ended") { ProcessTable.processes(mentioning: first.runtime).isEmpty }
            }
        }
    }

    /// The pid of HAProxy's master process.
    private func process(_ controller: TestController) async throws -> Int32 {
        let text = try String(contentsOf: controller.runtime.appendingPathComponent("haproxy.pid"), encoding: .utf8)
        return try #require(Int32(text.trimmingCharacters(in: .whitespacesAndNewlines)))
    }
}
