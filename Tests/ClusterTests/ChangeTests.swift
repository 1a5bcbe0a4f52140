import Core
import Foundation
import TestSupport
import Testing

@testable import EndToEndTests

@Suite("Changes in a cluster", .enabled(if: ClusterCase.isAsked, ClusterCase.reason))
struct ChangeTests {
    @Test("An Ingress is created, changed and deleted, and a request finds out each time")
    func ingress() async throws {
        try await ClusterCase.with(Manifests.service(pods: [1])) { test async throws in
            let url = "http://shop.example.com/"
            #expect(try await test.controller.request(url).status == 404)
            try await test.apply(Manifests.ingress(annotations: ["response-set-header": "X-Turn first"]))
            try await test.controller.eventually(url) { $0.pod == "pod-1" && $0.header("x-turn") == "first" }
            try await test.client.patch(
                .ingress, "web", namespace: "shop", "metadata: {annotations: {haproxy.org/response-set-header: X-Turn second}}")
            try await test.controller.eventually(url) { $0.header("x-turn") == "second" }
            try await test.apply(Manifests.ingress(host: "store.example.com"))
            try await test.controller.eventually("http://store.example.com/") { $0.pod == "pod-1" }
            try await test.controller.eventually(url) { $0.status == 404 }
            try await test.client.delete(.ingress, "web", namespace: "shop")
            try await test.controller.eventually("http://store.example.com/") { $0.status == 404 }
        }
    }

    @Test("A TLS Secret that is replaced is served without a reload")
    func rotation() async throws {
        let (first, second) = (try TestCertificates("First"), try TestCertificates("Second"))
        let host = "shop.example.com"
        let manifest =
            Manifests.service(pods: [1]) + Manifests.ingress(tls: "web-tls")
            + Manifests.certificate("web-tls", try first.leaf(host))
        try await ClusterCase.with(manifest) { test async throws in
            let url = "https://\(host)/"
            let (old, new) = (try test.controller.trust(first), try test.controller.trust(second))
            try await test.controller.eventually(url, authority: old) { $0.status == 200 }
            let before = try await test.controller.reloads()
            try await test.apply(Manifests.certificate("web-tls", try second.leaf(host)))
            try await test.controller.eventually(url, authority: new) { $0.status == 200 }
            #expect(try await test.controller.request(url, authority: old).curlStatus == 60)
            #expect(try await test.controller.reloads() == before)
        }
    }

    @Test("A Secret that comes after the Ingress that names it is served")
    func lateSecret() async throws {
        let certificates = try TestCertificates()
        let manifest = Manifests.service(pods: [1]) + Manifests.ingress(tls: "web-tls")
        try await ClusterCase.with(manifest) { test async throws in
            let authority = try test.controller.trust(certificates)
            #expect(try await test.controller.request("https://shop.example.com/", authority: authority).curlStatus == 60)
            try await test.apply(Manifests.certificate("web-tls", try certificates.leaf("shop.example.com")))
            try await test.controller.eventually("https://shop.example.com/", authority: authority) { $0.status == 200 }
        }
    }
}
