import Foundation
import Glibc
import Logging
import TestSupport
import Testing

@testable import Controller

/// A temporary directory with a configuration and an HAProxy for one test.
struct HAProxyBench: Sendable {
    let directory: String
    let port: UInt16
    let settings: HAProxyProcess.Settings

    var runtime: RuntimeSocket { RuntimeSocket(path: settings.runtimeSocket) }
    var hostMap: String { "\(directory)/host.map" }
    var denyList: String { "\(directory)/deny.lst" }
    var certificateList: String { "\(directory)/certificates.txt" }

    init(backOff: BackOff = BackOff(initial: .milliseconds(50), maximum: .milliseconds(200))) throws {
        var template = Array("/tmp/haproxy-test-XXXXXX".utf8CString)
        let made = try #require(mkdtemp(&template))
        directory = String(cString: made)
        let held = try HeldPort()
        port = UInt16(held.port)
        held.release()
        settings = HAProxyProcess.Settings(
            configurationFile: "\(directory)/haproxy.cfg", runtimeDirectory: directory,
            runtimeSocket: "\(directory)/runtime.sock", backOff: backOff)
        try write("a.example.com one\n", to: "host.map")
        try write("10.0.0.0/8\n", to: "deny.lst")
        try configure()
    }

    func write(_ text: String, to name: String) throws {
        try text.write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
    }

    /// Writes a configuration with one frontend, one backend, a map and a pattern file.
    func configure(global: String = "", frontend: String = "", backend: String = "") throws {
        try write(
            """
            global
                stats socket \(settings.runtimeSocket) mode 600 level admin
                hard-stop-after 2s
                \(global)
            defaults
                mode http
                timeout connect 1s
                timeout client 5s
                timeout server 5s
            frontend web
                bind 127.0.0.1:\(port)
                \(frontend)
                http-request set-header x-route %[req.hdr(host),map(\(hostMap))]
                http-request deny if { src -f \(denyList) }
                default_backend pods
            backend pods
                server one 127.0.0.1:9
                \(backend)

            """, to: "haproxy.cfg")
    }

    /// Runs the body with a started HAProxy and checks that nothing of it is left afterwards.
    func withHAProxy(_ body: (HAProxyProcess) async throws -> Void) async throws {
        let haproxy = HAProxyProcess(
            settings: settings, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        do {
            try await haproxy.start()
            try await body(haproxy)
        } catch {
            await haproxy.stop(gracePeriod: .zero)
            remove()
            throw error
        }
        await haproxy.stop(gracePeriod: .seconds(2))
        #expect(processes().isEmpty)
        #expect(leftFiles().isEmpty)
        remove()
    }

    func remove() { try? FileManager.default.removeItem(atPath: directory) }

    /// pid file and sockets that are still there.
    func leftFiles() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.filter { $0.contains(".sock") || $0.hasSuffix(".pid") }
    }

    /// Processes whose command line names this directory; ended ones that wait to be reaped have none.
    func processes() -> [Int32] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap { Int32($0) }.filter { pid in
            guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else { return false }
            return String(decoding: data, as: UTF8.self).contains(directory)
        }
    }
}

/// A TCP connection to the loopback interface that has sent half a request.
final class OpenConnection: Sendable {
    private let descriptor: Int32

    init(port: UInt16) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        self.descriptor = descriptor
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        try #require(connected)
        let half = Array("GET / HTTP/1.1\r\nHost: a".utf8)
        try #require(send(descriptor, half, half.count, 0) == half.count)
        // Accepted by now, or it would be the new worker's.
        usleep(50_000)
    }

    func close() { Glibc.close(descriptor) }
}
