import Foundation
import TestSupport
import Testing

@testable import EndToEndTests

@Suite("Objects that an API server lets through", .enabled(if: ClusterCase.isAsked, ClusterCase.reason))
struct BadObjectTests {
    private let good = Manifests.service(pods: [1]) + Manifests.ingress()

    @Test("Malformed ones are named, and the rest is served, whenever they come", arguments: [true, false])
    func malformed(isFirst: Bool) async throws {
        let bad = Manifests.brokenSlice + "---\n"
        try await ClusterCase.with(isFirst ? bad + good : good) { test async throws in
            if !isFirst { try await test.apply(bad) }
            try await wait(for: "the log names it") { test.controller.log.contains("broken") }
            #expect(test.controller.log.contains("70000"))
            try await test.apply(Manifests.ingress("more", host: "more.example.com"))
            for host in ["shop", "more"] {
                try await test.controller.eventually("http://\(host).example.com/") { $0.pod == "pod-1" }
            }
        }
    }

    @Test("A Secret of nearly 1 MB is read, and its certificate served")
    func large() async throws {
        let certificates = try TestCertificates()
        let leaf = try certificates.leaf("shop.example.com")
        // Base64 in JSON makes it longer than the pieces in which it arrives.
        let junk = String(repeating: "large object ", count: 950_000 / 13)
        let secret = Manifests.secret(
            "web-tls", type: "kubernetes.io/tls", ["tls.crt": leaf.certificateText, "tls.key": leaf.keyText, "junk": junk])
        try await ClusterCase.with(secret + Manifests.service(pods: [1]) + Manifests.ingress(tls: "web-tls")) {
            test async throws in
            let authority = try test.controller.trust(certificates)
            try await test.controller.eventually("https://shop.example.com/", authority: authority) { $0.pod == "pod-1" }
            let next = try certificates.leaf("next.example.com", "shop.example.com")
            try await test.apply(
                Manifests.secret(
                    "web-tls", type: "kubernetes.io/tls",
                    ["tls.crt": next.certificateText, "tls.key": next.keyText, "junk": junk])
                    + Manifests.ingress(host: "next.example.com", tls: "web-tls"))
            try await test.controller.eventually("https://next.example.com/", authority: authority) { $0.pod == "pod-1" }
        }
    }

    @Test("An Ingress with 10,000 rules is served, listed or new, and others beside it")
    func rules() async throws {
        func many(_ name: String, _ count: Int) -> String {
            let rules = (0..<count).map { number in
                "    - {host: \(name)-\(number).example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {name: http}}}}]}}\n"
            }
            return """
                apiVersion: networking.k8s.io/v1
                kind: Ingress
                metadata: {name: \(name), namespace: shop}
                spec:
                  rules:
                \(rules.joined())---

                """
        }
        try await ClusterCase.with(good + many("listed", 10_000)) { test async throws in
            for host in ["listed-0", "listed-9999", "shop"] {
                try await test.controller.eventually("http://\(host).example.com/") { $0.pod == "pod-1" }
            }
            try await test.apply(many("listed", 1) + many("new", 10_000))
            for host in ["listed-0", "new-9999", "shop"] {
                try await test.controller.eventually("http://\(host).example.com/") { $0.pod == "pod-1" }
            }
            try await test.controller.eventually("http://listed-9999.example.com/") { $0.status == 404 }
        }
    }
}
