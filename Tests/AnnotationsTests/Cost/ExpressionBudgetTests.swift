import AnnotationTesting
import Core
import Testing

@testable import Annotations

/// All expressions that a request to a route meets share one budget.
@Suite struct ExpressionBudgetTests {
    private static let costly = "regsub('^.{0,50}.{0,50}.{0,50}.{0,50}!',x)"
    private static let sixteen = Array(repeating: costly, count: 16).joined(separator: ",")

    private static func trial(
        _ ingress: [String: String], service: [String: String] = [:], configMap: [String: String] = [:], milliseconds: Int? = nil
    ) throws -> AnnotationTrial {
        var limits = ResourceLimits()
        if let milliseconds { limits[.expressionTime] = milliseconds }
        limits[.captures] = 1000
        return try AnnotationTrial(
            AnnotationHandlers.all, configMap: configMap, ingress: ingress, service: service, limits: limits)
    }

    @Test(arguments: [
        ("request-capture", Array(repeating: "path,\(costly)", count: 16).joined(separator: "\n")),
        ("request-capture", Array(repeating: "path,\(sixteen)", count: 16).joined(separator: "\n")),
        ("request-set-header", "X-A " + String(repeating: "%[path,\(costly)]", count: 180)),
        ("response-set-header", "X-A " + String(repeating: "%[res.hdr(x),\(costly)]", count: 180)),
        ("request-set-header", "X-A %[path,regsub('a(?:.{0,250}.{0,250}!)?',x,g)]"),
        ("request-set-header", "X-A " + String(repeating: "%[url,lower,upper,lower,upper,lower,upper,lower]", count: 400)),
        ("request-set-header", "X-A " + String(repeating: "%HQ", count: 5000)),
        ("request-set-header", "X-A " + String(repeating: "%[path,field(1,bcdefghijklmnopqrstuvwxyz)]", count: 60)),
        ("load-balance", "hash path,\(costly),\(costly)"),
    ])
    func `A setting whose expressions cost too much is refused to its owner, and the others go on`(_ key: String, _ value: String)
        throws
    {
        let trial = try Self.trial([key: value, "set-host": "other.example.com", "path-rewrite": "^/a /b"])
        #expect(trial.findings.count == 1, "\(trial.findings)")
        let finding = try #require(trial.findings.first)
        #expect(finding.key == "haproxy.org/\(key)" && finding.value == value && finding.severity == .error)
        #expect(
            finding.object == ObjectKey(.ingress, namespace: "shop", name: "web")
                && finding.message.contains("--limits expression-ms=NUMBER") && finding.message.contains("up to"))
        #expect(!trial.isClosed && trial.routeValue("set-host") == "other.example.com")
        #expect(trial.backend.contains { $0.hasPrefix("http-request replace-path") })
        #expect(!trial.configuration.contains(".{0,") && !trial.configuration.contains("lower,upper"))
        // The operator decides.
        #expect(try Self.trial([key: value], milliseconds: 1_000_000).findings.isEmpty)
    }

    @Test func `Settings of a route add up, and the one that no longer fits is refused`() throws {
        let one = "path,\(Self.costly)"
        #expect(try Self.trial(["request-capture": one]).findings.isEmpty)
        #expect(try Self.trial(["request-set-header": "X-A %[\(one)]"]).findings.isEmpty)
        let both = try Self.trial(["request-capture": one, "request-set-header": "X-A %[\(one)]"])
        #expect(both.findings.map(\.key) == ["haproxy.org/request-capture"])
        #expect(both.findings[0].message.contains("the route's other settings up to"))
        #expect(both.backend.contains { $0.hasPrefix("http-request set-header X-A ") })
        // The Service's as well.
        let service = try Self.trial(["request-set-header": "X-A %[\(one)]"], service: ["load-balance": "hash \(one)"])
        #expect(service.findings.map(\.object?.kind) == [.service])
    }

    @Test func `Rewrites leave room for other settings`() throws {
        let rewrite = #"/a/(.*)/b /\1"#
        let trial = try Self.trial(["path-rewrite": rewrite, "request-capture": "path,regsub('^.{0,30}.{0,30}.{0,30}!',x)"])
        #expect(trial.findings.isEmpty)
        let full = try Self.trial(["path-rewrite": rewrite, "request-capture": "path,\(Self.costly)"])
        #expect(full.findings.map(\.key) == ["haproxy.org/request-capture"])
    }

    @Test func `The operator's own expressions in the ConfigMap are not counted`() throws {
        let capture = Array(repeating: "path,\(Self.costly)", count: 4).joined(separator: "\n")
        let trial = try Self.trial(
            ["request-set-header": "X-A %[path,\(Self.costly)]"], configMap: ["request-capture": capture])
        #expect(trial.findings.isEmpty, "\(trial.findings)")
        #expect(trial.configuration.contains(".{0,50}"))
    }

    @Test func `Origins that are expressions count like others`() throws {
        let cors = ["cors-enable": "true", "cors-allow-origin": "https://[a-z0-9]*[a-z]{0,15}[a-z0-9]{0,15}x"]
        #expect(try Self.trial(cors, milliseconds: 1).findings.isEmpty)
        // As much as there is room for.
        func header(_ count: Int) -> [String: String] { ["request-set-header": "X-A " + String(repeating: "%HQ", count: count)] }
        let count = try #require(try (1...100).last { try Self.trial(header($0), milliseconds: 1).findings.isEmpty })
        let many = try Self.trial(cors.merging(header(count)) { $1 }, milliseconds: 1)
        #expect(many.findings.map(\.key) == ["haproxy.org/request-set-header"], "\(many.findings)")
    }

    @Test(arguments: [
        "req.hdr(x) -m reg " + (1...27).map { "'^.{0,40}.{0,40}.{0,40}.{0,40}!\($0)'" }.joined(separator: " "),
        "path -m reg " + (1...27).map { "'^.{0,40}.{0,40}.{0,40}.{0,40}!\($0)'" }.joined(separator: " "),
        "hdr_reg(x) '^.{0,20}.{0,20}.{0,20}!'", "\"path,regsub('a(?:.{0,250}.{0,250}!)?',x,g)\" -m found",
    ])
    func `A condition that costs too much by itself leaves its route out`(_ acl: String) throws {
        let trial = try Self.trial([:], service: ["route-acl": acl])
        #expect(trial.findings.count == 1 && trial.findings[0].key == "haproxy.org/route-acl", "\(trial.findings)")
        #expect(
            trial.findings[0].message.contains("all conditions at a path") && trial.findings[0].message.contains("expression-ms=")
        )
        #expect(trial.isLeftOut && !trial.configuration.contains(".{0,"))
        #expect(try Self.trial([:], service: ["route-acl": acl], milliseconds: 2_000_000_000).findings.isEmpty)
    }

    @Test(arguments: [
        "cookie(staging) -m found", "rand(100) lt 10", "hdr_reg(user-agent) (iPhone|Android)", "req.hdr(x-canary) -m str yes",
        "path_reg '^/v[0-9]+/users/[^/]+$'", "path_beg /api", "src 10.0.0.0/8 192.168.0.0/16", "hdr(host) -m end .example.com",
        "urlp(version) -m reg '^(2|3)$'", "method POST",
    ])
    func `Conditions that people write find room`(_ acl: String) throws {
        #expect(try Self.trial([:], service: ["route-acl": acl]).findings.isEmpty)
    }

    @Test func `Settings that people write find room together`() throws {
        let headers = (0..<16).map { "X-H\($0) %[req.hdr(x-h\($0)),lower,field(1,:)]%[src]-%[ssl_c_s_dn(cn)]-%ci" }.joined(
            separator: "\n")
        let trial = try Self.trial([
            "request-set-header": headers, "response-set-header": "X-R %[res.hdr(server),regsub(nginx,x,g)]",
            "request-capture": (0..<16).map { "req.hdr(x-\($0))" }.joined(separator: "\n"), "path-rewrite": #"/a/(.*)/b /\1"#,
            "load-balance": "hash path,regsub('^/([^/]*)/.*',x)",
        ])
        #expect(trial.findings.isEmpty, "\(trial.findings)")
    }
}
