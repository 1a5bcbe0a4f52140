import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite struct DefaultCertificateTests {
    static let certificate = Secret(
        "default-certificate", namespace: "default", type: "kubernetes.io/tls",
        ["tls.crt": ExampleCertificate.certificate, "tls.key": ExampleCertificate.key])

    @Test func `The ConfigMap's own namespace is where a Secret without one is looked for`() throws {
        for name in ["default-certificate", "default/default-certificate"] {
            let trial = try AnnotationTrial(
                [DefaultCertificate.self], configMap: ["ssl-certificate": name], secrets: [Self.certificate])
            #expect(trial.findings.isEmpty)
            let bundle = try CertificateBundle(secret: Self.certificate)
            #expect(trial.files["certs/default.pem"]?.content == bundle.pem)
        }
    }

    @Test(arguments: ["missing", "mismatch", "a/b/c"])
    func `A certificate that cannot be used is reported`(_ name: String) throws {
        let mismatch = Secret(
            "mismatch", namespace: "default", ["tls.crt": ExampleCertificate.authority, "tls.key": ExampleCertificate.key])
        let trial = try AnnotationTrial([DefaultCertificate.self], configMap: ["ssl-certificate": name], secrets: [mismatch])
        #expect(trial.findings.map(\.severity) == [.error])
        #expect(trial.findings.first?.key == "ssl-certificate")
    }
}
