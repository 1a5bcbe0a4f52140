import Core
import TestSupport
import Testing

@testable import Controller

@Suite("Updates of a running HAProxy")
struct RuntimeUpdaterTests {
    private let one = Server(address: "127.0.0.1", port: 9)
    private let two = Server(address: "127.0.0.2", port: 9)

    @Test("A server that HAProxy refuses takes no other one away")
    func refusal() async throws {
        let bench = try HAProxyBench()
        try bench.configure(backend: "balance roundrobin")
        try await bench.withHAProxy { _ in
            let updater = RuntimeUpdater(socket: bench.runtime)
            func updates(_ keywords: ServerKeywords) -> [RuntimeUpdate] {
                [.addServer(backend: "pods", two, keywords: keywords), .removeServer(backend: "pods", name: "one")]
            }
            await #expect(throws: RuntimeUpdater.Failure.self) { try await updater.perform(updates("no-such-keyword")) }
            func isDrained() async throws -> [Bool] {
                try await bench.runtime.showServersState().map { $0.administrativeState & 0x08 != 0 }
            }
            #expect(try await isDrained() == [false])
            try await updater.perform(updates("weight 1"))
            #expect(try await isDrained() == [true, false])
        }
    }

    @Test("A server that another one replaces is in maintenance, where cookies lead to it no more, and not just drained")
    func retirement() async throws {
        let bench = try HAProxyBench()
        try bench.configure(backend: "balance roundrobin\n    cookie pod insert dynamic\n    dynamic-cookie-key key")
        try await bench.withHAProxy { _ in
            try await RuntimeUpdater(socket: bench.runtime).perform([
                .addServer(backend: "pods", two, keywords: ServerKeywords("weight 1", makesCookie: true)),
                .retireServer(backend: "pods", name: "one"),
            ])
            let servers = try await bench.runtime.showServersState()
            #expect(servers.map { $0.administrativeState & 0x01 != 0 } == [true, false])
        }
    }

    @Test("Lists of revoked certificates that HAProxy does not take are told")
    func revocations() async throws {
        let bench = try HAProxyBench()
        let certificates = try TestCertificates()
        let leaf = try certificates.leaf("a.example.com")
        try bench.write(leaf.certificateText + leaf.keyText, to: "own.pem")
        try bench.write(certificates.authority.certificateText, to: "ca.pem")
        var binds: [String] = []
        for name in ["a", "b"] {
            try bench.write(try certificates.revocationList(), to: "\(name).crl")
            let files = "crt \(bench.directory)/own.pem ca-file \(bench.directory)/ca.pem crl-file \(bench.directory)/\(name).crl"
            binds.append("bind unix@\(bench.directory)/\(name) ssl verify optional \(files)")
        }
        try bench.configure(frontend: binds.joined(separator: "\n    "))
        try await bench.withHAProxy { _ in
            let updater = RuntimeUpdater(socket: bench.runtime)
            let list = Array(try certificates.revocationList([leaf]).utf8)
            let update = RuntimeUpdate.replaceRevocations(path: "\(bench.directory)/a.crl", content: list)
            try await updater.perform([update])
            // Somebody is in the middle of replacing the other one, and HAProxy does one after the other.
            let other = try RuntimeCommand(
                "set ssl crl-file", ["\(bench.directory)/b.crl"], payload: try certificates.revocationList())
            #expect(try await bench.runtime.perform(batch: [other]).isEmpty)
            await #expect(throws: RuntimeUpdater.Failure.self) { try await updater.perform([update]) }
        }
    }
}
