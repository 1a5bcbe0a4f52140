/// API servers for tests, each for one controller at a time. They begin when they are needed, have a common etcd, and end with
/// the test run.
actor ClusterPool {
    static let shared = ClusterPool()

    private var idle: [TestCluster] = []
    /// The one whose etcd the others use.
    private var first: Task<TestCluster, any Error>?

    /// Runs `body` with a cluster without objects. As many are there as are wanted at a time: a test that has one may want another.
    nonisolated func withCluster(_ body: (TestCluster) async throws -> Void) async throws {
        let cluster = try await take()
        do { try await body(cluster) } catch {
            // What cannot be cleaned is not used again.
            try? await giveBack(cluster)
            throw error
        }
        try await giveBack(cluster)
    }

    private func take() async throws -> TestCluster {
        if let cluster = idle.popLast() { return cluster }
        guard let first else {
            let start = Task { try await TestCluster(beside: nil) }
            first = start
            return try await start.value
        }
        return try await TestCluster(beside: try await first.value)
    }

    private func giveBack(_ cluster: TestCluster) async throws {
        try await cluster.objects.clear()
        idle.append(cluster)
    }
}
