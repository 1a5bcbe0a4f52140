import BenchmarkSupport
import Foundation
import TestSupport

@testable import EndToEndTests

/// A proxy in front of an API server that answers with 503 what begins with one path, until it is opened.
struct GatedAPI: Sendable {
    /// Says how to reach the API server through the proxy.
    let kubeconfig: String
    private let directory: TemporaryDirectory
    private let process: Process

    static func with(_ cluster: APICluster, closed path: String, _ body: (GatedAPI) async throws -> Void) async throws {
        let proxy = try GatedAPI(cluster, closed: path)
        do { try await body(proxy) } catch {
            await proxy.stop()
            throw error
        }
        await proxy.stop()
    }

    /// Lets everything through.
    func open() throws {
        let socket = try SocketFile(unix: directory.file("socket").path)
        defer { socket.close() }
        socket.write("clear map \(directory.file("closed").path)\n".utf8)
        _ = socket.readAll()
    }

    private init(_ cluster: APICluster, closed path: String) throws {
        directory = try TemporaryDirectory("gated-api")
        let (address, identity) = try cluster.server
        let port = try FreePort.next()
        let closed = try directory.write("closed", "\(path) closed\n").path
        let configuration = """
            global
              stats socket \(directory.file("socket").path) level admin
            defaults
              mode http
              timeout client 1h
              timeout server 1h
              timeout connect 5s
            frontend api
              bind 127.0.0.1:\(port)
              http-request return status 503 if { path,map_beg(\(closed),open) -m str closed }
              default_backend api
            backend api
              server api \(address) ssl verify none crt \(identity)

            """
        kubeconfig = try directory.write(
            "kubeconfig",
            """
            apiVersion: v1
            kind: Config
            current-context: gated
            contexts: [{name: gated, context: {cluster: gated}}]
            clusters: [{name: gated, cluster: {server: "http://127.0.0.1:\(port)"}}]

            """
        ).path
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/bin", "haproxy", "-db", "-f",
            try directory.write("haproxy.cfg", configuration).path,
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    /// Whether it takes connections.
    var isListening: Bool { FileManager.default.fileExists(atPath: directory.file("socket").path) }

    private func stop() async {
        // A test's thread may hold SIGTERM back, and its children inherit that.
        kill(process.processIdentifier, SIGKILL)
        while process.isRunning { try? await Task.sleep(for: .milliseconds(10)) }
        directory.remove()
    }
}
