import Foundation
import TestSupport
import Testing

@testable import EndToEndTests

@Suite("The first synchronisation", .enabled(if: ClusterCase.isAsked, ClusterCase.reason))
struct SyncTests {
    @Test(
        "Nothing is ready or served before every list has arrived; then all is served at once",
        arguments: ["/api/v1/services", "/apis/networking.k8s.io/v1/ingresses", "/apis/discovery.k8s.io/v1beta1/endpointslices"])
    func order(path: String) async throws {
        try await ClusterCase.with(pods: []) { test async throws in
            let network = Loopback.network()
            let manifest = Manifests.service(pods: [1]) + Manifests.ingress()
            try await test.client.apply(manifest.replacingOccurrences(of: "NET.", with: network))
            try await GatedAPI.with(test.cluster, closed: path) { proxy in
                try await wait(for: "the proxy listens") { proxy.isListening }
                try await ClusterCase.run(
                    test.cluster, as: proxy.kubeconfig, network: network, pods: ["pod-1"], waitsForReadiness: false
                ) { controller async throws in
                    // All other lists are there long before this one has been refused a second time.
                    try await wait(for: "the list is refused") {
                        controller.log.contains("can be listed: GET ") && controller.log.contains("\(path)?")
                    }
                    #expect(try await controller.adminPage("/readyz").status == 503)
                    #expect(try await controller.request("http://shop.example.com/").curlStatus == 7)
                    #expect(controller.configuration == "")
                    try proxy.open()
                    try await controller.waitUntilReady()
                    #expect(try await controller.request("http://shop.example.com/").pod == "pod-1")
                    #expect(try await controller.reloads() == 0)
                }
            }
        }
    }
}
