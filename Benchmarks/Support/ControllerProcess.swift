import Foundation
import Glibc
import TestSupport

/// The controller under measurement: the real program, with a HAProxy of its own, in a directory that goes away with it.
public final class ControllerProcess {
    public struct Options: Sendable {
        /// The built `haproxy-ingress`; without it the one beside this program.
        public var program: String?
        public var haproxy = "haproxy"
        /// Further arguments.
        public var arguments: [String] = []
        public var hasHTTPS = false

        public init() {}
    }

    private let directory: TemporaryDirectory
    private let process = Process()
    private let admin: Int
    private let healthPort: Int
    private let statisticsPort: Int
    public let httpPort: Int
    /// 0 when there is none.
    public let httpsPort: Int
    public let started: ContinuousClock.Instant
    public let figures: ProcessFigures

    /// A controller that reads its objects from an API server.
    public convenience init(_ options: Options, kubeconfig: String) throws {
        try self.init(options, source: ["--external", "--kubeconfig", kubeconfig, "--allow-loopback-endpoints"])
    }

    /// A controller that reads its objects from the files of a directory.
    public convenience init(_ options: Options, manifests: String) throws {
        try self.init(options, source: ["--manifests", manifests])
    }

    private init(_ options: Options, source: [String]) throws {
        directory = try TemporaryDirectory("benchmark")
        let ports = try (0..<5).map { _ in try FreePort.next() }
        (httpPort, httpsPort, admin) = (ports[0], options.hasHTTPS ? ports[4] : 0, ports[3])
        (healthPort, statisticsPort) = (ports[1], ports[2])
        let log = try directory.write("log", "")
        let own = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let program = options.program ?? own.deletingLastPathComponent().appendingPathComponent("haproxy-ingress").path
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments =
            ["run"] + source + [
                "--config-dir", directory.file("config").path, "--runtime-dir", directory.file("run").path, "--http-bind-port",
                String(httpPort),
                "--https-bind-port", String(httpsPort), "--healthz-bind-port", String(healthPort), "--stats-bind-port",
                String(statisticsPort), "--ipv4-bind-address", "127.0.0.1", "--disable-ipv6", "--admin-bind",
                "127.0.0.1:\(admin)",
                "--program", options.haproxy,
            ] + options.arguments
        process.standardError = try FileHandle(forWritingTo: log)
        process.standardOutput = FileHandle.nullDevice
        started = .now
        do { try process.run() } catch {
            throw BenchmarkFailure("cannot start \(program): \(error); build it with: swift build -c release")
        }
        figures = ProcessFigures(pid: process.processIdentifier)
    }

    /// Waits until HAProxy runs with its first configuration.
    public func waitUntilReady(limit: Duration = .seconds(300)) throws -> ContinuousClock.Instant {
        while ContinuousClock.now - started < limit {
            guard process.isRunning else { throw failure("ended") }
            if let answer = try? admin("/readyz"), answer.status == 200 { return .now }
            usleep(2_000)
        }
        throw failure("did not become ready")
    }

    /// Waits until the controller has nothing to do any more: a second after each load it compares HAProxy with what it should be.
    public func waitUntilIdle() {
        var before: Double
        repeat {
            before = figures.processorTime
            Thread.sleep(forTimeInterval: 1.5)
        } while figures.processorTime - before > 0.02
    }

    private func admin(_ path: String) throws -> HTTPConnection.Answer? {
        try HTTPConnection(port: admin).get(path, host: "localhost", headers: [("Connection", "close")])
    }

    public var log: String {
        (try? String(contentsOf: directory.file("log"), encoding: .utf8)) ?? ""
    }

    /// haproxy.cfg as it was written last.
    public var configuration: String {
        (try? String(contentsOf: directory.file("config/haproxy.cfg"), encoding: .utf8)) ?? ""
    }

    public func failure(_ what: String) -> BenchmarkFailure {
        BenchmarkFailure("the controller \(what); its log ends with\n\(log.suffix(2_000))")
    }

    /// Reloads since its start, by their reason; those without any are left out.
    public func reloads() throws -> [String: Int] {
        guard let text = try admin("/metrics")?.body else { throw failure("gives no metrics") }
        var reloads: [String: Int] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("haproxy_ingress_reloads_total{") {
            let parts = line.split(separator: "\"")
            if parts.count == 3, let count = Int(parts[2].filter(\.isNumber)), count > 0 { reloads[String(parts[1])] = count }
        }
        return reloads
    }

    /// The value of a metric without labels.
    public func metric(_ name: String) throws -> Int {
        let line = try admin("/metrics")?.body.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
        guard let value = line?.split(separator: " ").last.flatMap({ Int($0) }) else { throw failure("does not tell \(name)") }
        return value
    }

    public var isRunning: Bool { process.isRunning }

    /// Ports that the controller and its HAProxy listen on, beside those for clients.
    public var ownPorts: [Int] { [admin, healthPort, statisticsPort] }

    /// Ends the controller and its HAProxy.
    public func stop() {
        process.terminate()
        // The second signal does not wait for connections.
        usleep(200_000)
        if process.isRunning { process.terminate() }
        process.waitUntilExit()
        directory.remove()
    }

    // MARK: - HAProxy

    private var runtimeSocket: String { directory.file("run/haproxy-runtime-api.sock").path }

    /// - Returns: what HAProxy's Runtime API answers.
    public func runtime(_ command: String) throws -> String {
        let socket = try SocketFile(unix: runtimeSocket)
        defer { socket.close() }
        socket.write("\(command)\n".utf8)
        return socket.readAll()
    }

    /// The HAProxy process that serves at this time.
    public func worker() throws -> ProcessFigures {
        let line = try runtime("show info").split(separator: "\n").first { $0.hasPrefix("Pid:") }
        guard let pid = line.flatMap({ Int32($0.filter(\.isNumber)) }) else { throw failure("has no HAProxy") }
        return ProcessFigures(pid: pid)
    }
}
