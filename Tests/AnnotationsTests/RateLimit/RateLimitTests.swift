import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite("rate-limit-*")
struct RateLimitAnnotationTests {
    @Test("there is one stick table for each period and size")
    func tables() throws {
        let trial = try AnnotationTrial(
            [RateLimit.self], ingress: ["rate-limit-requests": "5", "rate-limit-period": "90s", "rate-limit-size": "10k"])
        #expect(
            trial.section("backend RateLimit-90s-10240") == [
                "stick-table type string len 64 size 10240 expire 90s store http_req_rate(90s) peers localinstance"
            ])
    }

    @Test("limit and status change map entries and no line of haproxy.cfg")
    func onlyMaps() throws {
        let shop = StableID.make(["shop"])
        let one = try AnnotationTrial([RateLimit.self], ingress: ["rate-limit-requests": "5"])
        let other = try AnnotationTrial(
            [RateLimit.self], ingress: ["rate-limit-requests": "6", "rate-limit-status-code": "429"])
        #expect(one.configuration == other.configuration)
        #expect(one.routeValue("rate-limit") == "5|\(shop)|1s-102400" && one.routeValue("rate-limit-status-code") == "403")
        #expect(other.routeValue("rate-limit") == "6|\(shop)|1s-102400" && other.routeValue("rate-limit-status-code") == "429")
    }

    @Test(
        "a limit that is none closes the route",
        arguments: [
            ["rate-limit-requests": "0"], ["rate-limit-requests": "5", "rate-limit-period": "0s"],
            ["rate-limit-requests": "5", "rate-limit-status-code": "299"], ["rate-limit-requests": "5", "rate-limit-size": "0"],
            ["rate-limit-requests": "5", "rate-limit-whitelist": "me"],
        ])
    func closed(annotations: [String: String]) throws {
        let trial = try AnnotationTrial([RateLimit.self], ingress: annotations)
        #expect(trial.isClosed)
        #expect(!trial.findings.isEmpty)
    }

    @Test("refusals come after a snippet's rules and before the backends that it chooses")
    func snippets() throws {
        let snippet = "http-request set-header A b\nuse_backend other if TRUE\nhttp-request set-header C d"
        let trial = try AnnotationTrial(
            [RateLimit.self, FrontendConfigSnippet.self], configMap: ["frontend-config-snippet": snippet],
            ingress: ["rate-limit-requests": "5"])
        let lines = trial.section("frontend http")
        #expect(
            lines.suffix(6).map { $0.split(separator: " ").prefix(2).joined(separator: " ") } == [
                "http-request set-header", "use_backend ingress-rate-limited", "use_backend other", "http-request set-header",
                "use_backend %[var(txn.route),field(1,.)]", "default_backend ingress-not-found",
            ])
        #expect(trial.section("backend ingress-rate-limited").count == RateLimit.statuses.count)
    }

    @Test("a period without a number of requests is worth a warning")
    func periodAlone() throws {
        let trial = try AnnotationTrial([RateLimit.self], ingress: ["rate-limit-period": "1m"])
        #expect(trial.findings.map(\.severity) == [.warning])
        #expect(!trial.configuration.contains("RateLimit"))
    }
}
