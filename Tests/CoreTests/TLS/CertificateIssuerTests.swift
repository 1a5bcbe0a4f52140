import Testing

@testable import Core

@Suite struct CertificateIssuerTests {
    let request = CertificateBundleTests.request("shop.example.com", ["shop.example.com"])

    @Test(arguments: [CertificateIssuer.Key.p256, .rsa2048, .fixed(seed: Array(0..<32))])
    func `Every kind of key gives a certificate that a bundle accepts`(_ key: CertificateIssuer.Key) throws {
        let issued = try CertificateIssuer.issue(request, key: key)
        let bundle = try CertificateBundle(certificate: issued.certificate, key: issued.key)
        #expect(bundle.names == ["shop.example.com"])
        #expect(bundle.subject == bundle.issuer)
    }

    @Test(arguments: [CertificateIssuer.Key.p256, .rsa2048, .fixed(seed: Array(1...32))])
    func `An authority of every kind signs certificates`(_ key: CertificateIssuer.Key) throws {
        let authority = try CertificateIssuer.issue(CertificateBundleTests.request("Authority", isAuthority: true), key: key)
        let leaf = try CertificateIssuer.issue(request, signedBy: authority)
        #expect(try CertificateBundle(certificate: leaf.certificate, key: leaf.key).issuer == "CN = Authority")
    }

    @Test func `A fixed key gives the same certificate each time, a random one never`() throws {
        let seed = Digest.sha256("seed".utf8)
        let fixed = try (0..<2).map { _ in try CertificateIssuer.issue(request, key: .fixed(seed: seed)) }
        #expect(fixed[0].certificate == fixed[1].certificate && fixed[0].key == fixed[1].key)
        let random = try (0..<2).map { _ in try CertificateIssuer.issue(request) }
        #expect(random[0].certificate != random[1].certificate && random[0].key != random[1].key)
    }

    @Test func `Dates after 2049 and before 1970 are kept`() throws {
        var request = request
        request.notBefore = -86_400
        request.notAfter = 4_000_000_000
        let issued = try CertificateIssuer.issue(request)
        let bundle = try CertificateBundle(certificate: issued.certificate, key: issued.key)
        #expect(bundle.notBefore == -86_400)
        #expect(bundle.notAfter == 4_000_000_000)
    }

    @Test func `What OpenSSL refuses is an error, not a certificate without it`() {
        // RFC 5280 ends common names at 64 characters.
        #expect(throws: CertificateIssuer.Failure.self) {
            try CertificateIssuer.issue(CertificateBundleTests.request(String(repeating: "a", count: 65)))
        }
        #expect(throws: CertificateIssuer.Failure.self) { try CertificateIssuer.issue(request, key: .fixed(seed: [1, 2, 3])) }
        #expect(throws: CertificateIssuer.Failure.self) {
            try CertificateIssuer.issue(request, signedBy: CertificateIssuer.Issued(certificate: [], key: []))
        }
    }
}
