import Foundation

/// An API server that ends with this process.
final class TestCluster: Sendable {
    let kubeconfig: String
    let objects: ClusterObjects
    private let directory: String
    /// What runs for the cluster ends when this does.
    private let lifeline: Pipe

    struct StartFailure: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameter other: whose etcd is used, too.
    init(beside other: TestCluster?) async throws {
        let name = "cluster-\(UUID().uuidString.prefix(8))"
        directory = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
        lifeline = Pipe()
        // Foundation takes a program for running as long as somebody has what it has inherited from it: here, the servers.
        let withoutInheritance =
            #"for fd in /proc/$$/fd/*; do fd=${fd##*/}; [ "$fd" -le 2 ] || eval "exec $fd>&-"; done; exec "$0" "$@""#
        let script = Programs.root.appendingPathComponent("Tests/Cluster/cluster").path
        let arguments = ["start", directory, "--while-stdin-open"] + (other.map { ["--beside", $0.directory] } ?? [])
        let result = try await run(
            URL(fileURLWithPath: "/bin/bash"), ["-c", withoutInheritance, script] + arguments,
            input: lifeline.fileHandleForReading)
        guard result.status == 0 else { throw StartFailure(description: "cluster start: \(result.errors)") }
        kubeconfig = result.output.trimmingCharacters(in: .whitespacesAndNewlines)
        objects = try await ClusterObjects(kubeconfig: kubeconfig)
    }
}
