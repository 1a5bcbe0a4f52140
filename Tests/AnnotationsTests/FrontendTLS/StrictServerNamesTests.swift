import AnnotationTesting
import Testing

@testable import Annotations

@Suite struct StrictServerNamesTests {
    @Test func `Unknown names are refused only when asked for, and the names of the default certificate are known then`() throws {
        func trial(_ configMap: [String: String]) throws -> AnnotationTrial {
            try AnnotationTrial(
                [StrictServerNames.self, DefaultCertificate.self],
                configMap: configMap.merging(["ssl-certificate": "default-certificate"]) { $1 },
                secrets: [DefaultCertificateTests.certificate])
        }
        let strict = try trial(["client-strict-sni": "true"])
        #expect(strict.section("frontend https").contains { $0.hasPrefix("bind ") && $0.hasSuffix(" strict-sni") })
        #expect(strict.certificateList["certs/default_ecdsa.pem"] == ["*.example.com", "shop.example.com"])
        for value in [[:], ["client-strict-sni": "false"]] {
            let trial = try trial(value)
            #expect(!trial.configuration.contains("strict-sni"))
            #expect(trial.certificateList.isEmpty)
        }
    }

    @Test func `The certificate that stands in for a missing one makes no host known`() throws {
        let trial = try AnnotationTrial([StrictServerNames.self], configMap: ["client-strict-sni": "true"])
        #expect(trial.certificateList.isEmpty)
    }
}
