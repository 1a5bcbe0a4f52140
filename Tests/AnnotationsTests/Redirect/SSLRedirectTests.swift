import AnnotationTesting
import Testing

@testable import Annotations

@Suite struct SSLRedirectTests {
    func trial(_ annotations: [String: String], configMap: [String: String] = [:], tls: Bool = false) throws -> AnnotationTrial {
        try AnnotationTrial([SSLRedirect.self, SSLPassthrough.self], configMap: configMap, ingress: annotations, tls: tls)
    }

    @Test func `A host with TLS redirects unless told otherwise`() throws {
        #expect(try trial([:], tls: true).routeValue("ssl-redirect") == "302|")
        #expect(try trial(["ssl-redirect": "false"], tls: true).routeValue("ssl-redirect") == nil)
        #expect(try trial([:], configMap: ["ssl-redirect": "false"], tls: true).routeValue("ssl-redirect") == nil)
    }

    @Test func `A host without TLS does not redirect unless told to`() throws {
        #expect(try trial([:]).routeValue("ssl-redirect") == nil)
        #expect(try !trial([:]).configuration.contains("redirect"))
        #expect(try trial(["ssl-redirect": "true"]).routeValue("ssl-redirect") == "302|")
        #expect(try trial([:], configMap: ["ssl-redirect": "on"]).routeValue("ssl-redirect") == "302|")
    }

    @Test func `TLS that goes through to the pods is TLS too`() throws {
        let trial = try trial(["ssl-passthrough": "true"])
        #expect(trial.map("ssl-redirect").values.contains("302|"))
        #expect(trial.section("frontend http").contains { $0.hasPrefix("use_backend ingress-ssl-redirect if ") })
    }

    @Test func `Code and port are a map entry, and the rules are the same for all`() throws {
        let plain = try trial([:], tls: true)
        let other = try trial(["ssl-redirect-code": "308", "ssl-redirect-port": "8443"], tls: true)
        #expect(other.routeValue("ssl-redirect") == "308|:8443")
        #expect(plain.configuration == other.configuration)
        for code in [301, 302, 303, 307, 308] {
            #expect(
                plain.section("backend ingress-ssl-redirect").contains {
                    $0.hasPrefix("http-request redirect code \(code) location https://")
                })
        }
    }

    @Test func `Port 443 does not show`() throws {
        #expect(try trial(["ssl-redirect-port": "443"], tls: true).routeValue("ssl-redirect") == "302|")
    }

    @Test(arguments: [
        ("ssl-redirect", "perhaps"), ("ssl-redirect", ""), ("ssl-redirect-code", "200"), ("ssl-redirect-code", "302\n"),
        ("ssl-redirect-port", "0"), ("ssl-redirect-port", "https"), ("ssl-redirect-port", "65536"), ("ssl-redirect-port", "1 2"),
    ])
    func `A bad value is reported and counts as absent`(_ key: String, _ value: String) throws {
        let trial = try trial([key: value], tls: true)
        #expect(trial.routeValue("ssl-redirect") == "302|")
        #expect(trial.findings.map(\.key) == (value == "302\n" ? [] : ["haproxy.org/\(key)"]))
    }
}
