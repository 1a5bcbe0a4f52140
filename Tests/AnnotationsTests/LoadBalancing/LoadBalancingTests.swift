import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite struct LoadBalancingTests {
    func trial(_ value: String, minor: Int = 6) throws -> AnnotationTrial {
        try AnnotationTrial(
            [LoadBalancing.self, SSLPassthrough.self], service: ["load-balance": value],
            capabilities: Capabilities(major: 2, minor: minor))
    }

    @Test func `Without the key requests go round`() throws {
        #expect(try AnnotationTrial([LoadBalancing.self]).backend.contains("balance roundrobin"))
    }

    @Test(arguments: ["roundrobin", "static-rr", "leastconn", "first", "random", "random(3)"])
    func `An algorithm without a hash is rendered alone`(_ value: String) throws {
        let trial = try trial(value)
        #expect(trial.backend.contains("balance \(value)"))
        #expect(!trial.backend.contains { $0.hasPrefix("hash-type") })
        #expect(trial.findings.isEmpty)
    }

    @Test(arguments: [
        "source", "uri", "uri len 12 depth 8 whole path-only", "url_param name", "url_param name check_post", "hdr(X-User)",
        "hdr(host) use_domain_only", "rdp-cookie", "rdp-cookie(mstshash)", "hash src",
        "hash req.hdr_ip(x-forwarded-for,-1),ipmask(24)",
    ])
    func `Hashes are consistent, so that servers can come and go`(_ value: String) throws {
        let trial = try trial(value)
        #expect(trial.backend.contains("balance \(value)"))
        #expect(trial.backend.contains("hash-type consistent"))
        #expect(trial.findings.isEmpty)
    }

    @Test func `Servers of all algorithms but static-rr can be added at run time`() throws {
        #expect(try !BalanceAlgorithm("static-rr").acceptsDynamicServers)
        #expect(try BalanceAlgorithm("uri whole").acceptsDynamicServers)
        #expect(try trial("static-rr").servers.count > trial("leastconn").servers.count)
    }

    @Test func `The limit of check_post, which HAProxy ignores, is left out`() throws {
        #expect(try trial("url_param name check_post 100").backend.contains("balance url_param name check_post"))
    }

    @Test(arguments: [
        "", "fastest", "roundrobin now", "random(0)", "random()", "random(x)", "random(99999999999)", "uri len", "uri len 0",
        "uri len -1",
        "uri len 1 len 2", "uri depth x", "uri deep", "url_param", "url_param a;b", "url_param name check_post many",
        "url_param(a)", "hdr",
        "hdr()", "hdr(a b)", "hdr(a", "hdr(a) use_domain", "hdr(a)b", "rdp-cookie()", "rdp-cookie(a,b)", "hash", "hash env(HOME)",
        "hash src,map(/etc/passwd)", "hash src,set-var(txn.x)", "hash src,", "hash src,,lower", "hash hdr(a'b)", "hash hdr(a#)",
        "hash hdr(a", "hash hdr(a)lower", "hash src lower", "leastconn\nserver x 1.2.3.4", "source(a)", "hash(src)",
    ])
    func `Anything else is reported and the default stays`(_ value: String) throws {
        let trial = try trial(value)
        #expect(trial.findings.map(\.severity) == [.error])
        #expect(trial.backend.filter { $0.hasPrefix("balance") } == ["balance roundrobin"])
        #expect(!trial.backend.contains { $0.hasPrefix("hash-type") })
    }

    @Test func `A hash of an expression needs HAProxy 2.6`() throws {
        let trial = try trial("hash src", minor: 4)
        #expect(trial.findings.map(\.severity) == [.error])
        #expect(!trial.configuration.contains("balance hash"))
    }

    @Test func `What reads requests gives way to roundrobin where TLS is passed through`() throws {
        let both = ["ssl-passthrough": "true", "load-balance": "hdr(host)"]
        let trial = try AnnotationTrial([LoadBalancing.self, SSLPassthrough.self], service: both)
        #expect(trial.backend.contains("balance roundrobin"))
        #expect(trial.findings.map(\.severity) == [.warning])
        let source = try AnnotationTrial(
            [LoadBalancing.self, SSLPassthrough.self], service: ["ssl-passthrough": "true", "load-balance": "source"])
        #expect(source.backend.contains("balance source"))
    }
}
