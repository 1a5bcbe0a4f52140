import Testing

@testable import Core

@Suite struct QUICTests {
    private func lines(_ change: (inout EngineOptions) -> Void) throws -> [String] {
        let state = try Cluster.assemble([]) {
            $0.environment.capabilities.hasQUIC = true
            change(&$0)
        }.state
        return state.sections.flatMap { $0.lines.map(\.directive.text) }.filter { $0.contains("quic") }
    }

    @Test func `QUIC listens where it is told to, on the addresses that are served`() throws {
        #expect(try lines { _ in }.count == 2)
        let some = try lines {
            $0.quicPort = 8444
            $0.ipv6Address = nil
        }
        #expect(some.count == 1 && some.allSatisfy { $0.hasPrefix("bind quic4@0.0.0.0:8444 ") })
    }

    @Test(arguments: [(nil, nil, 8443), (8444, nil, 8444), (8444, 443, 443), (nil, 443, 443)])
    func `Clients are told the port that they reach`(_ port: Int?, _ announced: Int?, _ told: Int) throws {
        var options = EngineOptions()
        options.environment.capabilities.hasQUIC = true
        (options.quicPort, options.announcedQUICPort) = (port, announced)
        let state = Engine(registry: try AnnotationRegistry([Told.self]), options: options).assemble(ObjectStore([]), now: 0)
            .state
        let https = state.sections.first { $0.header == "frontend https" }
        #expect(
            https?.lines.map(\.directive.text).contains(
                "http-after-response set-header alt-svc 'h3=\":\(told)\"; ma=9'") == true)
    }

    @Test func `There is no QUIC where it is switched off, and none without HTTPS`() throws {
        #expect(try lines { $0.isQUICEnabled = false }.isEmpty)
        #expect(try lines { $0.isHTTPSEnabled = false }.isEmpty)
        #expect(try lines { $0.environment.capabilities.hasQUIC = false }.isEmpty)
    }
}

/// Clients are told of QUIC.
private struct Told: GlobalAnnotation {
    static let key = TestHandlers.key("told", .integer(0...9), [.configMap])
    static let reference = TestHandlers.reference("told", [key.reference])

    init?(_ values: AnnotationValues) throws {}
    func contribute(to global: inout GlobalContribution) throws { global.quicMaximumAge = Traced(9, origin: .controller) }
}
