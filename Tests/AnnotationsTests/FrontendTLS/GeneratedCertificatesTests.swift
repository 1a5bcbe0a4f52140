import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite struct GeneratedCertificatesTests {
    private static let secrets = [
        Secret("signer", namespace: "default", ["tls.crt": ExampleCertificate.signer, "tls.key": ExampleCertificate.signerKey]),
        Secret("leaf", namespace: "default", ["tls.crt": ExampleCertificate.certificate, "tls.key": ExampleCertificate.key]),
        Secret("keyless", namespace: "default", ["tls.crt": ExampleCertificate.signer]),
    ]

    private func trial(_ configMap: [String: String]) throws -> AnnotationTrial {
        try AnnotationTrial(
            [GeneratedCertificates.self, StrictServerNames.self, ClientCertificates.self], configMap: configMap,
            secrets: Self.secrets)
    }

    @Test func `The authority's certificate and key are in one file`() throws {
        let trial = try trial(["generate-certificates-signer": "signer"])
        #expect(trial.findings.isEmpty)
        #expect(trial.configuration.contains(" generate-certificates ca-sign-file certs/signer.pem"))
        let text = trial.files["certs/signer.pem"].map { String(decoding: $0.content, as: UTF8.self) } ?? ""
        #expect(text.contains("BEGIN CERTIFICATE") && text.contains("PRIVATE KEY"))
    }

    @Test(arguments: ["missing", "leaf", "keyless", "a b"])
    func `What cannot sign is refused, and nothing is generated`(_ name: String) throws {
        let trial = try trial(["generate-certificates-signer": name])
        #expect(trial.findings.map(\.severity) == [.error])
        #expect(!trial.configuration.contains("generate-certificates"))
    }

    @Test func `Keys that it contradicts are named`() throws {
        let strict = try trial(["generate-certificates-signer": "signer", "client-strict-sni": "true"])
        #expect(strict.findings.map(\.key) == ["client-strict-sni"])
        let clients = try trial(["generate-certificates-signer": "signer", "client-ca": "signer"])
        #expect(clients.findings.map(\.key) == ["generate-certificates-signer"])
        #expect((strict.findings + clients.findings).allSatisfy { $0.severity == .warning })
    }
}
