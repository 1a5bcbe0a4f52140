import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite struct RequestCaptureTests {
    func trial(_ ingress: [String: String], configMap: [String: String] = [:]) throws -> AnnotationTrial {
        try AnnotationTrial([RequestCapture.self, SSLPassthrough.self], configMap: configMap, ingress: ingress)
    }

    func captures(_ trial: AnnotationTrial) -> [String] {
        trial.backend.filter { $0.hasPrefix("http-request capture ") }
    }

    @Test func `Each line is captured for the routes that asked`() throws {
        let trial = try trial(["request-capture": "req.hdr(User-Agent)\n\n  req.cook(id),lower \n", "request-capture-len": "32"])
        let id = try #require(trial.routeValue("request-capture"))
        #expect(
            captures(trial) == [
                "http-request capture req.hdr(User-Agent),concat(),bytes(0,32) id 0 if { var(txn.capture) -m str \(id) }",
                "http-request capture req.cook(id),lower,concat(),bytes(0,32) id 1 if { var(txn.capture) -m str \(id) }",
            ])
        for frontend in ["frontend http", "frontend https"] {
            let slots = trial.section(frontend).filter { $0.hasPrefix("declare capture ") }
            #expect(slots == Array(repeating: "declare capture request len 32", count: 2))
            #expect(!trial.section(frontend).contains { $0.contains("txn.capture") })
        }
        #expect(trial.findings.isEmpty)
    }

    @Test func `Equal settings are one, wherever they are written, and 128 bytes are kept`() throws {
        let near = try trial(["request-capture": "path"])
        let far = try trial([:], configMap: ["request-capture": " path\n", "request-capture-len": "128"])
        // The operator's are in the frontends, for all backends.
        #expect(captures(near) == far.section("frontend http").filter { $0.hasPrefix("http-request capture ") })
        #expect(captures(far).isEmpty)
        #expect(captures(near).first?.contains("capture path,concat(),bytes(0,128) id 0 ") == true)
        #expect(try captures(trial(["request-capture": "path", "request-capture-len": "64"])) != captures(near))
    }

    @Test(arguments: [
        "", "\n", "req.hdr(a) len 5", "req.hdr(a", "path\nset-var(txn.route)", "str(x),set-var(txn.route)", "%[path]", "'path'",
        "path if TRUE", "sc0_inc_gpc0",
    ])
    func `What is no expression that only reads is reported, and nothing is captured`(_ value: String) throws {
        let trial = try trial(["request-capture": value])
        #expect(trial.findings.map(\.severity) == [.error])
        #expect(captures(trial).isEmpty)
        #expect(!trial.isClosed)
    }

    @Test func `A route captures no more than the operator allows`() throws {
        let lines = (0..<17).map { "req.hdr(x-\($0))" }.joined(separator: "\n")
        let many = try trial(["request-capture": lines])
        #expect(many.findings.count == 1 && many.findings[0].message.contains("--limits captures="))
        let long = try trial(["request-capture": "path\nmethod", "request-capture-len": "16384"])
        #expect(long.findings.count == 1 && long.findings[0].message.contains("--limits capture-bytes="))
        #expect(captures(many).isEmpty && captures(long).isEmpty)
        #expect(try captures(trial([:], configMap: ["request-capture": lines])).isEmpty)
    }

    @Test func `A length alone has no effect, and requests that are passed through cannot be read`() throws {
        let alone = try trial(["request-capture-len": "5"])
        #expect(alone.findings.map(\.severity) == [.warning])
        #expect(try trial(["request-capture-len": "0", "request-capture": "path"]).findings.map(\.severity) == [.error])
        #expect(try captures(trial(["ssl-passthrough": "true", "request-capture": "path"])).isEmpty)
    }
}
