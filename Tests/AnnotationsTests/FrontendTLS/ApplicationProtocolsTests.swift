import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite struct ApplicationProtocolsTests {
    private func binds(_ configMap: [String: String]) throws -> (lines: [String], findings: [Finding]) {
        let trial = try AnnotationTrial([ApplicationProtocols.self], configMap: configMap)
        return (trial.section("frontend https").filter { $0.hasPrefix("bind ") }, trial.findings)
    }

    @Test(arguments: [nil, "h2,http/1.1", "http/1.1", "h2", "http/1.1,http/1.0"])
    func `HTTPS offers the protocols in their order, HTTP/2 and HTTP/1.1 without the key`(_ list: String?) throws {
        let (lines, findings) = try binds(list.map { ["tls-alpn": $0] } ?? [:])
        #expect(lines.count == 2 && findings.isEmpty)
        #expect(lines.allSatisfy { $0.hasSuffix(" alpn \(list ?? "h2,http/1.1")") })
    }

    @Test(arguments: ["", "h2, http/1.1", "h2,,http/1.1", "h2,h2", "h2 verify none", "h2\nx", String(repeating: "a", count: 65)])
    func `A list that is none is refused, and the default stays`(_ list: String) throws {
        let (lines, findings) = try binds(["tls-alpn": list])
        #expect(findings.map(\.severity) == [.error])
        #expect(lines.allSatisfy { $0.hasSuffix(" alpn h2,http/1.1") })
    }
}
