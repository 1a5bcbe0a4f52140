import AnnotationTesting
import Testing

@testable import Annotations

@Suite struct SendProxyProtocolTests {
    @Test(arguments: [
        ("proxy", "send-proxy"), ("proxy-v1", "send-proxy"), ("proxy-v2", "send-proxy-v2"),
        ("proxy-v2-ssl", "send-proxy-v2-ssl"), ("proxy-v2-ssl-cn", "send-proxy-v2-ssl-cn"),
    ])
    func `Pods and their checks get the header that was asked for`(_ value: String, _ keyword: String) throws {
        let trial = try AnnotationTrial([SendProxyProtocol.self], service: ["send-proxy-protocol": value])
        #expect(trial.backend.contains("default-server \(keyword) check-send-proxy"))
    }

    @Test(arguments: ["", "true", "v2", "proxy-v3", "proxy check"])
    func `Other values are reported, and pods get no header`(_ value: String) throws {
        let trial = try AnnotationTrial([SendProxyProtocol.self], service: ["send-proxy-protocol": value])
        #expect(trial.findings.map(\.severity) == [.error])
        #expect(!trial.configuration.contains("send-proxy"))
    }
}
