import Foundation
import TestSupport
import Testing

@testable import EndToEndTests

@Suite("Rights that are missing", .enabled(if: ClusterCase.isAsked, ClusterCase.reason))
struct RightsTests {
    private static let allResources = """
          - {apiGroups: [""], resources: [services, configmaps, namespaces], verbs: [get, list, watch]}
          - {apiGroups: [networking.k8s.io], resources: [ingresses, ingressclasses], verbs: [get, list, watch]}
          - {apiGroups: [discovery.k8s.io], resources: [endpointslices], verbs: [get, list, watch]}

        """
    private static let secrets = "  - {apiGroups: [\"\"], resources: [secrets], verbs: [get, list, watch]}\n"

    private func binding(_ kind: String, in namespace: String?, rules: String) -> String {
        let place = namespace.map { ", namespace: \($0)" } ?? ""
        return """
            apiVersion: rbac.authorization.k8s.io/v1
            kind: \(kind)
            metadata: {name: limited\(place)}
            rules:
            \(rules)---
            apiVersion: rbac.authorization.k8s.io/v1
            kind: \(kind)Binding
            metadata: {name: limited\(place)}
            roleRef: {apiGroup: rbac.authorization.k8s.io, kind: \(kind), name: limited}
            subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: limited}]
            ---

            """
    }

    /// Runs a controller as a user with these rights.
    private func withController(
        rights: String, arguments: [String] = [], _ body: (APIClient, TestController) async throws -> Void
    ) async throws {
        try await ClusterCase.with(pods: []) { test async throws in
            let network = Loopback.network()
            let certificates = try TestCertificates()
            let manifest =
                Manifests.service(pods: [1]) + Manifests.ingress(tls: "web-tls")
                + Manifests.certificate("web-tls", try certificates.leaf("shop.example.com"))
                + Manifests.ingress("away", namespace: "away", host: "away.example.com")
                + Manifests.service(namespace: "away", pods: [1])
            try await test.client.apply(manifest.replacingOccurrences(of: "NET.", with: network))
            let user = try await test.cluster.user("limited")
            try await test.client.apply(rights)
            try await ClusterCase.run(
                test.cluster, as: user, network: network, pods: ["pod-1"], arguments: arguments
            ) { controller async throws in try await body(test.client, controller) }
        }
    }

    @Test("Without that to Secrets, the log names the right, all else is served, and it is used as soon as it is given")
    func secrets() async throws {
        try await withController(rights: binding("ClusterRole", in: nil, rules: Self.allResources)) { client, controller in
            try await controller.eventually("https://shop.example.com/") { $0.pod == "pod-1" }
            try await wait(for: "the log names what is missing") {
                controller.log.contains("secrets") && controller.log.contains("User \"limited\" cannot")
            }
            #expect(try await controller.adminPage("/readyz").status == 200)
            try await client.apply(Manifests.ingress(path: "/other", tls: "web-tls"))
            try await controller.eventually("https://shop.example.com/other") { $0.pod == "pod-1" }
            try await client.apply(binding("ClusterRole", in: nil, rules: Self.allResources + Self.secrets))
            try await wait(for: "the certificate is served", within: .seconds(90)) { try await certificateIsServed(controller) }
        }
    }

    /// Whether the certificate is that of the Secret, which names the host.
    private func certificateIsServed(_ controller: TestController) async throws -> Bool {
        let result = try await run(
            URL(fileURLWithPath: "/usr/bin/env"),
            [
                "openssl", "s_client", "-connect", "127.0.0.1:\(controller.https)", "-servername", "shop.example.com",
                "-verify_hostname", "shop.example.com",
            ])
        return result.output.contains("CN = shop.example.com") || result.output.contains("CN=shop.example.com")
    }

    @Test("A Role in the one namespace of --namespace-whitelist is enough to serve it")
    func oneNamespace() async throws {
        let rights = binding("Role", in: "shop", rules: Self.allResources + Self.secrets)
        try await withController(rights: rights, arguments: ["--namespace-whitelist=shop"]) { client, controller in
            try await controller.eventually("https://shop.example.com/") { $0.pod == "pod-1" }
            try await wait(for: "its Secret is served") { try await certificateIsServed(controller) }
            #expect(try await controller.request("http://away.example.com/").status == 404)
            try await client.patch(
                .ingress, "web", namespace: "shop", "metadata: {annotations: {haproxy.org/response-set-header: X-Turn second}}")
            try await controller.eventually("https://shop.example.com/") { $0.header("x-turn") == "second" }
            #expect(!controller.log.contains("services of namespace away"))
        }
    }
}
