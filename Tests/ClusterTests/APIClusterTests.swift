import Foundation
import TestSupport
import Testing

@testable import EndToEndTests

@Suite("Clusters for tests", .enabled(if: ClusterCase.isAsked, ClusterCase.reason))
struct APIClusterTests {
    @Test("end when who started them lets go")
    func ends() async throws {
        try await Gate.processes.pass {
            let cluster = try await APICluster()
            let directory = URL(fileURLWithPath: cluster.kubeconfig).deletingLastPathComponent()
            #expect(!ProcessTable.processes(mentioning: directory).isEmpty)
            await cluster.letGo()
            try await wait(for: "everything has ended and its directory is gone") {
                ProcessTable.processes(mentioning: directory).isEmpty && !FileManager.default.fileExists(atPath: directory.path)
            }
        }
    }
}
