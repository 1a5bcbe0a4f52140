import Foundation
import TestSupport
import Testing

/// A controller with a HAProxy of its own: real processes, real sockets, and objects that are written as manifests: to a
/// temporary directory, from which the controller reads them, or to a real API server; see ``ObjectMode``.
final class TestController: Sendable {
    let directory: URL
    let http: Int
    let https: Int
    let healthz: Int
    let stats: Int
    let admin: Int
    /// Pods live at `network` + 1, 2, 3 ..., port 8080.
    let network: String
    private let process: Process
    private let pods: Process?
    /// The arguments that say where objects come from.
    let source: [String]
    /// The objects in an API server; nil where the controller reads the manifests.
    private let objects: ClusterObjects?
    private let logFile: URL

    /// The manifests; where the objects are in an API server, too, they are the same.
    var manifests: URL { directory.appendingPathComponent("manifests") }
    var config: URL { directory.appendingPathComponent("config") }
    var runtime: URL { directory.appendingPathComponent("runtime") }

    /// Runs `body` with a controller on these manifests and ends everything afterwards.
    ///
    /// - Parameters:
    ///   - manifests: file name to text; `NET.` is replaced by the network of the pods.
    ///   - pods: names of pods; the first is at `NET.1`.
    ///   - network: the pods' network, to share another controller's; else one of its own.
    ///   - source: arguments that say where objects come from, in place of the manifests.
    static func with(
        _ manifests: [String: String], pods: [String] = ["pod-1"], network: String? = nil, arguments: [String] = [],
        source: [String]? = nil, environment: [String: String] = [:], waitsForReadiness: Bool = true,
        _ body: (TestController) async throws -> Void
    ) async throws {
        func run(source: [String]?, objects: ClusterObjects?) async throws {
            let controller = try await TestController(
                manifests, pods: pods, network: network, arguments: arguments, source: source, objects: objects,
                environment: environment)
            do {
                if waitsForReadiness { try await controller.waitUntilReady() }
                try await body(controller)
                controller.expectNoDrift(arguments)
            } catch {
                print(controller.log)
                await controller.stop()
                throw error
            }
            await controller.stop()
        }
        try await Gate.processes.pass {
            guard source == nil, ObjectMode.isCluster else { return try await run(source: source, objects: nil) }
            try await ClusterPool.shared.withCluster { cluster async throws in
                // The pods are at loopback addresses.
                let source = ["--kubeconfig", cluster.kubeconfig, "--allow-loopback-endpoints"]
                try await run(source: source, objects: cluster.objects)
            }
        }
    }

    private init(
        _ manifests: [String: String], pods names: [String], network given: String?, arguments: [String],
        source: [String]?, objects: ClusterObjects?, environment: [String: String]
    ) async throws {
        self.objects = objects
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("ingress-test-\(UUID().uuidString.prefix(8))")
        let network = given ?? Loopback.network()
        self.network = network
        let ports = try Loopback.freePorts(5)
        (http, https, healthz, stats, admin) = (ports[0], ports[1], ports[2], ports[3], ports[4])
        for name in ["manifests", "config", "runtime"] {
            try FileManager.default.createDirectory(at: directory.appendingPathComponent(name), withIntermediateDirectories: true)
        }
        logFile = directory.appendingPathComponent("log")
        try Data().write(to: logFile)
        let log = try FileHandle(forWritingTo: logFile)

        if names.isEmpty {
            pods = nil
        } else {
            let pods = Process()
            pods.executableURL = Programs.pods
            pods.arguments = names.enumerated().flatMap { ["--listen", "\($1)=\(network)\($0 + 1):8080"] }
            pods.standardOutput = log
            pods.standardError = log
            self.pods = pods
        }
        let process = Process()
        process.executableURL = Programs.controller
        self.source = source ?? ["--manifests", directory.appendingPathComponent("manifests").path]
        process.arguments =
            ["run"] + self.source + [
                "--config-dir",
                directory.appendingPathComponent("config").path, "--runtime-dir",
                directory.appendingPathComponent("runtime").path,
                "--ipv4-bind-address", "127.0.0.1", "--http-bind-port", "\(http)", "--https-bind-port",
                "\(https)",
                "--healthz-bind-port", "\(healthz)", "--stats-bind-port", "\(stats)", "--admin-bind", "127.0.0.1:\(admin)",
                "--sync-period", "50ms",
            ] + (arguments.contains { $0.hasPrefix("--ipv6-bind-address") } ? [] : ["--disable-ipv6"])
            + Programs.haproxyArguments + (arguments.contains(Self.driftOption) ? [] : [Self.driftOption, "500ms"]) + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = log
        process.standardError = log
        self.process = process
        try await write(manifests)
        try pods?.run()
        // Pods that are not up yet would be marked down by HAProxy's first checks.
        try await wait("the pods listen") { pods == nil || self.log.contains("listening") }
        try process.run()
    }

    private static let driftOption = "--drift-check-period"

    /// What the controller believes that HAProxy has is what it has, unless the test meddles with HAProxy and says so by the option.
    private func expectNoDrift(_ arguments: [String]) {
        guard !arguments.contains(Self.driftOption) else { return }
        #expect(!log.contains("HAProxy is not what it was given"), "\(log)")
    }

    // MARK: - Objects

    /// Writes a manifest; `NET.` is replaced by the network of the pods. Objects that it had and has no more are deleted.
    func write(_ name: String, _ text: String) async throws { try await write([name: text]) }

    private func write(_ texts: [String: String]) async throws {
        let texts = texts.mapValues { $0.replacingOccurrences(of: "NET.", with: network) }
        for (name, text) in texts {
            let target = manifests.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
            // The way editors do: beside it, then renamed over it.
            try Data(text.utf8).write(to: target, options: .atomic)
        }
        try await objects?.write(texts)
    }

    /// Removes a manifest, or a directory of them.
    func remove(_ name: String) async throws {
        try FileManager.default.removeItem(at: manifests.appendingPathComponent(name))
        try await objects?.remove(name)
    }

    /// A directory with the objects as they are now, with the ages that an API server gave them.
    func currentManifests(in directory: TemporaryDirectory) async throws -> String {
        guard let objects else { return manifests.path }
        try directory.write("objects.json", try await objects.manifest)
        return directory.path
    }

    // MARK: - The controller

    /// Waits until something is so; fails after `limit`.
    func wait(
        _ what: String, within limit: Duration = .seconds(60), until condition: () async throws -> Bool,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let deadline = ContinuousClock.now + limit
        while !(try await condition()) {
            guard ContinuousClock.now < deadline else {
                Issue.record("\(what): not within \(limit)\n\(log)", sourceLocation: sourceLocation)
                return
            }
            try await Task.sleep(for: .milliseconds(30))
        }
    }

    func waitUntilReady() async throws {
        try await wait("the controller is ready") {
            guard process.isRunning else { return true }
            return try await adminPage("/readyz").status == 200
        }
        try #require(process.isRunning, "the controller ended: \(log)")
    }

    var configuration: String {
        (try? String(contentsOf: config.appendingPathComponent("haproxy.cfg"), encoding: .utf8)) ?? ""
    }

    func map(_ name: String) -> String {
        (try? String(contentsOf: config.appendingPathComponent("maps/\(name).map"), encoding: .utf8)) ?? ""
    }

    var log: String { (try? String(contentsOf: logFile, encoding: .utf8)) ?? "" }
    var processIdentifier: Int32 { process.processIdentifier }
    var isRunning: Bool { process.isRunning }
    /// The exit status of a controller that has ended.
    var exitStatus: Int32 { process.terminationStatus }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Ends the controller and its pods, by pid, and removes the directory.
    func stop() async {
        await terminate(process)
        // Pods inherit the signal mask of the test's thread, which can hold SIGTERM back until the time is over.
        if let pods {
            kill(pods.processIdentifier, SIGKILL)
            await terminate(pods)
        }
        if ProcessInfo.processInfo.environment["KEEP_FILES"] != nil {
            print("kept: \(directory.path)")
        } else {
            try? FileManager.default.removeItem(at: directory)
        }
    }

    func terminate() async { await terminate(process) }

    private func terminate(_ process: Process) async {
        guard process.isRunning else { return }
        process.terminate()
        let deadline = ContinuousClock.now + .seconds(60)
        while process.isRunning {
            if ContinuousClock.now > deadline { kill(process.processIdentifier, SIGKILL) }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }
}
