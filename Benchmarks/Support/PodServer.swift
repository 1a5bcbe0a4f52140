import Foundation
import TestSupport

/// Plays pods: a HAProxy that answers every request with the address it was sent to, on all of 127.0.0.0/8.
public final class PodServer {
    private let process = Process()
    private let directory: TemporaryDirectory
    public let port: Int
    public var figures: ProcessFigures { ProcessFigures(pid: process.processIdentifier) }

    public init(haproxy: String) throws {
        directory = try TemporaryDirectory("benchmark")
        port = try FreePort.next()
        let text = """
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
        let file = try directory.write("haproxy.cfg", text)
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["PATH=/usr/sbin:/usr/local/sbin:/usr/bin:/bin", haproxy, "-db", "-f", file.path]
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        let limit = ContinuousClock.now + .seconds(10)
        while (try? HTTPConnection(port: port).get("/", host: "pod")) == nil {
            guard process.isRunning, ContinuousClock.now < limit else { throw BenchmarkFailure("the pods do not answer") }
            usleep(10_000)
        }
    }

    public func stop() {
        process.terminate()
        process.waitUntilExit()
        directory.remove()
    }
}
