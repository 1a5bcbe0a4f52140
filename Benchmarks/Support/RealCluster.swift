import Foundation
import TestSupport

/// A real API server, written to through `kubectl proxy`.
public final class RealCluster: Cluster {
    public let kubeconfig: String
    /// Programs that run until their standard input ends or they are ended, and that input.
    private let proxy: Helper
    private let server: Helper?
    private let connection: HTTPConnection
    /// What was created here.
    private var namespaces: Set<String> = []
    private var written: Set<String> = []
    private var sliceVersion = "v1"
    private let directory: TemporaryDirectory

    /// - Parameter kubeconfig: how to reach one as somebody who may write everything; nil to start one of our own with
    ///   `Tests/Cluster/cluster`, from the package's directory.
    public init(kubeconfig: String?) throws {
        directory = try TemporaryDirectory("benchmark")
        if let kubeconfig {
            (self.kubeconfig, server) = (kubeconfig, nil)
        } else {
            let server = try Helper(["Tests/Cluster/cluster", "start", directory.path, "--while-stdin-open"])
            (self.kubeconfig, self.server) = (server.line, server)
        }
        proxy = try Helper(["kubectl", "--kubeconfig", self.kubeconfig, "proxy", "--port=0"])
        guard let port = proxy.line.split(separator: ":").last.flatMap({ Int($0.filter(\.isNumber)) }) else {
            throw BenchmarkFailure("kubectl proxy, which a real API server is written to through, says: \(proxy.line)")
        }
        connection = try HTTPConnection(port: port)
        let group = try connection.get("/apis/discovery.k8s.io", host: "localhost")?.body ?? ""
        if !group.contains("discovery.k8s.io/v1\"") { sliceVersion = "v1beta1" }
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
        if server == nil {
            for namespace in namespaces { try? delete(ClusterObject(.namespaces, namespace: "", name: namespace)) }
        } else {
            _ = try? Command.output(["Tests/Cluster/cluster", "stop", directory.path])
        }
        proxy.stop()
        server?.stop()
        directory.remove()
    }
}

/// A program that says one line when it is ready.
private final class Helper {
    let line: String
    private let process = Process()
    private let input = Pipe()

    init(_ words: [String]) throws {
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var text: [UInt8] = []
        while let byte = try output.fileHandleForReading.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") {
            text.append(byte)
        }
        line = String(decoding: text, as: UTF8.self)
        guard !line.isEmpty else { throw BenchmarkFailure("\(words.joined(separator: " ")) does not start") }
    }

    func stop() {
        try? input.fileHandleForWriting.close()
        if process.isRunning { process.terminate() }
        process.waitUntilExit()
    }
}
