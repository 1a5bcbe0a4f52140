import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite struct ServerSlotsTests {
    func trial(configMap: [String: String] = [:], _ service: [String: String]) throws -> AnnotationTrial {
        try AnnotationTrial([ServerSlots.self, LoadBalancing.self], configMap: configMap, service: service)
    }

    @Test(arguments: ["scale-server-slots", "servers-increment", "server-slots"])
    func `There are as many slots as asked for, and more where pods need them`(_ key: String) throws {
        #expect(try trial([key: "10", "load-balance": "static-rr"]).servers.count == 10)
        #expect(try trial(configMap: [key: "1"], ["load-balance": "static-rr"]).servers.count == 2)
        #expect(try trial(["load-balance": "static-rr"]).servers.count == 42)
    }

    @Test func `Where servers come at run time there are no slots`() throws {
        let trial = try trial(["scale-server-slots": "10"])
        #expect(trial.servers.count == 2)
        #expect(trial.findings.isEmpty)
    }

    @Test(arguments: ["0", "-1", "1001", "some"]) func `A number out of range is refused`(_ value: String) throws {
        let trial = try trial(["scale-server-slots": value, "load-balance": "static-rr"])
        #expect(trial.findings.map(\.severity) == [.error])
        #expect(trial.servers.count == 42)
    }
}
