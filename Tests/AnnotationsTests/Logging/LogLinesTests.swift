import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite struct LogLinesTests {
    func trial(_ configMap: [String: String], ingress: [String: String] = [:]) throws -> AnnotationTrial {
        try AnnotationTrial(
            [LogFormat.self, TCPLogFormat.self, LogOptions.self, SSLPassthrough.self], configMap: configMap, ingress: ingress)
    }

    @Test func `Requests are logged with their host unless told otherwise`() throws {
        let line = try #require(try trial([:]).section("defaults").first { $0.hasPrefix("log-format ") })
        #expect(line.contains(#""%HM %[var(txn.host),url_enc]%HPO%HQ %HV""#))
        #expect(line.contains(" %hr %hs "))
    }

    @Test(arguments: [
        ("%ci %ST", "log-format '%ci %ST'"), ("%ST\n", "log-format %ST"), (#"it's "%r""#, #"log-format 'it'\''s "%r"'"#),
        ("${HOME}", "log-format '${HOME}'"),
    ])
    func `A format is one argument, without quotes of its author's`(_ value: String, _ line: String) throws {
        let trial = try trial(["log-format": value])
        #expect(trial.section("defaults").contains(line))
        #expect(trial.findings.isEmpty)
    }

    @Test(arguments: ["", "%ci\n%ST", "%ci\u{1b}"])
    func `What is no line is reported, and the controller's format stays`(_ value: String) throws {
        let trial = try trial(["log-format": value, "log-format-tcp": value], ingress: ["ssl-passthrough": "true"])
        #expect(trial.findings.map(\.severity) == [.error, .error])
        #expect(trial.section("defaults").contains { $0.hasPrefix("log-format '%ci:%cp") })
        #expect(trial.section("frontend tls").contains("option tcplog"))
    }

    @Test func `Passed-through connections are logged as TCP, and only those`() throws {
        let passed = ["ssl-passthrough": "true"]
        #expect(try !trial([:]).configuration.contains("tcplog"))
        let lines = try trial([:], ingress: passed).section("frontend tls")
        #expect(lines.contains("option tcplog"))
        #expect(lines.contains("tcp-request content set-log-level silent if !{ var(txn.route) -m found }"))
        #expect(try trial(["log-format-tcp": "tcplog"], ingress: passed).section("frontend tls").contains("option tcplog"))
        let custom = try trial(["log-format-tcp": "%ci %B"], ingress: passed)
        #expect(custom.section("frontend tls").contains("log-format '%ci %B'"))
        #expect(!custom.configuration.contains("tcplog"))
    }

    @Test func `Empty connections are not logged, and requests at their end, unless told otherwise`() throws {
        let usual = try trial([:]).section("defaults")
        #expect(usual.contains("option dontlognull") && !usual.contains("option logasap"))
        let other = try trial(["dontlognull": "false", "logasap": "true"]).section("defaults")
        #expect(!other.contains("option dontlognull") && other.contains("option logasap"))
        let bad = try trial(["dontlognull": "no", "logasap": "maybe"])
        #expect(bad.findings.map(\.severity) == [.error, .error])
        #expect(bad.section("defaults").contains("option dontlognull"))
    }
}
