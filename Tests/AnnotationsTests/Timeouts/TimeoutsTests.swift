import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite struct TimeoutsTests {
    func trial(
        configMap: [String: String] = [:], ingress: [String: String] = [:], service: [String: String] = [:]
    ) throws -> AnnotationTrial {
        try AnnotationTrial([ClientTimeouts.self, ServerTimeouts.self], configMap: configMap, ingress: ingress, service: service)
    }

    func timeouts(_ lines: [String]) -> Set<String> { Set(lines.filter { $0.hasPrefix("timeout ") }) }

    @Test func `The defaults section has all timeouts that must not be missing`() throws {
        let trial = try trial()
        #expect(
            timeouts(trial.section("defaults")) == [
                "timeout client 50s", "timeout connect 5s", "timeout http-request 5s", "timeout http-keep-alive 1m",
                "timeout queue 5s",
                "timeout server 50s", "timeout tunnel 1h",
            ])
        #expect(timeouts(trial.backend).isEmpty)
    }

    @Test(arguments: [
        "client", "client-fin", "connect", "http-request", "http-keep-alive", "queue", "server", "server-fin", "tunnel",
    ])
    func `The ConfigMap sets a timeout for all`(_ name: String) throws {
        let trial = try trial(configMap: ["timeout-\(name)": "90s"])
        let lines = trial.section("defaults").filter { $0.hasPrefix("timeout \(name) ") }
        #expect(lines == ["timeout \(name) 90s"])
        #expect(timeouts(trial.backend).isEmpty)
    }

    @Test(arguments: ["connect", "queue", "server", "server-fin", "tunnel"])
    func `An Ingress sets a timeout for its backends and a Service for its own`(_ name: String) throws {
        let key = "timeout-\(name)"
        #expect(try timeouts(trial(ingress: [key: "7s"]).backend) == ["timeout \(name) 7s"])
        #expect(
            try timeouts(trial(configMap: [key: "1s"], ingress: [key: "7s"], service: [key: "9s"]).backend) == [
                "timeout \(name) 9s"
            ])
    }

    @Test(arguments: ["soon", "0", "-1s", "25d", "1.5s", "1s\ntimeout server 1s", "1 s", "500us"])
    func `What is no time is reported and the default stays`(_ value: String) throws {
        let trial = try trial(configMap: ["timeout-client": value], service: ["timeout-server": value])
        #expect(trial.findings.filter { $0.severity == .error }.count == 2)
        #expect(trial.section("defaults").contains("timeout client 50s"))
        #expect(timeouts(trial.backend).isEmpty)
    }

    @Test func `A wrong value is told with what was expected`() throws {
        let finding = try #require(try trial(service: ["timeout-server": "soon"]).findings.first)
        #expect(finding.key == "haproxy.org/timeout-server")
        #expect(finding.expected?.contains("at least 1ms") == true)
    }

    @Test(arguments: [
        "timeout-connect", "timeout-queue", "timeout-server", "timeout-server-fin", "timeout-tunnel", "timeout-check",
    ])
    func `A tenant's timeout over the limit is refused, and the operator's is in force`(_ key: String) throws {
        func trial(configMap: [String: String] = [:], ingress: [String: String] = [:], service: [String: String] = [:]) throws
            -> AnnotationTrial
        {
            try AnnotationTrial(
                [ServerTimeouts.self, HealthChecks.self], configMap: configMap, ingress: ingress, service: service)
        }
        for value in ["86401s", "24d"] {
            for trial in [try trial(ingress: [key: value]), try trial(service: [key: value])] {
                #expect(!trial.backend.contains { $0.hasPrefix("timeout ") })
                #expect(trial.findings.map(\.severity) == [.error])
                #expect(trial.findings.allSatisfy { $0.message.contains("--limits timeout-seconds=NUMBER") })
            }
        }
        #expect(try trial(configMap: [key: "24d"]).findings.isEmpty)
        #expect(try trial(service: [key: "1d"]).findings.isEmpty)
    }
}
