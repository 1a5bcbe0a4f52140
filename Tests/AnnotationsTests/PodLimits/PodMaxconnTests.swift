import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite struct PodMaxconnTests {
    func trial(_ value: String, replicas: Int = 1, configMap: [String: String] = [:]) throws -> AnnotationTrial {
        try AnnotationTrial(
            [PodMaxconn.self], configMap: configMap, service: ["pod-maxconn": value], controllerReplicas: replicas)
    }

    @Test(arguments: [("10", 1, 10), ("10", 2, 5), ("10", 3, 4), ("1", 5, 1), ("2147483647", 2, 1_073_741_824), ("7", 0, 7)])
    func `Each replica of the controller allows its share, rounded up`(_ value: String, _ replicas: Int, _ share: Int) throws {
        #expect(try trial(value, replicas: replicas).backend.contains("default-server maxconn \(share)"))
    }

    @Test func `Nothing and 0 are no limit`() throws {
        #expect(try !AnnotationTrial([PodMaxconn.self]).configuration.contains("maxconn"))
        #expect(try !trial("0", configMap: ["pod-maxconn": "5"]).configuration.contains("maxconn"))
    }

    @Test(arguments: ["-1", "many", "1.5", "2147483648", "10k", ""])
    func `What is no number of connections is refused`(_ value: String) throws {
        let trial = try trial(value, configMap: ["pod-maxconn": "5"])
        #expect(trial.findings.map(\.severity) == [.error])
        #expect(trial.backend.contains("default-server maxconn 5"))
    }
}
