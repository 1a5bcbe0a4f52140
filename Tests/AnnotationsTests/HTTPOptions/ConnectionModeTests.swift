import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite struct ConnectionModeTests {
    func trial(_ configMap: [String: String]) throws -> AnnotationTrial {
        try AnnotationTrial([ConnectionMode.self], configMap: configMap)
    }

    func option(_ trial: AnnotationTrial) -> [String] {
        trial.section("defaults").filter { $0.hasPrefix("option http") }.map { String($0.dropFirst("option ".count)) }
    }

    @Test(arguments: [
        ([:], "http-keep-alive"),
        (["http-connection-mode": "http-server-close"], "http-server-close"),
        (["http-connection-mode": "httpclose"], "httpclose"),
        (["http-keep-alive": "true"], "http-keep-alive"),
        (["http-keep-alive": "false"], "httpclose"),
        (["http-server-close": "true"], "http-server-close"),
        (["http-server-close": "false"], "http-keep-alive"),
        (["http-keep-alive": "true", "http-server-close": "true"], "http-server-close"),
        (["http-keep-alive": "false", "http-server-close": "false"], "httpclose"),
        (["http-connection-mode": "httpclose", "http-keep-alive": "false"], "httpclose"),
    ])
    func `There is one mode`(_ configMap: [String: String], _ mode: String) throws {
        let trial = try trial(configMap)
        #expect(option(trial) == [mode])
        #expect(trial.findings.isEmpty, "\(trial.findings)")
    }

    @Test func `Older keys that say something else are told that they are not read`() throws {
        let trial = try trial([
            "http-connection-mode": "http-keep-alive", "http-keep-alive": "false", "http-server-close": "true",
        ])
        #expect(option(trial) == ["http-keep-alive"])
        #expect(trial.findings.map(\.key) == ["http-keep-alive", "http-server-close"])
        #expect(trial.findings.allSatisfy { $0.severity == .warning })
        let both = try self.trial(["http-keep-alive": "false", "http-server-close": "true"])
        #expect(option(both) == ["httpclose"])
        #expect(both.findings.map(\.key) == ["http-server-close"])
    }

    @Test(arguments: ["http-tunnel", "", "httpclose\n option x", "forceclose"])
    func `What is no mode is reported, and the next key counts`(_ value: String) throws {
        let trial = try trial(["http-connection-mode": value, "http-server-close": "true"])
        #expect(option(trial) == ["http-server-close"])
        #expect(trial.findings.map(\.severity) == [.error])
    }
}
