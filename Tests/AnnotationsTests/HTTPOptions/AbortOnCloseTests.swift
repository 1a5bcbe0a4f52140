import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite struct AbortOnCloseTests {
    func trial(
        configMap: [String: String] = [:], service: [String: String] = [:], capabilities: Capabilities = Capabilities()
    ) throws -> AnnotationTrial {
        try AnnotationTrial([AbortOnClose.self], configMap: configMap, service: service, capabilities: capabilities)
    }

    @Test func `Requests go on without their client unless told otherwise`() throws {
        func isSet(_ trial: AnnotationTrial) -> Bool { trial.backend.contains("option abortonclose") }
        #expect(try !trial().configuration.contains("abortonclose"))
        #expect(try isSet(trial(service: ["abortonclose": "true"])))
        #expect(try isSet(trial(configMap: ["abortonclose": "true"])))
        let nearer = try trial(configMap: ["abortonclose": "true"], service: ["abortonclose": "false"])
        #expect(!nearer.configuration.contains("abortonclose"))
    }

    @Test func `The frontends are told too, which HAProxy asks when a client leaves`() throws {
        #expect(try trial(service: ["abortonclose": "true"]).section("defaults").contains("option abortonclose"))
    }

    @Test func `HAProxy that gives up by itself is told not to`() throws {
        let trial = try trial(capabilities: Capabilities(major: 3, minor: 3))
        #expect(trial.backend.contains("no option abortonclose"))
    }
}
