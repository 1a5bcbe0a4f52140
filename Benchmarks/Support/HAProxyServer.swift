import Foundation
import TestSupport

/// A HAProxy with a configuration of its own, in one process.
public final class HAProxyServer {
    private let process = Process()
    private let directory: TemporaryDirectory
    public let port: Int
    public var figures: ProcessFigures { ProcessFigures(pid: process.processIdentifier) }

    /// - Parameters:
    ///   - program: the HAProxy program, as a path or to be looked for where Debian has it.
    ///   - configuration: makes the configuration for a free port.
    /// - Throws: ``BenchmarkFailure`` when it does not answer.
    public init(program: String, configuration: (_ port: Int) -> String) throws {
        directory = try TemporaryDirectory("benchmark")
        port = try FreePort.next()
        let file = try directory.write("haproxy.cfg", configuration(port))
        // env is the program that it starts, with the same process identifier.
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["PATH=/usr/sbin:/usr/local/sbin:/usr/bin:/bin", program, "-db", "-f", file.path]
        let log = try directory.write("log", "")
        process.standardError = try FileHandle(forWritingTo: log)
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let limit = ContinuousClock.now + .seconds(10)
        while (try? HTTPConnection(port: port).get("/", host: "localhost")) == nil {
            guard process.isRunning, ContinuousClock.now < limit else {
                let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
                stop()
                throw BenchmarkFailure("HAProxy does not answer: \(text.suffix(1_000))")
            }
            usleep(10_000)
        }
    }

    public func stop() {
        process.terminate()
        process.waitUntilExit()
        directory.remove()
    }
}

extension HAProxyServer {
    /// Plays pods: answers every request with the address it was sent to, on all of 127.0.0.0/8, and its header X-Site.
    public static func pods(program: String) throws -> HAProxyServer {
        try HAProxyServer(program: program) { port in
            """
            global
              nbthread 1
            defaults
              mode http
              timeout client 1h
              timeout server 1h
              timeout connect 5s
            frontend pods
              bind 0.0.0.0:\(port)
              tcp-request connection reject unless { dst 127.0.0.0/8 }
              http-request return status 200 content-type text/plain lf-string "%[dst] %[req.hdr(x-site)]"

            """
        }
    }
}
