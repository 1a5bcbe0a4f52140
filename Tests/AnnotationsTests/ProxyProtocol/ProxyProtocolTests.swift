import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite struct ProxyProtocolTests {
    static let rule = "tcp-request connection expect-proxy layer4 if { src,map_ip(maps/proxy-protocol.map) -m found }"

    func trial(_ sources: String, ingress: [String: String] = [:]) throws -> AnnotationTrial {
        try AnnotationTrial(
            [ProxyProtocol.self, SSLPassthrough.self], configMap: ["proxy-protocol": sources], ingress: ingress)
    }

    @Test func `The rule stands before all others, and its networks are entries of a map`() throws {
        let trial = try trial("10.1.2.3/8, ::ffff:192.0.2.7 2001:db8::/32")
        for frontend in ["frontend http", "frontend https"] {
            #expect(trial.section(frontend).first { !$0.hasPrefix("bind ") } == Self.rule)
        }
        #expect(Set(trial.map("proxy-protocol").keys) == ["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"])
    }

    @Test func `Where TLS is passed through, the header comes before the SNI`() throws {
        let trial = try trial("10.0.0.0/8", ingress: ["ssl-passthrough": "true"])
        #expect(trial.section("frontend tls").contains(Self.rule))
        #expect(trial.section("frontend http").contains(Self.rule))
        // From `frontend tls` comes a header of HAProxy's own.
        #expect(!trial.section("frontend https").contains(Self.rule))
    }

    @Test(arguments: ["", "10.0.0.0/33", "example.com", "patterns/balancers", "10.0.0.1-10.0.0.9"])
    func `What is no list of networks is reported, and nobody is asked for a header`(_ value: String) throws {
        let trial = try trial(value)
        #expect(trial.findings.map(\.severity) == [.error])
        #expect(!trial.configuration.contains("expect-proxy"))
    }
}
