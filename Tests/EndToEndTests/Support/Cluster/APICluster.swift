import Foundation
import TestSupport

/// A real etcd and kube-apiserver on loopback (`Tests/Cluster/cluster`). They end with the process that started them, however
/// that ends.
final class APICluster: Sendable {
    /// Says how to reach the API server as its administrator.
    let kubeconfig: String
    private let directory: String
    /// What runs for the cluster ends when nobody holds this end of it.
    private let lifeline: Pipe

    /// What starts beside the API server.
    enum Company: Sendable {
        case nothing
        /// kube-controller-manager: namespaces go, Deployments have pods, Services have EndpointSlices, accounts have tokens.
        case controllerManager
        /// No etcd of its own: a cluster apart, in the etcd of another one, which has to outlive it. Starts faster.
        case etcd(of: APICluster)
    }

    /// What the script could not do, in its words.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    init(_ company: Company = .nothing) async throws {
        let name = "cluster-\(UUID().uuidString.prefix(8))"
        directory = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
        lifeline = Pipe()
        // Others of our children would hold it open.
        _ = fcntl(lifeline.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
        let options: [String] =
            switch company {
            case .nothing: []
            case .controllerManager: ["--controller-manager"]
            case .etcd(let other): ["--beside", other.directory]
            }
        kubeconfig = try await Self.script(
            ["start", directory, "--while-stdin-open"] + options, input: lifeline.fileHandleForReading)
        try lifeline.fileHandleForReading.close()
    }

    /// Runs `body` with a cluster and ends it afterwards.
    static func with(_ company: Company = .nothing, _ body: (APICluster) async throws -> Void) async throws {
        let cluster = try await APICluster(company)
        do { try await body(cluster) } catch {
            await cluster.stop()
            throw error
        }
        await cluster.stop()
    }

    /// Ends everything and removes its directory.
    func stop() async {
        _ = try? await Self.script(["stop", directory])
        try? lifeline.fileHandleForWriting.close()
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// What the end of this process does.
    func letGo() async { try? lifeline.fileHandleForWriting.close() }

    /// Ends the API server as a crash would.
    func killServer() async throws { _ = try await Self.script(["kill-api", directory]) }

    /// Starts it again, on the same port.
    func startServer() async throws { _ = try await Self.script(["start-api", directory]) }

    /// Lets etcd forget all revisions but the newest, so that watches from older ones get 410.
    func compact() async throws { _ = try await Self.script(["compact", directory]) }

    /// The path of a kubeconfig for a user who has the rights that somebody gives them.
    func user(_ name: String) async throws -> String { try await Self.script(["user", directory, name]) }

    /// The address of the API server, and a file with the administrator's certificate and key.
    var server: (address: String, identity: String) {
        get throws {
            let config = try String(contentsOfFile: kubeconfig, encoding: .utf8)
            let line = config.split(separator: "\n").first { $0.contains("server: https://") }
            let keys = try ["admin.crt", "admin.key"].map {
                try String(contentsOfFile: "\(directory)/keys/\($0)", encoding: .utf8)
            }
            let file = "\(directory)/admin.pem"
            try keys.joined().write(toFile: file, atomically: true, encoding: .utf8)
            return (line?.components(separatedBy: "https://").last ?? "", file)
        }
    }

    /// - Returns: what it printed, without the line's end.
    private static func script(_ arguments: [String], input: FileHandle? = nil) async throws -> String {
        let script = Programs.root.appendingPathComponent("Tests/Cluster/cluster")
        let result = try await run(script, arguments, input: input)
        guard result.status == 0 else {
            throw Failure(description: "cluster \(arguments.joined(separator: " ")): \(result.errors)")
        }
        return result.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
