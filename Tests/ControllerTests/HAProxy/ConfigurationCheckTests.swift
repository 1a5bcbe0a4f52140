import Foundation
import TestSupport
import Testing

@testable import Controller

@Suite(.timeLimit(.minutes(5)))
struct ConfigurationCheckTests {
    @Test("A configuration without faults is valid, and its warnings are told")
    func valid() async throws {
        let bench = try HAProxyBench()
        defer { bench.remove() }
        let check = ConfigurationCheck()
        #expect(try await check.check(file: "haproxy.cfg", directory: bench.directory) == .valid(warnings: []))
        try bench.configure(backend: "backend lame\n    mode http\n    timeout connect 0\n    server x 127.0.0.1:1")
        guard case .valid(let warnings) = try await check.check(file: bench.settings.configurationFile) else {
            Issue.record("only warnings were expected")
            return
        }
        #expect(warnings.count == 1 && warnings[0].message.contains("missing timeouts"), "\(warnings)")
        #expect(warnings[0].message.contains("'client', 'connect', 'server'"), "continuation lines belong to the warning")
    }

    @Test("Each fault is reported with its line")
    func faults() async throws {
        let bench = try HAProxyBench()
        defer { bench.remove() }
        try bench.configure(global: "nonsense on", frontend: "bind 127.0.0.1:1 ssl crt /absent.pem")
        let verdict = try await ConfigurationCheck().check(file: "haproxy.cfg", directory: bench.directory)
        guard case .invalid(let problems, let output) = verdict else {
            Issue.record("valid: \(verdict)")
            return
        }
        #expect(
            problems[0]
                == CheckProblem(
                    severity: .alert, file: "haproxy.cfg", line: 4, message: "unknown keyword 'nonsense' in 'global' section"))
        #expect(problems.contains { $0.line == 12 && $0.message.contains("/absent.pem") }, "\(problems)")
        #expect(output.contains("[ALERT]"))
    }

    @Test("A fault that concerns no single line has none")
    func missingBackend() async throws {
        let bench = try HAProxyBench()
        defer { bench.remove() }
        try bench.configure(frontend: "use_backend absent if { path /x }")
        guard case .invalid(let problems, _) = try await ConfigurationCheck().check(file: bench.settings.configurationFile) else {
            Issue.record("a missing backend was accepted")
            return
        }
        #expect(problems[0].line == nil && problems[0].message == "Proxy 'web': unable to find required use_backend: 'absent'.")
    }

    @Test("A check that takes too long is ended")
    func timeout() async throws {
        let bench = try HAProxyBench()
        defer { bench.remove() }
        try writeProgram(URL(fileURLWithPath: "\(bench.directory)/slow"), "#!/bin/sh\nexec sleep 30\n")
        let check = ConfigurationCheck(program: "\(bench.directory)/slow", timeout: .milliseconds(200))
        await #expect(throws: ConfigurationCheck.Failure.timedOut(.milliseconds(200))) { try await check.check(file: "x") }
    }

    @Test(
        "Lines of every form are read",
        arguments: [
            ("[ALERT]    (12) : config : parsing [a.cfg:7] : 'bind :1' : no", "a.cfg", 7, "'bind :1' : no"),
            ("[ALERT]    (12) : config : parsing [a.cfg:1]: unknown keyword", "a.cfg", 1, "unknown keyword"),
            ("[WARNING]  (12) : config : missing timeouts for frontend 'f'.", nil, nil, "missing timeouts for frontend 'f'."),
            (
                "[ALERT]    (12) : Binding [a.cfg:11] for frontend f: cannot bind socket", "a.cfg", 11,
                "for frontend f: cannot bind socket"
            ),
            ("[ALERT]    (12) : [haproxy.main()] Cannot raise FD limit", nil, nil, "[haproxy.main()] Cannot raise FD limit"),
            (
                "[ALERT]    (12) : config : Proxy 'f': unable to load 'x' for bind '[::]:80' at [a.cfg:12].", nil, nil,
                "Proxy 'f': unable to load 'x' for bind '[::]:80' at [a.cfg:12]."
            ),
            // A place inside of a message may be somebody's text.
            (
                "[ALERT]    (12) : config : parsing [a.cfg:7] : error in regex 'parsing [a.cfg:99]'", "a.cfg", 7,
                "error in regex 'parsing [a.cfg:99]'"
            ),
            (
                "[ALERT]    (12) : config : Proxy 'f': unknown table 'x [a.cfg:99] y'.", nil, nil,
                "Proxy 'f': unknown table 'x [a.cfg:99] y'."
            ),
        ] as [(String, String?, Int?, String)])
    func lines(_ text: String, _ file: String?, _ line: Int?, _ message: String) throws {
        let problem = try #require(CheckProblem(line: text))
        #expect(problem.file == file && problem.line == line && problem.message == message, "\(problem)")
    }

    @Test("The installed HAProxy's abilities are read")
    func capabilities() async throws {
        let found = try await HAProxyCapabilities.of()
        #expect(found.isAtLeast(2, 6) && found.hasOpenSSL && found.hasThreads && found.canAddServers)
        #expect(found.bufferSize == 16_384)
    }

    @Test(
        "Whether HAProxy serves QUIC, and how, is in its list of features",
        arguments: [
            ("+OPENSSL -QUIC -QUIC_OPENSSL_COMPAT", false, false), ("+OPENSSL", false, false),
            ("+OPENSSL +QUIC -QUIC_OPENSSL_COMPAT", true, false), ("+OPENSSL +QUIC +QUIC_OPENSSL_COMPAT", true, true),
            ("+OPENSSL_AWSLC +QUIC", true, false),
        ])
    func quic(features: String, quic: Bool, isLimited: Bool) throws {
        let found = try #require(
            HAProxyCapabilities(versionOutput: "HAProxy version 3.0.5 2026/01/01\nFeature list : \(features) +THREAD\n"))
        #expect(found.hasQUIC == quic && found.hasLimitedQUIC == isLimited && found.hasOpenSSL)
    }

    @Test("A missing, foreign or old program gets a sentence that says what to install")
    func unusable() async throws {
        await #expect {
            try await HAProxyCapabilities.of(program: "/nonexistent/haproxy")
        } throws: { "\($0)".contains("apt-get install haproxy") }
        await #expect {
            try await HAProxyCapabilities.of(program: "/bin/echo")
        } throws: { "\($0)".contains("does not look like HAProxy's") }
        #expect(HAProxyCapabilities.Failure.tooOld(version: "2.4.1").description.contains("install HAProxy 2.6 or newer"))
        let old = try #require(
            HAProxyCapabilities(versionOutput: "HA-Proxy version 2.2.9-2 2021/02/06\nFeature list : +THREAD -QUIC"))
        #expect(old.major == 2 && old.minor == 2 && !old.canAddServers && !old.hasQUIC && old.hasThreads)
        let new = try #require(HAProxyCapabilities(versionOutput: "HAProxy version 3.4-dev1-abc 2026/01/01"))
        #expect(new.canAddBackends && new.hasSynchronousReload)
    }
}
