import AnnotationTesting
import CompanyAnnotations
import Testing

@Suite("robots-tag")
struct RobotsTagTests {
    @Test("Without the annotation nothing is added")
    func absent() throws {
        #expect(!(try AnnotationTrial([RobotsTag.self]).configuration.contains("X-Robots-Tag")))
    }

    @Test("The header is set by a rule that reads the route's value from a map, for HTTP and HTTPS")
    func header() throws {
        let trial = try AnnotationTrial([RobotsTag.self], ingress: ["robots-tag": "noindex,NoFollow"])
        #expect(trial.findings.isEmpty)
        #expect(trial.routeValue("robots-tag") == "noindex, nofollow")
        for frontend in ["frontend http", "frontend https"] {
            #expect(trial.section(frontend).contains { $0.hasPrefix("http-after-response set-header X-Robots-Tag ") })
        }
    }

    @Test("A configuration that is loaded has the value in the route's backend")
    func inlined() throws {
        let trial = try AnnotationTrial([RobotsTag.self], ingress: ["robots-tag": "noindex,nofollow"])
        #expect(trial.inlined.last == "http-after-response set-header X-Robots-Tag 'noindex, nofollow'")
    }

    @Test("The value nearest to the Service wins")
    func scopes() throws {
        let trial = try AnnotationTrial(
            [RobotsTag.self], configMap: ["robots-tag": "all"], ingress: ["robots-tag": "none"],
            service: ["robots-tag": "noarchive"])
        #expect(trial.routeValue("robots-tag") == "noarchive")
    }

    @Test("Another value changes the map and no rule, so that it needs no reload")
    func update() throws {
        let one = try AnnotationTrial([RobotsTag.self], ingress: ["robots-tag": "none"])
        let other = try AnnotationTrial([RobotsTag.self], ingress: ["robots-tag": "noindex"])
        #expect(one.routeValue("robots-tag") != other.routeValue("robots-tag"))
        #expect(one.section("frontend http") == other.section("frontend http"))
    }

    @Test(
        "A value that is no rule is reported and counts as absent",
        arguments: ["no index", ",", "none,", "none\nhttp-request deny", "%[src]"])
    func invalid(value: String) throws {
        let trial = try AnnotationTrial([RobotsTag.self], ingress: ["robots-tag": value])
        #expect(trial.findings.map(\.key) == ["haproxy.org/robots-tag"])
        #expect(trial.routeValue("robots-tag") == nil)
        #expect(!trial.isClosed)
    }
}
