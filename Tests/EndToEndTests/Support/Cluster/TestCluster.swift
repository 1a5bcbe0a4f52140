/// An API server that ends with this process, and the objects of a test in it.
final class TestCluster: Sendable {
    var kubeconfig: String { cluster.kubeconfig }
    let objects: ClusterObjects
    private let cluster: APICluster

    /// - Parameter other: whose etcd is used, too.
    init(beside other: TestCluster?) async throws {
        cluster = try await APICluster(other.map { .etcd(of: $0.cluster) } ?? .nothing)
        objects = try await ClusterObjects(kubeconfig: cluster.kubeconfig)
    }
}
