import AnnotationTesting
import Core
import TestSupport
import Testing

@testable import Annotations

@Suite struct ClientCertificatesTests {
    private static let secrets = [
        Secret("ca", namespace: "default", ["tls.crt": ExampleCertificate.authority]),
        Secret(
            "issued", namespace: "default",
            [
                "tls.crt": ExampleCertificate.certificate, "tls.key": ExampleCertificate.key,
                "ca.crt": ExampleCertificate.authority,
            ]), Secret("other", namespace: "default", ["ca.crt": ExampleCertificate.signer]),
        Secret("garbage", namespace: "default", ["tls.crt": "no certificate"]), Secret("empty", namespace: "default", [:]),
    ]

    private func trial(_ configMap: [String: String]) throws -> AnnotationTrial {
        try AnnotationTrial(
            [ClientCertificates.self, ApplicationProtocols.self], configMap: configMap, secrets: Self.secrets)
    }

    private static let deny = "http-request deny deny_status 503"

    @Test(arguments: [
        ("ca", ExampleCertificate.authority), ("issued", ExampleCertificate.authority), ("other", ExampleCertificate.signer),
    ])
    func `HTTPS asks for a certificate of the Secret's authority`(_ name: String, _ authority: String) throws {
        let trial = try trial(["client-ca": name])
        #expect(trial.findings.isEmpty)
        let binds = trial.section("frontend https").filter { $0.hasPrefix("bind ") }
        #expect(binds.count == 2)
        #expect(
            binds.allSatisfy {
                $0.contains(#/ ca-file certs\/client-ca_[0-9a-f]+\.pem verify required/#) && !$0.contains("no-ca-names")
            })
        #expect(!trial.section("frontend http").contains { $0.contains("ca-file") })
        let file = trial.files.first { $0.key.hasPrefix("certs/client-ca_") }?.value
        // A changed authority is a file of another name, which takes a reload, because clients are told its name.
        #expect(file?.kind == .clientAuthority)
        #expect(try file?.content == CertificateAuthority(Array(authority.utf8)).pem)
        // Sessions are resumed; they end with the reload that another authority takes.
        #expect(!trial.section("global").contains { $0.hasPrefix("tune.ssl.cachesize") })
    }

    @Test func `Lists of revoked certificates are the Secret's, and unusable ones close HTTPS`() throws {
        let authority = try TestCertificates("clients")
        func trial(_ lists: String) throws -> AnnotationTrial {
            let data = ["tls.crt": authority.authority.certificateText, "ca.crl": lists]
            return try AnnotationTrial(
                [ClientCertificates.self], configMap: ["client-ca": "clients"],
                secrets: [Secret("clients", namespace: "default", data)])
        }
        let list = try authority.revocationList()
        let listed = try trial(list)
        #expect(listed.findings.isEmpty)
        #expect(
            listed.configuration.contains(
                #/ ca-file certs\/client-ca_[0-9a-f]+\.pem crl-file certs\/client-crl\.pem verify required/#))
        #expect(listed.section("global").contains("tune.ssl.cachesize 0"))
        let file = listed.files["certs/client-crl.pem"]
        #expect(file?.kind == .clientRevocations && file?.content == Array(list.utf8))
        for lists in ["", "no list", authority.authority.certificateText] {
            let closed = try trial(lists)
            #expect(closed.findings.map(\.severity) == [.error] && closed.findings.first?.message.contains("ca.crl") == true)
            #expect(closed.section("frontend https").first { $0.hasPrefix("http-request") } == Self.deny)
        }
    }

    @Test func `Certificates of clients can be optional, which means nothing without an authority`() throws {
        #expect(try trial(["client-ca": "ca", "client-crt-optional": "true"]).configuration.contains("verify optional"))
        let alone = try trial(["client-crt-optional": "true"])
        #expect(alone.findings.map(\.severity) == [.warning])
        let malformed = try trial(["client-crt-optional": "perhaps"])
        #expect(malformed.findings.map(\.severity) == [.error])
        for trial in [alone, malformed] { #expect(!trial.configuration.contains(Self.deny)) }
    }

    @Test(arguments: [
        ["client-ca": "missing"], ["client-ca": "garbage"], ["client-ca": "empty"], ["client-ca": "a b"],
        ["client-ca": "ca", "client-crt-optional": "perhaps"],
    ])
    func `HTTPS is closed while it cannot be protected, and plain HTTP is not`(_ configMap: [String: String]) throws {
        let trial = try trial(configMap)
        #expect(trial.findings.map(\.severity) == [.error])
        #expect(trial.findings.first?.key != nil)
        #expect(trial.section("frontend https").first { $0.hasPrefix("http-request") } == Self.deny)
        #expect(!trial.section("frontend http").contains(Self.deny))
    }
}
