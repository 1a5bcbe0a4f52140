import AnnotationTesting
import Testing

@testable import Annotations

@Suite struct StandaloneBackendTests {
    @Test(arguments: ["true", "false", "perhaps"])
    func `It changes nothing for an Ingress that is alone`(_ value: String) throws {
        let trial = try AnnotationTrial([StandaloneBackend.self], ingress: ["standalone-backend": value])
        #expect(trial.backend.count > 1 && !trial.isClosed)
        #expect(trial.findings.isEmpty == (value != "perhaps"))
    }
}
