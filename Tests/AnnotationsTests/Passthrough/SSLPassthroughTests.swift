import AnnotationTesting
import Testing

@testable import Annotations

@Suite struct SSLPassthroughTests {
    @Test func `The backend is in TCP mode and chosen by SNI`() throws {
        let trial = try AnnotationTrial([SSLPassthrough.self], ingress: ["ssl-passthrough": "true"])
        #expect(trial.backend.contains("mode tcp"))
        #expect(trial.map("sni")["shop.example.com"]?.hasPrefix("shop_svc_web_http") == true)
    }

    @Test(arguments: [nil, "false", "maybe"]) func `Without it TLS is ended here`(_ value: String?) throws {
        let trial = try AnnotationTrial([SSLPassthrough.self], ingress: value.map { ["ssl-passthrough": $0] } ?? [:])
        #expect(!trial.backend.contains("mode tcp"))
        #expect(trial.map("sni").isEmpty)
        #expect(trial.findings.count == (value == "maybe" ? 1 : 0))
    }
}
