import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite struct HealthChecksTests {
    func trial(_ service: [String: String], configMap: [String: String] = [:]) throws -> AnnotationTrial {
        try AnnotationTrial([HealthChecks.self, SSLPassthrough.self], configMap: configMap, service: service)
    }

    func checks(_ trial: AnnotationTrial) -> Bool { trial.backend.contains("default-server check") }

    @Test func `Pods are checked unless the nearest scope says no`() throws {
        #expect(try checks(trial([:])))
        #expect(try !checks(trial(["check": "false"])))
        #expect(try checks(trial(["check": "true"], configMap: ["check": "false"])))
    }

    @Test(arguments: [
        ("/health", "http-check send uri /health"),
        ("HEAD /", "http-check send meth HEAD uri /"),
        ("GET /health HTTP/1.0", "http-check send meth GET uri /health ver HTTP/1.0"),
        ("GET /health HTTP/1.1", "http-check send meth GET uri /health ver HTTP/1.1 hdr Host web.shop.svc"),
        ("/a?b=%[src]", "http-check send uri /a?b=%[src]"),
        (#"/a"b#c"#, #"http-check send uri '/a"b#c'"#),
    ])
    func `An HTTP check sends the request that was asked for`(_ value: String, _ line: String) throws {
        let trial = try trial(["check-http": value])
        #expect(trial.backend.contains("option httpchk"))
        #expect(trial.backend.contains(line))
        #expect(trial.findings.isEmpty)
    }

    @Test(arguments: [
        "", "health", "GET health", "GET / HTTP/3.0", "GET / HTTP/1.1\\r\\nHost:x", "GET / HTTP/1.1 x", "G@T /", "/a\u{1}", "/ü",
    ])
    func `A request that cannot be sent is reported and pods are checked by connecting`(_ value: String) throws {
        let trial = try trial(["check-http": value])
        #expect(trial.findings.map(\.severity) == [.error])
        #expect(!trial.backend.contains("option httpchk"))
        #expect(checks(trial))
    }

    @Test func `Interval and timeout are HAProxy's`() throws {
        let trial = try trial(["check-interval": "1500ms", "timeout-check": "3000"])
        #expect(trial.backend.contains("default-server inter 1500ms"))
        #expect(trial.backend.contains("timeout check 3s"))
        #expect(try self.trial(["check-interval": "0"]).findings.map(\.severity) == [.error])
    }

    @Test func `Nothing of a check is rendered when there is none`() throws {
        let trial = try trial(["check": "false", "check-http": "/health", "check-interval": "1s"])
        #expect(!trial.configuration.contains("httpchk"))
        #expect(!trial.configuration.contains("inter 1s"))
        #expect(
            Set(trial.findings.map { "\($0.severity) \($0.key ?? "")" }) == [
                "warning haproxy.org/check-http", "warning haproxy.org/check-interval",
            ])
        #expect(try self.trial(["check": "false", "timeout-check": "1s"]).findings.map(\.severity) == [.warning])
        #expect(try self.trial(["check-http": "/health"], configMap: ["check": "false"]).findings.map(\.severity) == [.warning])
        let inherited = try self.trial(["check": "false"], configMap: ["check-http": "/health"])
        #expect(inherited.findings.isEmpty)
    }

    @Test func `HTTP checks of passed-through pods use TLS`() throws {
        let trial = try trial(["ssl-passthrough": "true", "check-http": "/health"])
        #expect(trial.backend.contains("default-server check-ssl verify none check-alpn http/1.1"))
    }
}
