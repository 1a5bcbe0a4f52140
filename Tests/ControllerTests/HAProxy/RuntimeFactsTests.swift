import Foundation
import TestSupport
import Testing

@testable import Controller

/// What the controller relies on when it changes HAProxy without a reload.
@Suite(.timeLimit(.minutes(5)))
struct RuntimeFactsTests {
    @Test("A server is added, enabled, changed, shown and removed")
    func servers() async throws {
        let bench = try HAProxyBench()
        try await bench.withHAProxy { _ in
            let socket = bench.runtime
            #expect(
                try await socket.perform(batch: [
                    RuntimeCommand(
                        "add server", ["pods/two", "127.0.0.1:9", "check", "inter", "100ms", "weight", "10", "maxconn", "5"]),
                    RuntimeCommand("enable health", ["pods/two"]),
                    RuntimeCommand("enable server", ["pods/two"]),
                    RuntimeCommand("set server", ["pods/two", "weight", "50"]),
                    RuntimeCommand("set server", ["pods/two", "addr", "127.0.0.2", "port", "10"]),
                    RuntimeCommand("set server", ["pods/two", "addr", "127.0.0.2", "port", "10"]),
                    RuntimeCommand("set server", ["pods/two", "check-port", "11"]),
                    RuntimeCommand("set maxconn server", ["pods/two", "7"]),
                    RuntimeCommand("set maxconn global", ["100"]),
                ]).isEmpty)
            let two = try #require(try await socket.showServersState(backend: "pods").first { $0.name == "two" })
            #expect(two.address == "127.0.0.2" && two.port == 10 && two.weight == 50 && two.checkPort == 11)
            #expect(!two.isInMaintenance && !two.isDraining)
            let inUse = try await socket.send(RuntimeCommand("del server", ["pods/two"]))
            #expect(inUse == "Only servers in maintenance mode can be deleted.")
            try await socket.perform(RuntimeCommand("set server", ["pods/two", "state", "drain"]))
            #expect(try await socket.showServersState().first { $0.name == "two" }?.isDraining == true)
            try await socket.perform(RuntimeCommand("set server", ["pods/two", "state", "maint"]))
            #expect(try await socket.showServersState().first { $0.name == "two" }?.isInMaintenance == true)
            try await socket.perform(RuntimeCommand("del server", ["pods/two"]))
            #expect(try await socket.showServersState().map(\.name) == ["one"])
            let refused = try await socket.perform(batch: [
                RuntimeCommand("add server", ["absent/x", "127.0.0.1:9"]),
                RuntimeCommand("add server", ["pods/one", "127.0.0.1:9"]),
                RuntimeCommand("set server", ["pods/one", "addr", "garbage"]),
                RuntimeCommand("set server", ["pods/one", "weight", "500"]),
                RuntimeCommand("enable server", ["pods/absent"]),
                RuntimeCommand("shutdown sessions server", ["pods/absent"]),
            ])
            #expect(refused.map(\.index) == Array(0..<6))
        }
    }

    @Test(
        "Hashing needs hash-type consistent before a server can be added",
        arguments: [
            ("roundrobin", true, true), ("static-rr", false, false), ("leastconn", true, true), ("first", true, true),
            ("source", false, true), ("uri", false, true), ("url_param id", false, true), ("hdr(x)", false, true),
            ("random", true, true), ("rdp-cookie", false, true),
        ])
    func dynamicAlgorithms(_ algorithm: String, _ plain: Bool, _ consistent: Bool) async throws {
        let bench = try HAProxyBench()
        try bench.configure(
            backend: """
                balance \(algorithm)
                backend hashed
                    balance \(algorithm)
                    hash-type consistent
                    server one 127.0.0.1:9
                """)
        try await bench.withHAProxy { _ in
            let commands = try ["pods", "hashed"].map { try RuntimeCommand("add server", ["\($0)/two", "127.0.0.1:9"]) }
            let refused = try await bench.runtime.perform(batch: commands)
            #expect(refused.map(\.index) == (plain ? [] : [0]) + (consistent ? [] : [1]))
            #expect(refused.allSatisfy { $0.answer == "Backend must use a dynamic load balancing to support dynamic servers." })
        }
    }

    @Test("Patterns are added, shown and removed")
    func patterns() async throws {
        let bench = try HAProxyBench()
        try await bench.withHAProxy { _ in
            let list = bench.denyList
            let refused = try await bench.runtime.perform(batch: [
                RuntimeCommand("add acl", [list, "192.0.2.0/24"]), RuntimeCommand("del acl", [list, "10.0.0.0/8"]),
                RuntimeCommand("del acl", [list, "10.0.0.0/8"]), RuntimeCommand("add acl", [list, "garbage"]),
            ])
            #expect(refused.map(\.index) == [2, 3])
            #expect(try await bench.runtime.showACL(list) == ["192.0.2.0/24"])
        }
    }

    @Test("A certificate is added with filters, replaced, shown and removed")
    func certificates() async throws {
        let bench = try HAProxyBench()
        let first = try await certificate(in: bench, name: "a.example.com")
        let second = try await certificate(in: bench, name: "b.example.com")
        try bench.write(first, to: "first.pem")
        try bench.write("\(bench.directory)/first.pem\n", to: "certificates.txt")
        let held = try HeldPort()
        held.release()
        try bench.configure(frontend: "bind 127.0.0.1:\(held.port) ssl crt-list \(bench.certificateList)")
        try await bench.withHAProxy { _ in
            let socket = bench.runtime
            let list = bench.certificateList
            let file = "\(bench.directory)/second.pem"
            #expect(
                try await socket.perform(batch: [
                    RuntimeCommand("new ssl cert", [file]),
                    RuntimeCommand("set ssl cert", [file], payload: second),
                    RuntimeCommand("commit ssl cert", [file]),
                    RuntimeCommand(
                        "add ssl crt-list", [list], payload: "\(file) [alpn h2,http/1.1] *.b.example.com !x.b.example.com"),
                ]).isEmpty)
            #expect(try await socket.showCertificates().sorted() == ["\(bench.directory)/first.pem", file])
            let entries = try await socket.showCrtList(list)
            #expect(
                entries == [
                    CrtListEntry(certificate: "\(bench.directory)/first.pem", line: 1, options: nil, filters: []),
                    CrtListEntry(
                        certificate: file, line: 2, options: "alpn h2,http/1.1",
                        filters: ["*.b.example.com", "!x.b.example.com"]),
                ])
            let before = try await socket.showCertificate(file)["SHA1 FingerPrint"]
            #expect(
                try await socket.perform(batch: [
                    RuntimeCommand("set ssl cert", [file], payload: first), RuntimeCommand("commit ssl cert", [file]),
                ]).isEmpty)
            #expect(try await socket.showCertificate(file)["SHA1 FingerPrint"] != before)
            let refused = try await socket.perform(batch: [
                RuntimeCommand("del ssl cert", [file]),
                RuntimeCommand("del ssl crt-list", [list, "\(file):2"]),
                RuntimeCommand("del ssl cert", [file]),
                RuntimeCommand("set ssl cert", ["/absent.pem"], payload: first),
                RuntimeCommand("commit ssl cert", [file]),
                RuntimeCommand("del ssl crt-list", [list, "\(bench.directory)/first.pem"]),
            ])
            #expect(refused.map(\.index) == [0, 3, 4, 5])
        }
    }

    @Test("A CA file is added, used by a new server, replaced and removed")
    func authorities() async throws {
        let bench = try HAProxyBench()
        let authority = try await certificate(in: bench, name: "ca.example.com")
        try await bench.withHAProxy { _ in
            let socket = bench.runtime
            let file = "\(bench.directory)/ca.pem"
            let refused = try await socket.perform(batch: [
                RuntimeCommand("add server", ["pods/tls", "127.0.0.1:9", "ssl", "verify", "required", "ca-file", file]),
                RuntimeCommand("new ssl ca-file", [file]),
                RuntimeCommand("set ssl ca-file", [file], payload: authority),
                RuntimeCommand("commit ssl ca-file", [file]),
                RuntimeCommand("add server", ["pods/tls", "127.0.0.1:9", "ssl", "verify", "required", "ca-file", file]),
                RuntimeCommand("set ssl ca-file", [file], payload: "garbage"),
            ])
            #expect(refused.map(\.index) == [0, 5])
            #expect(try await socket.showCAFiles().contains(file))
            #expect(try await socket.showServersState().first { $0.name == "tls" }?.usesTLS == true)
        }
    }

    /// A self-signed certificate and its key in one PEM text.
    private func certificate(in bench: HAProxyBench, name: String) async throws -> String {
        let key = "\(bench.directory)/\(name).key"
        let file = "\(bench.directory)/\(name).crt"
        let result = try await ChildProcess.run(
            program: "/usr/bin/openssl",
            arguments: [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                "/CN=\(name)", "-keyout", key, "-out", file,
            ], environment: [:], timeout: .seconds(20))
        try #require(result.status == .exited(0), "\(result.lines)")
        return try String(contentsOfFile: file, encoding: .utf8) + String(contentsOfFile: key, encoding: .utf8)
    }
}
