import Foundation
import TestSupport
import Testing

@testable import EndToEndTests

/// A controller, its API server and its pods.
struct ClusterCase: Sendable {
    let cluster: APICluster
    let client: APIClient
    let controller: TestController

    /// Whether API servers may be started, whose programs may have to be built first.
    static let isAsked = ProcessInfo.processInfo.environment["CLUSTER_TESTS"] == "1"
    static let reason: Comment = "needs real API servers: ./Scripts/test --cluster"

    /// Runs `body` with a controller in a cluster of its own and ends everything afterwards.
    ///
    /// - Parameters:
    ///   - manifest: what is there before the controller starts; `NET.` is replaced by the network of the pods.
    ///   - pods: as of ``TestController``.
    static func with(
        _ manifest: String = "", in company: APICluster.Company? = nil, pods: [String] = ["pod-1"], arguments: [String] = [],
        _ body: (ClusterCase) async throws -> Void
    ) async throws {
        try await Gate.processes.pass {
            let company = if let company { company } else { APICluster.Company.etcd(of: try await SharedEtcd.shared.cluster) }
            try await APICluster.with(company) { cluster async throws in
                let client = try await APIClient(kubeconfig: cluster.kubeconfig)
                let network = Loopback.network()
                try await client.apply(manifest.replacingOccurrences(of: "NET.", with: network))
                try await run(cluster, network: network, pods: pods, arguments: arguments) { controller async throws in
                    try await body(ClusterCase(cluster: cluster, client: client, controller: controller))
                }
            }
        }
    }

    /// Runs a controller that reads from a cluster.
    ///
    /// - Parameter kubeconfig: as whom; nil for the administrator.
    static func run(
        _ cluster: APICluster, as kubeconfig: String? = nil, network: String, pods: [String] = [], arguments: [String] = [],
        isExternal: Bool = false, waitsForReadiness: Bool = true, _ body: (TestController) async throws -> Void
    ) async throws {
        try await TestController.with(
            [:], pods: pods, network: network, arguments: arguments,
            source: ["--kubeconfig", kubeconfig ?? cluster.kubeconfig, "--allow-loopback-endpoints"]
                + (isExternal ? ["--external"] : []),
            environment: ["POD_NAME": "", "POD_NAMESPACE": ""], waitsForReadiness: waitsForReadiness, body)
    }

    /// Creates or replaces objects; `NET.` is replaced by the network of the pods.
    func apply(_ manifest: String) async throws {
        try await client.apply(manifest.replacingOccurrences(of: "NET.", with: controller.network))
    }

    /// The addresses in an Ingress's status.
    func status(of ingress: String = "web", namespace: String = "shop") async throws -> [String] {
        let entries = try await client.get(.ingress, ingress, namespace: namespace)?.at("status.loadBalancer.ingress")?.elements
        return (entries ?? []).compactMap { ($0["ip"] ?? $0["hostname"])?.text }
    }
}

/// The etcd that clusters of single tests share: it ends with the test run.
private actor SharedEtcd {
    static let shared = SharedEtcd()
    private var start: Task<APICluster, any Error>?

    var cluster: APICluster {
        get async throws {
            let start = start ?? Task { try await APICluster() }
            self.start = start
            return try await start.value
        }
    }
}
