import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite("src-ip-header")
struct SourceAddressAnnotationTests {
    @Test("the address is replaced before anything looks at it")
    func order() throws {
        let trial = try AnnotationTrial(
            [SourceAddressHeader.self, AllowList.self], ingress: ["src-ip-header": "X-Real-IP", "allow-list": "192.0.2.1"])
        let lines = trial.section("frontend https")
        let replaced = try #require(lines.firstIndex { $0.hasPrefix("http-request set-src req.hdr_ip(x-real-ip)") })
        let compared = try #require(lines.firstIndex { $0.contains("src,hex") })
        #expect(replaced < compared)
        #expect(trial.routeValue("src-ip-header") == "x-real-ip")
    }

    @Test("a change between customary headers is a map entry, and another header adds a rule of its own")
    func rules() throws {
        func trial(_ header: String) throws -> AnnotationTrial {
            try AnnotationTrial([SourceAddressHeader.self], ingress: ["src-ip-header": header])
        }
        let customary = try trial("CF-Connecting-IP")
        #expect(try trial("X-Forwarded-For").configuration == customary.configuration)
        let own = try trial("X-Balancer-Client").section("frontend http")
        #expect(own.filter { !customary.section("frontend http").contains($0) }.count == 1)
        #expect(own.contains { $0.hasPrefix("http-request set-src req.hdr_ip(x-balancer-client) if") })
    }

    @Test(
        "a value that is no header name is reported and has no effect", arguments: ["", "X Real", "X-Real)", "X-Real\n", "x,1"])
    func badNames(name: String) throws {
        let trial = try AnnotationTrial([SourceAddressHeader.self], ingress: ["src-ip-header": name])
        // A line break at the end is white space around the value.
        if name == "X-Real\n" { return #expect(trial.findings.isEmpty) }
        #expect(trial.findings.map(\.key) == ["haproxy.org/src-ip-header"])
        #expect(!trial.configuration.contains("set-src"))
    }
}
