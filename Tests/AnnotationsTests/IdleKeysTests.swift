import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite("Keys that do nothing without another")
struct IdleKeysTests {
    struct Family: Sendable, CustomTestStringConvertible {
        let handler: any RouteAnnotation.Type
        /// Keys and good values.
        let idle: [String: String]
        /// A key with a value that it does not accept.
        let bad: (key: String, value: String)
        var testDescription: String { "\(handler)" }
    }

    static let families = [
        Family(
            handler: BasicAuthentication.self, idle: ["auth-secret": "users", "auth-realm": "Members"],
            bad: ("auth-secret", "no/secret/name")),
        Family(
            handler: RateLimit.self,
            idle: [
                "rate-limit-period": "1m", "rate-limit-size": "1k", "rate-limit-status-code": "429",
                "rate-limit-whitelist": "patterns/nobody",
            ], bad: ("rate-limit-period", "soon")),
        Family(
            handler: CORS.self,
            idle: [
                "cors-allow-origin": "https://a.example.com", "cors-allow-methods": "GET", "cors-allow-headers": "X-A",
                "cors-allow-credentials": "true", "cors-max-age": "1m", "cors-respond-to-options": "true",
            ], bad: ("cors-max-age", "long")),
        Family(handler: RequestRedirect.self, idle: ["request-redirect-code": "301"], bad: ("request-redirect-code", "200")),
    ]

    @Test(
        "each of them is warned about on an Ingress, none in the ConfigMap, and nothing else comes of them", arguments: families)
    func idle(family: Family) throws {
        let nothing = try AnnotationTrial([family.handler])
        let ingress = try AnnotationTrial([family.handler], ingress: family.idle)
        #expect(Set(ingress.findings.compactMap(\.key)) == Set(family.idle.keys.map { "haproxy.org/\($0)" }))
        #expect(ingress.findings.allSatisfy { $0.severity == .warning && $0.message.hasPrefix("has no effect without ") })
        #expect(ingress.configuration == nothing.configuration && !ingress.isClosed)
        let configMap = try AnnotationTrial([family.handler], configMap: family.idle)
        #expect(configMap.findings.isEmpty)
        #expect(configMap.configuration == nothing.configuration)
    }

    @Test("a value that the key does not accept is an error there too, and closes nothing", arguments: families)
    func bad(family: Family) throws {
        let values = [family.bad.key: family.bad.value]
        for trial in [
            try AnnotationTrial([family.handler], configMap: values), try AnnotationTrial([family.handler], ingress: values),
        ] {
            #expect(trial.findings.map(\.severity) == [.error])
            #expect(trial.findings.allSatisfy { $0.value == family.bad.value && $0.expected != nil })
            #expect(!trial.isClosed)
        }
    }

    @Test("code and port of the redirect to HTTPS are warned about where the same object switches it off, and nowhere else")
    func sslRedirect() throws {
        let keys = ["ssl-redirect-code": "301", "ssl-redirect-port": "8443"]
        let off = keys.merging(["ssl-redirect": "false"]) { $1 }
        func findings(configMap: [String: String] = [:], ingress: [String: String]) throws -> [String] {
            try AnnotationTrial([SSLRedirect.self], configMap: configMap, ingress: ingress, tls: true).findings.compactMap(\.key)
        }
        #expect(try findings(ingress: off).sorted() == keys.keys.map { "haproxy.org/\($0)" }.sorted())
        #expect(try findings(ingress: keys) == [])
        #expect(try findings(configMap: off, ingress: [:]) == [])
        #expect(try findings(configMap: ["ssl-redirect": "false"], ingress: keys) == [])
        #expect(try findings(configMap: keys, ingress: ["ssl-redirect": "false"]) == [])
    }
}
