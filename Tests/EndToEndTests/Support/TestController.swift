import Foundation
import TestSupport
import Testing

/// A controller with a HAProxy of its own: real processes, real sockets, manifests in a temporary directory.
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
    private let logFile: URL

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
        try await Gate.processes.pass {
            let controller = try await TestController(
                manifests, pods: pods, network: network, arguments: arguments, source: source, environment: environment)
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
    }

    private init(
        _ manifests: [String: String], pods names: [String], network given: String?, arguments: [String],
        source: [String]?, environment: [String: String]
    ) async throws {
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
            try pods.run()
            self.pods = pods
        }
        let process = Process()
        process.executableURL = Programs.controller
        process.arguments =
            ["run"] + (source ?? ["--manifests", directory.appendingPathComponent("manifests").path]) + [
                "--config-dir",
                directory.appendingPathComponent("config").path, "--runtime-dir",
                directory.appendingPathComponent("runtime").path,
                "--ipv4-bind-address", "127.0.0.1", "--disable-ipv6", "--http-bind-port", "\(http)", "--https-bind-port",
                "\(https)",
                "--healthz-bind-port", "\(healthz)", "--stats-bind-port", "\(stats)", "--admin-bind", "127.0.0.1:\(admin)",
                "--sync-period", "50ms",
            ] + (arguments.contains(Self.driftOption) ? [] : [Self.driftOption, "500ms"]) + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = log
        process.standardError = log
        self.process = process
        for (name, text) in manifests { try write(name, text) }
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

    /// Writes a manifest the way editors do: beside it, then renamed over it.
    func write(_ name: String, _ text: String) throws {
        let target = manifests.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.replacingOccurrences(of: "NET.", with: network).utf8).write(to: target, options: .atomic)
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(at: manifests.appendingPathComponent(name)) }

    // MARK: - Requests

    /// A request through HAProxy. `url` is like `http://shop.example.com/cart?x=1`; the host is reached on loopback.
    func request(
        _ url: String, method: String = "GET", headers: [String: String] = [:], authority: URL? = nil, options: [String] = []
    ) async throws -> Response {
        let components = try #require(URLComponents(string: url))
        let host = try #require(components.host)
        let port = components.scheme == "https" ? https : http
        var arguments = [
            "--silent", "--include", "--max-time", "10", "--request", method, "--path-as-is", "--noproxy", "*", "--resolve",
            "\(host):\(port):127.0.0.1",
        ]
        if method == "HEAD" { arguments.append("--head") }
        if let authority { arguments += ["--cacert", authority.path] } else { arguments.append("--insecure") }
        for (name, value) in headers { arguments += ["--header", "\(name): \(value)"] }
        // HAProxy sees the host without our port, as it would on port 80 or 443.
        if headers["Host"] == nil { arguments += ["--header", "Host: \(host)"] }
        var query = components.percentEncodedQuery.map { "?\($0)" } ?? ""
        if query == "?" { query = "" }
        arguments += options + ["\(components.scheme ?? "http")://\(host):\(port)\(components.percentEncodedPath)\(query)"]
        return Response(curl: try await run(Self.curl, arguments))
    }

    /// Repeats a request until it satisfies a condition; fails after `limit`.
    @discardableResult
    func eventually(
        _ url: String, within limit: Duration = .seconds(60), headers: [String: String] = [:], authority: URL? = nil,
        _ condition: (Response) -> Bool, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Response {
        let deadline = ContinuousClock.now + limit
        while true {
            let response = try await request(url, headers: headers, authority: authority)
            if condition(response) { return response }
            guard ContinuousClock.now < deadline else {
                Issue.record(
                    "\(url) still answers \(response.status): \(response.body.prefix(300))\n\(log)",
                    sourceLocation: sourceLocation)
                return response
            }
            try await Task.sleep(for: .milliseconds(30))
        }
    }

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

    private static let curl = URL(fileURLWithPath: "/usr/bin/curl")

    // MARK: - The controller

    /// A page of the admin endpoint.
    func adminPage(_ path: String) async throws -> Response {
        Response(
            curl: try await run(
                Self.curl, ["--silent", "--include", "--max-time", "5", "--noproxy", "*", "http://127.0.0.1:\(admin)\(path)"]))
    }

    /// A metric's value, summed over its labels.
    func metric(_ name: String) async throws -> Double {
        let lines = try await adminPage("/metrics").body.split(separator: "\n")
        let samples = lines.filter { $0.hasPrefix(name + " ") || $0.hasPrefix(name + "{") }
        return samples.isEmpty ? .nan : samples.reduce(0) { $0 + (Double($1.split(separator: " ").last ?? "") ?? .nan) }
    }

    func waitUntilReady() async throws {
        try await wait("the controller is ready") {
            guard process.isRunning else { return true }
            return try await adminPage("/readyz").status == 200
        }
        try #require(process.isRunning, "the controller ended: \(log)")
    }

    /// What the Runtime API answers.
    func runtimeAPI(_ command: String) async throws -> String {
        let socket = runtime.appendingPathComponent("haproxy-runtime-api.sock").path
        let script =
            "import socket,sys;s=socket.socket(socket.AF_UNIX);s.connect(sys.argv[1]);s.sendall(sys.argv[2].encode()+b'\\n');b=b''\nwhile True:\n d=s.recv(65536)\n if not d: break\n b+=d\nsys.stdout.write(b.decode())"
        return try await run(URL(fileURLWithPath: "/usr/bin/env"), ["python3", "-c", script, socket, command]).output
    }

    /// Sends text to the HTTP port as it is, keeps the connection open and returns what comes back until it is closed, or
    /// until so many seconds have passed.
    func exchange(_ text: String, within seconds: Int) async throws -> String {
        let script =
            "import socket,sys;s=socket.create_connection(('127.0.0.1',int(sys.argv[1])),float(sys.argv[3]));s.settimeout(float(sys.argv[3]));s.sendall(sys.argv[2].encode());b=b''\ntry:\n while True:\n  d=s.recv(65536)\n  if not d: break\n  b+=d\nexcept OSError: pass\nsys.stdout.buffer.write(b)"
        return try await run(
            URL(fileURLWithPath: "/usr/bin/env"), ["python3", "-c", script, String(http), text, String(seconds)]
        ).output
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
        try? FileManager.default.removeItem(at: directory)
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
