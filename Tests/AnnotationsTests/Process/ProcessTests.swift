import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite struct ProcessTests {
    func trial(_ configMap: [String: String]) throws -> AnnotationTrial {
        try AnnotationTrial([ProcessLimits.self, Threads.self], configMap: configMap)
    }

    @Test func `Old processes end after half an hour unless told otherwise`() throws {
        #expect(try trial([:]).section("global").contains("hard-stop-after 30m"))
        #expect(try trial(["hard-stop-after": "90s"]).section("global").contains("hard-stop-after 90s"))
    }

    @Test func `Connections and threads are HAProxy's own choice unless set`() throws {
        let none = try trial([:]).section("global")
        #expect(!none.contains { $0.hasPrefix("maxconn") || $0.hasPrefix("nbthread") })
        let set = try trial(["maxconn": "2000", "nbthread": "1"]).section("global")
        #expect(set.contains("maxconn 2000"))
        #expect(set.contains("nbthread 1"))
    }

    @Test func `More threads than processors are refused and nothing else is`() throws {
        let trial = try trial(["maxconn": "2000", "nbthread": "4096"])
        #expect(!trial.configuration.contains("nbthread"))
        #expect(trial.section("global").contains("maxconn 2000"))
        let finding = try #require(trial.findings.first)
        #expect(finding.severity == .error)
        #expect(finding.expected?.hasPrefix("a whole number from 1 to ") == true)
    }

    @Test(arguments: ["0", "-1", "many", "2147483648", "1e3", "10\nmaxconn 5"])
    func `What is no number of connections is reported and left out`(_ value: String) throws {
        let trial = try trial(["maxconn": value])
        #expect(trial.findings.map(\.severity) == [.error])
        #expect(!trial.section("global").contains { $0.hasPrefix("maxconn") })
    }
}
