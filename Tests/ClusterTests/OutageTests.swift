import Foundation
import TestSupport
import Testing

@testable import EndToEndTests

@Suite("An API server that goes away", .enabled(if: ClusterCase.isAsked, ClusterCase.reason))
struct OutageTests {
    private let manifest = Manifests.service(pods: [1]) + Manifests.ingress()

    @Test("Killed and started again under load, it costs no request and no reload, and changes arrive afterwards")
    func restart() async throws {
        try await ClusterCase.with(manifest, pods: ["pod-1", "pod-2"]) { test async throws in
            let before = try await test.controller.reloads()
            let result = try await SteadyRequests.during(port: test.controller.http) { requests in
                try await test.cluster.killServer()
                try await wait(for: "the outage is told") { test.controller.log.contains("out of reach") }
                #expect(try await test.controller.adminPage("/readyz").status == 200)
                try await test.cluster.startServer()
                try await test.apply(Manifests.service(pods: [2]))
                try await wait(for: "the other pod answers") { requests.pods() == ["pod-2"] }
            }
            #expect(result.failures == [])
            #expect(try await test.controller.reloads() == before)
            try await test.apply(Manifests.ingress("more", host: "more.example.com"))
            try await test.controller.eventually("http://more.example.com/") { $0.pod == "pod-2" }
        }
    }

    @Test("What was changed and compacted meanwhile is listed anew, and no route disappears")
    func compaction() async throws {
        try await ClusterCase.with(manifest) { test async throws in
            let result = try await SteadyRequests.during(port: test.controller.http) { _ in
                for round in 1...2 {
                    // The controller is not to see the changes before they are compacted.
                    test.controller.signal(SIGSTOP)
                    defer { test.controller.signal(SIGCONT) }
                    try await test.cluster.killServer()
                    try await test.cluster.startServer()
                    for number in 1...5 {
                        try await test.apply(
                            Manifests.ingress("more-\(number)", host: "more-\(round).example.com", path: "/\(number)"))
                    }
                    try await test.client.delete(.ingress, "more-1", namespace: "shop")
                    try await test.cluster.compact()
                    // A server that did not see the changes itself has no events to tell them by.
                    try await test.cluster.killServer()
                    try await test.cluster.startServer()
                    let told = expirations(test.controller)
                    test.controller.signal(SIGCONT)
                    try await wait(for: "the version of Ingresses has expired") { expirations(test.controller) > told }
                    try await test.controller.eventually("http://more-\(round).example.com/2") { $0.pod == "pod-1" }
                    try await test.controller.eventually("http://more-\(round).example.com/1") { $0.status == 404 }
                }
            }
            #expect(result.failures == [])
        }
    }

    /// How often the API server answered 410 to the version of Ingresses that the controller knew.
    private func expirations(_ controller: TestController) -> Int {
        controller.log.split(separator: "\n").count { $0.contains("ingresses.networking.k8s.io") && $0.contains(": 410") }
    }
}
