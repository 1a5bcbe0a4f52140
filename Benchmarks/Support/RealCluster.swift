import Foundation
import TestSupport

/// A real API server, written to through `kubectl proxy`.
public final class RealCluster: Cluster {
    public let kubeconfig: String
    private let proxy = Process()
    private let connection: HTTPConnection
    /// What was created here.
    private var namespaces: Set<String> = []
    private var written: Set<String> = []
    private var sliceVersion = "v1"
    /// What starts and stops an API server of our own; nil without one.
    private let script: String?
    private let directory: TemporaryDirectory

    /// - Parameter kubeconfig: how to reach one as somebody who may write everything; nil to start one of our own with
    ///   `Tests/Cluster/cluster`, from the package's directory.
    public init(kubeconfig: String?) throws {
        directory = try TemporaryDirectory("benchmark")
        script = kubeconfig == nil ? "Tests/Cluster/cluster" : nil
        if let kubeconfig {
            self.kubeconfig = kubeconfig
        } else {
            self.kubeconfig = try Self.output(of: ["Tests/Cluster/cluster", "start", directory.path])
        }
        let output = Pipe()
        proxy.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        proxy.arguments = ["kubectl", "--kubeconfig", self.kubeconfig, "proxy", "--port=0"]
        proxy.standardOutput = output
        try proxy.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = line.split(separator: ":").last.flatMap({ Int($0.filter(\.isNumber)) }) else {
            throw BenchmarkFailure("kubectl proxy does not start, which the real API server is written to through: \(line)")
        }
        connection = try HTTPConnection(port: port)
        let group = try connection.get("/apis/discovery.k8s.io", host: "localhost")?.body ?? ""
        if !group.contains("discovery.k8s.io/v1\"") { sliceVersion = "v1beta1" }
    }

    private static func output(of command: [String]) throws -> String {
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardOutput = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchmarkFailure("\(command.joined(separator: " ")) failed") }
        return text.trimmingCharacters(in: .whitespacesAndNewlines)
    }

    public func put(_ object: ClusterObject) throws {
        if !object.namespace.isEmpty, !namespaces.contains(object.namespace) {
            let namespace = ClusterObject(.namespaces, namespace: "", name: object.namespace)
            // It is deleted at the end, with all that is in it.
            try check(try send("POST", path(of: namespace), namespace.manifest), "creates", namespace)
            namespaces.insert(object.namespace)
        }
        let manifest = object.manifest.replacing("discovery.k8s.io/v1\"", with: "discovery.k8s.io/\(sliceVersion)\"")
        if written.insert("\(object.resource)/\(object.key)").inserted {
            try check(try send("POST", path(of: object), manifest), "creates", object)
        } else {
            try check(try send("PUT", "\(path(of: object))/\(object.name)", manifest), "replaces", object)
        }
    }

    public func delete(_ object: ClusterObject) throws {
        written.remove("\(object.resource)/\(object.key)")
        try check(try send("DELETE", "\(path(of: object))/\(object.name)", ""), "deletes", object)
    }

    private func send(_ method: String, _ path: String, _ body: String) throws -> HTTPConnection.Answer {
        let answer = try connection.request(
            method, path, host: "localhost", headers: [("Content-Type", "application/json")], body: body)
        guard let answer else { throw BenchmarkFailure("the API server closes the connection: \(method) \(path)") }
        return answer
    }

    private func check(_ answer: HTTPConnection.Answer, _ verb: String, _ object: ClusterObject) throws {
        guard answer.status < 300 else {
            throw BenchmarkFailure(
                "the API server refuses what \(verb) \(object.resource) \(object.key): \(answer.status) \(answer.body)")
        }
    }

    private func path(of object: ClusterObject) -> String {
        var version = object.resource.apiVersion
        if object.resource == .endpointslices { version = "discovery.k8s.io/\(sliceVersion)" }
        let root = version.contains("/") ? "/apis/\(version)" : "/api/\(version)"
        return object.namespace.isEmpty
            ? "\(root)/\(object.resource)" : "\(root)/namespaces/\(object.namespace)/\(object.resource)"
    }

    /// Deletes the namespaces that were created, and ends what was started.
    public func stop() {
        if script == nil {
            for namespace in namespaces { try? delete(ClusterObject(.namespaces, namespace: "", name: namespace)) }
        }
        proxy.terminate()
        proxy.waitUntilExit()
        if let script {
            _ = try? Self.output(of: [script, "stop", directory.path])
        }
        directory.remove()
    }
}
