import AnnotationTesting
import Testing

@testable import Annotations

@Suite struct RequestRedirectTests {
    func trial(_ annotations: [String: String], configMap: [String: String] = [:]) throws -> AnnotationTrial {
        try AnnotationTrial([RequestRedirect.self], configMap: configMap, ingress: annotations)
    }

    @Test func `The target and the code are a map entry, and the rules are the same for all`() throws {
        let plain = try trial(["request-redirect": "www.example.com"])
        let other = try trial(["request-redirect": "WWW.example.org:8081", "request-redirect-code": "308"])
        #expect(plain.routeValue("request-redirect") == "www.example.com")
        #expect(plain.routeValue("request-redirect-code") == "302")
        #expect(other.routeValue("request-redirect") == "www.example.org:8081")
        #expect(other.routeValue("request-redirect-code") == "308")
        #expect(plain.configuration == other.configuration)
        for frontend in ["frontend http", "frontend https"] {
            #expect(plain.section(frontend).contains { $0.hasPrefix("use_backend ingress-redirect if ") })
        }
        #expect(plain.section("backend ingress-redirect").count == 5)
        for code in [301, 302, 303, 307, 308] {
            #expect(
                plain.section("backend ingress-redirect").contains {
                    $0.hasPrefix("http-request redirect code \(code) location ")
                })
        }
    }

    @Test func `The Ingress has the last word`() throws {
        let trial = try trial(
            ["request-redirect": "a.example.com"],
            configMap: ["request-redirect": "b.example.com", "request-redirect-code": "301"])
        #expect(trial.routeValue("request-redirect") == "a.example.com")
        #expect(trial.routeValue("request-redirect-code") == "301")
    }

    @Test(arguments: [
        "", ":8080", "8080", "ftp://a.example.com", "https://", "http://:80", "https://a.example.com/", "https:/a.example.com",
        "https://https://a.example.com", "//a.example.com", "a.example.com/x", "a.example.com:0", "a.example.com:http", "a b",
        "a|b",
        "a.example.com\nb", "%[src]", "a.example.com:65536", "[10.0.0.1]", "-a.example.com",
    ])
    func `What is not a host is reported and redirects nobody`(_ target: String) throws {
        let trial = try trial(["request-redirect": target])
        #expect(trial.findings.map(\.severity) == [.error])
        #expect(!trial.configuration.contains("redirect"))
    }

    @Test(arguments: [
        "a.example.com", "a.example.com:1", "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]", "[2001:db8::1]:8443",
        "https://a.example.com", "http://a.example.com:8080", "https://[2001:db8::1]:443",
    ])
    func `Names and addresses are hosts, with and without a scheme and a port`(_ target: String) throws {
        #expect(try trial(["request-redirect": target]).routeValue("request-redirect") == target)
    }

    @Test(arguments: [
        (
            "a.example.com", "%[ssl_fc,iif(https,http)]://a.example.com",
            "!{ ssl_fc } !{ PORT 0 80 } or { ssl_fc } !{ PORT 0 443 }"
        ),
        ("https://a.example.com", "https://a.example.com", "!{ ssl_fc } or { ssl_fc } !{ PORT 0 443 }"),
        ("http://a.example.com:80", "http://a.example.com:80", "!{ ssl_fc } !{ PORT 0 80 } or { ssl_fc }"),
        ("https://a.example.com:8443", "https://a.example.com:8443", "!{ ssl_fc } or { ssl_fc } !{ PORT 8443 }"),
    ])
    func `In a backend the rule goes by the scheme and the port of the target`(
        _ target: String, _ location: String, _ elsewhere: String
    ) throws {
        let condition = elsewhere.replacing("PORT", with: "req.fhdr(host),port_only")
        let inlined = try trial(["request-redirect": target]).inlined
        #expect(inlined.contains("acl ingress_redirected var(txn.host) -m str -- a.example.com"))
        #expect(
            inlined.contains(
                "http-request redirect code 302 location \(location)%[pathq] if !ingress_redirected or \(condition)"),
            "\(inlined)")
    }

    @Test(arguments: ["", "300", "304", "0302", "+302", "found", "302 "]) func `A code is one of five`(_ code: String) throws {
        let trial = try trial(["request-redirect": "a.example.com", "request-redirect-code": code])
        #expect(trial.routeValue("request-redirect-code") == "302")
        #expect(trial.findings.isEmpty == (code == "302 "))
    }

    @Test func `A code without a target is warned about on an Ingress and not in the ConfigMap`() throws {
        #expect(try trial(["request-redirect-code": "301"]).findings.map(\.severity) == [.warning])
        #expect(try trial([:], configMap: ["request-redirect-code": "301"]).findings.isEmpty)
    }
}
