import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite struct ServerTLSTests {
    static let secrets = [
        Secret("ca", ["tls.crt": ExampleCertificate.authority]),
        Secret("other-key", ["ca.crt": ExampleCertificate.authority]),
        Secret(
            "client", type: "kubernetes.io/tls", ["tls.crt": ExampleCertificate.certificate, "tls.key": ExampleCertificate.key]),
        Secret("mismatch", ["tls.crt": ExampleCertificate.authority, "tls.key": ExampleCertificate.key]),
        Secret("garbage", ["tls.crt": "no certificate", "tls.key": "no key"]),
        Secret("empty", [:]),
        Secret("ca", namespace: "other", ["tls.crt": ExampleCertificate.authority]),
    ]
    static let negotiation = "alpn h2,http/1.1 check-ssl check-alpn h2,http/1.1"

    func trial(
        configMap: [String: String] = [:], ingress: [String: String] = [:], service: [String: String] = [:],
        capabilities: Capabilities = Capabilities(), externalName: String? = nil
    ) throws -> AnnotationTrial {
        try AnnotationTrial(
            [ServerTLS.self, SSLPassthrough.self], configMap: configMap, ingress: ingress, service: service,
            secrets: Self.secrets,
            externalName: externalName, capabilities: capabilities)
    }

    /// What all servers of the backend are told.
    func server(_ trial: AnnotationTrial) -> String {
        trial.backend.filter { $0.hasPrefix("default-server ") }.joined(separator: "\n")
    }

    @Test func `Pods are reached in the clear unless told otherwise`() throws {
        let line = try server(trial())
        #expect(!line.contains("ssl"))
        #expect(!line.contains("proto"))
    }

    @Test func `server-ssl trusts whoever answers`() throws {
        let line = try server(trial(ingress: ["server-ssl": "true"]))
        #expect(line.contains("ssl verify none \(Self.negotiation)"))
        #expect(!line.contains("sni-auto"))
    }

    @Test(arguments: ["ca", "other-key", "shop/ca"]) func `server-ca verifies against the Secret's authority`(_ name: String)
        throws
    {
        let trial = try trial(service: ["server-ca": name])
        let line = server(trial)
        #expect(line.contains("ssl verify required \(Self.negotiation)\ndefault-server ca-file certs/ca/"))
        #expect(!line.contains("verify none"))
        #expect(trial.files.values.filter { $0.kind == .authority }.count == 1)
    }

    @Test func `Equal authorities are one file, named by its content`() throws {
        func path(_ secret: String) throws -> Substring? {
            try server(trial(service: ["server-ca": secret])).split(separator: " ").first { $0.hasPrefix("certs/ca/") }
        }
        #expect(try path("ca") != nil)
        #expect(try path("ca") == path("other-key"))
        #expect(try path("ca") != path("client"))
    }

    @Test func `server-ca and server-crt together are mutual TLS`() throws {
        let trial = try trial(ingress: ["server-crt": "client"], service: ["server-ca": "ca"])
        let line = server(trial)
        #expect(line.contains("ssl verify required ") && line.contains("\ndefault-server ca-file certs/ca/"))
        #expect(line.contains("crt certs/server/shop_client.pem"))
        #expect(trial.files["certs/server/shop_client.pem"]?.kind == .certificate)
    }

    @Test func `server-crt alone shows a certificate and checks none`() throws {
        let line = try server(trial(service: ["server-crt": "client"]))
        #expect(line.contains("ssl verify none"))
        #expect(line.contains("crt certs/server/shop_client.pem"))
    }

    @Test func `The nearest word about TLS counts`() throws {
        #expect(try !server(trial(ingress: ["server-ca": "ca"], service: ["server-ssl": "false"])).contains("ssl"))
        #expect(try server(trial(ingress: ["server-ssl": "false"], service: ["server-ca": "ca"])).contains("verify required"))
        let same = try trial(service: ["server-ssl": "false", "server-ca": "ca"])
        #expect(server(same).contains("verify required"))
        #expect(same.findings.map(\.severity) == [.warning])
    }

    @Test func `HTTP/2 in the clear is for pods without TLS`() throws {
        #expect(try server(trial(service: ["server-proto": "h2"])).contains("proto h2"))
        let both = try trial(service: ["server-proto": "h2", "server-ssl": "true"])
        #expect(!server(both).contains("proto h2"))
        #expect(both.findings.map(\.severity) == [.warning])
        let ingress = try trial(ingress: ["server-proto": "h2"], service: ["server-ca": "ca", "server-crt": "client"])
        #expect(ingress.findings.map(\.key) == ["haproxy.org/server-proto"])
        let operators = try trial(configMap: ["server-proto": "h2"], service: ["server-ssl": "true"])
        #expect(operators.findings.isEmpty)
        #expect(try trial(configMap: ["server-proto": "h2", "server-ssl": "true"]).findings.map(\.severity) == [.warning])
        #expect(try trial(service: ["server-proto": "h2", "server-ssl": "false"]).findings.isEmpty)
    }

    @Test func `Servers of another authority have other names`() throws {
        let trial = try trial(service: ["server-ca": "ca"])
        #expect(trial.servers.count == 2)
        #expect(trial.servers.allSatisfy { $0.contains(/^server 10\.1\.0\.\d:8080_[0-9a-f]{8} 10\.1\.0\.\d:8080$/) })
        #expect(try trial.servers == self.trial(ingress: ["server-ca": "other-key"]).servers)
        let other = try self.trial(service: ["server-ca": "client"]).servers
        #expect(other.count == 2 && Set(other).isDisjoint(with: trial.servers))
    }

    @Test func `A server with a name is told it, and verified by it`() throws {
        let name = "api.example.org"
        let unverified = try server(trial(service: ["server-ssl": "true"], externalName: name + "."))
        #expect(unverified.contains("default-server sni str(api.example.org) check-sni api.example.org"))
        #expect(!unverified.contains("verifyhost"))
        let verified = try server(trial(service: ["server-ca": "ca"], externalName: name))
        #expect(verified.contains("verifyhost api.example.org") && verified.contains("sni str(api.example.org)"))
        let address = try server(trial(service: ["server-ca": "ca"], externalName: "192.0.2.1"))
        #expect(address.contains("verifyhost 192.0.2.1") && !address.contains("sni"))
        #expect(try !server(trial(service: ["server-ca": "ca"])).contains("verifyhost"))
    }

    @Test func `HAProxy that derives the SNI from the client's Host is told not to`() throws {
        let line = try server(trial(service: ["server-ca": "ca"], capabilities: Capabilities(major: 3, minor: 3)))
        #expect(line.contains("no-sni-auto no-check-sni-auto"))
    }

    @Test func `Where TLS is passed through HAProxy speaks none of its own`() throws {
        let line = try server(trial(service: ["ssl-passthrough": "true", "server-ssl": "true"]))
        #expect(!line.contains("ssl"))
        #expect(try !server(trial(service: ["ssl-passthrough": "true", "server-proto": "h2"])).contains("proto"))
    }

    @Test(arguments: [
        ["server-ca": "missing"], ["server-ca": "garbage"], ["server-ca": "empty"], ["server-ca": "other/ca"],
        ["server-ca": "a b"],
        ["server-crt": "missing"], ["server-crt": "mismatch"], ["server-crt": "garbage"],
        ["server-ca": "ca", "server-crt": "empty"],
        ["server-ssl": "perhaps"], ["server-proto": "h3"],
    ])
    func `A route whose pods cannot be reached as safely as asked is closed`(_ service: [String: String]) throws {
        let trial = try trial(service: service)
        #expect(trial.isClosed)
        #expect(trial.findings.contains { $0.severity == .error })
    }
}
