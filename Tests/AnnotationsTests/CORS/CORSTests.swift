import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite("cors-*")
struct CORSAnnotationTests {
    @Test("changed values change map entries and no line of haproxy.cfg")
    func onlyMaps() throws {
        let one = try AnnotationTrial([CORS.self], ingress: ["cors-enable": "true"])
        let other = try AnnotationTrial(
            [CORS.self],
            ingress: [
                "cors-enable": "true", "cors-allow-origin": "https://a.example.com", "cors-allow-methods": "GET",
                "cors-allow-headers": "X-A", "cors-allow-credentials": "true", "cors-max-age": "90s",
                "cors-respond-to-options": "true",
            ])
        #expect(one.section("frontend http") == other.section("frontend http"))
        #expect(one.routeValue("cors") == "4;*;*;5;*")
        #expect(other.routeValue("cors") == "35;GET;X-A;90;https://a.example.com")
    }

    @Test("without cors-enable nothing is contributed")
    func off() throws {
        let trial = try AnnotationTrial([CORS.self], ingress: ["cors-allow-origin": "https://a.example.com"])
        #expect(!trial.configuration.contains("cors"))
    }

    @Test(
        "a bad value is reported, and there are no CORS headers, whatever the ConfigMap says",
        arguments: [
            ("cors-allow-methods", "GET, FETCH"), ("cors-allow-headers", "X Y:"), ("cors-max-age", "long"),
            ("cors-allow-origin", "("), ("cors-allow-credentials", "perhaps"), ("cors-enable", "flase"),
            ("cors-respond-to-options", "x"),
        ])
    func badValues(key: String, value: String) throws {
        let trial = try AnnotationTrial(
            [CORS.self], configMap: ["cors-enable": "true", "cors-allow-origin": "*", "cors-allow-credentials": "true"],
            ingress: ["cors-enable": "true"].merging([key: value]) { $1 })
        #expect(trial.findings.contains { $0.key == "haproxy.org/\(key)" && $0.severity == .error && $0.expected != nil })
        #expect(trial.routeValue("cors") == nil)
        #expect(!trial.isClosed)
    }

    @Test("methods in small letters mean those in capital ones", arguments: ["get, Post,DELETE", "GET POST DELETE"])
    func smallLetters(methods: String) throws {
        let trial = try AnnotationTrial([CORS.self], ingress: ["cors-enable": "true", "cors-allow-methods": methods])
        #expect(trial.findings.isEmpty)
        #expect(trial.routeValue("cors") == "4;GET, POST, DELETE;*;5;*")
    }

    @Test("credentials for every origin are said as asked, and worth a warning")
    func credentials() throws {
        let trial = try AnnotationTrial([CORS.self], ingress: ["cors-enable": "true", "cors-allow-credentials": "true"])
        #expect(trial.findings.map(\.severity) == [.warning])
        #expect(trial.findings.map(\.key) == ["haproxy.org/cors-allow-credentials"])
        #expect(trial.routeValue("cors") == "5;*;*;5;*")
    }

    @Test(
        "an origin that no browser sends is worth a warning",
        arguments: [
            ("https://a.example.com/", true), ("a.example.com", true), ("https://A.example.com", true),
            ("https://a.example.com,https://b.example.com", true), ("https://a.example.com:443", true),
            ("(https://a|https://b)/x", true), ("null", false), ("http://[::1]:8080", false), ("http://a.test:443", false),
            ("https://a/|https://b", false), (".*", false),
        ])
    func neverSent(pattern: String, isWarning: Bool) throws {
        let trial = try AnnotationTrial([CORS.self], ingress: ["cors-enable": "true", "cors-allow-origin": pattern])
        #expect(trial.findings.map(\.severity) == (isWarning ? [.warning] : []))
    }

    @Test("the Origin is compared before anything can refuse, and preflights are answered between the lists and the passwords")
    func order() throws {
        let trial = try AnnotationTrial(
            [CORS.self, DenyList.self, RateLimit.self],
            ingress: ["cors-enable": "true", "deny-list": "192.0.2.1", "rate-limit-requests": "5"])
        let lines = trial.section("frontend https")
        let compared = try #require(lines.firstIndex { $0.contains("map_reg(maps/cors-origin-patterns.map)") })
        let refused = try #require(lines.firstIndex { $0.hasPrefix("http-request deny deny_status 403 if { var(txn.deny_list)") })
        let preflight = try #require(lines.firstIndex { $0.hasPrefix("http-request return status 204") })
        let counted = try #require(lines.firstIndex { $0.contains("set-var(txn.rate)") })
        #expect(compared < refused && refused < preflight && preflight < counted)
    }
}
