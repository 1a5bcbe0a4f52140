import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite struct QUICAdvertisementTests {
    private func trial(
        _ configMap: [String: String] = [:], capabilities: Capabilities = Capabilities(hasQUIC: true)
    ) throws -> AnnotationTrial {
        try AnnotationTrial(
            [QUICAdvertisement.self, ApplicationProtocols.self, StrictServerNames.self, ClientCertificates.self],
            configMap: configMap,
            secrets: [Secret("ca", namespace: "default", ["tls.crt": ExampleCertificate.authority])], capabilities: capabilities)
    }

    @Test func `HAProxy with QUIC listens on UDP with the demands of TLS but its own protocol, and says so`() throws {
        let lines = try trial(["client-ca": "ca", "client-strict-sni": "true", "tls-alpn": "http/1.1"]).section("frontend https")
        let quic = lines.filter { $0.hasPrefix("bind quic") }
        #expect(quic.count == 2)
        #expect(quic[0].hasPrefix("bind quic4@0.0.0.0:8443 ssl crt-list certs/frontend.list alpn h3 "))
        #expect(quic[1].hasPrefix("bind quic6@[::]:8443 v6only ssl crt-list certs/frontend.list alpn h3 "))
        #expect(quic.allSatisfy { $0.contains("verify required") && $0.contains("strict-sni") && !$0.contains("http/1.1") })
        #expect(lines.contains("http-after-response set-header alt-svc 'h3=\":8443\"; ma=60'"))
        #expect(try !trial().section("global").contains("limited-quic"))
        #expect(try !trial().section("frontend http").contains { $0.contains("alt-svc") || $0.contains("quic") })
    }

    @Test func `An OpenSSL without an interface for QUIC is made do with`() throws {
        let trial = try trial(capabilities: Capabilities(hasQUIC: true, hasLimitedQUIC: true))
        #expect(trial.section("global").contains("limited-quic"))
    }

    @Test func `Without QUIC the key has no effect and is no mistake`() throws {
        let trial = try trial(["quic-alt-svc-max-age": "3600"], capabilities: Capabilities())
        #expect(trial.findings.isEmpty)
        #expect(!trial.configuration.contains("quic") && !trial.configuration.contains("alt-svc"))
    }

    @Test(arguments: ["1m", "-1", "forever"]) func `An age is a number of seconds`(_ age: String) throws {
        let trial = try trial(["quic-alt-svc-max-age": age])
        #expect(trial.findings.map(\.severity) == [.error])
        #expect(trial.configuration.contains("ma=60"))
    }
}
