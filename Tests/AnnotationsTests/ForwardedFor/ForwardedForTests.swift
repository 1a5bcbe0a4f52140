import AnnotationTesting
import Testing

@testable import Annotations

@Suite struct ForwardedForTests {
    @Test(
        arguments: [
            (configMap: nil, ingress: nil, service: nil, expected: true),
            ("false", nil, nil, false),
            ("false", "true", nil, true),
            ("false", "true", "false", false),
            (nil, "enabled", nil, true),
            (nil, "0", nil, false),
            (nil, "perhaps", nil, true),
        ] as [(configMap: String?, ingress: String?, service: String?, expected: Bool)])
    func `Pods learn the client's address unless the nearest scope says no`(
        _ row: (configMap: String?, ingress: String?, service: String?, expected: Bool)
    ) throws {
        func values(_ value: String?) -> [String: String] { value.map { ["forwarded-for": $0] } ?? [:] }
        let trial = try AnnotationTrial(
            [ForwardedFor.self], configMap: values(row.configMap), ingress: values(row.ingress), service: values(row.service))
        #expect(trial.backend.contains("option forwardfor") == row.expected)
    }

    @Test func `A backend in TCP mode has no header to add`() throws {
        let trial = try AnnotationTrial([ForwardedFor.self, SSLPassthrough.self], ingress: ["ssl-passthrough": "true"])
        #expect(trial.backend.contains("mode tcp"))
        #expect(!trial.backend.contains("option forwardfor"))
    }
}
