import Testing

@testable import Core

@Suite struct CertificateBundleTests {
    static let start = 1_700_000_000
    static let end = 1_900_000_000

    static func request(_ name: String, _ dnsNames: [String] = [], isAuthority: Bool = false) -> CertificateIssuer.Request {
        CertificateIssuer.Request(
            commonName: name, dnsNames: dnsNames, notBefore: start, notAfter: end, isAuthority: isAuthority)
    }

    static func bundle(_ certificate: String, _ key: String) throws(CertificateError) -> CertificateBundle {
        try CertificateBundle(certificate: Array(certificate.utf8), key: Array(key.utf8))
    }

    @Test func `A bundle tells what its leaf says`() throws {
        let authority = try CertificateIssuer.issue(Self.request("Test authority", isAuthority: true))
        let leaf = try CertificateIssuer.issue(
            Self.request("ignored.example.com", ["Shop.Example.com", "*.example.com"]), key: .rsa2048, signedBy: authority)
        let bundle = try CertificateBundle(certificate: leaf.certificate + authority.certificate, key: leaf.key)
        #expect(bundle.names == ["shop.example.com", "*.example.com"])
        #expect(bundle.notBefore == Self.start)
        #expect(bundle.notAfter == Self.end)
        #expect(bundle.keyAlgorithm == .rsa)
        #expect(bundle.subject == "CN = ignored.example.com")
        #expect(bundle.issuer == "CN = Test authority")
        #expect(bundle.fingerprint.count == 64)
    }

    @Test func `Without alternative names the common name counts`() throws {
        let issued = try CertificateIssuer.issue(Self.request("Shop.example.com"))
        let bundle = try CertificateBundle(certificate: issued.certificate, key: issued.key)
        #expect(bundle.names == ["shop.example.com"])
        #expect(bundle.keyAlgorithm == .ecdsa)
    }

    @Test func `Operators say how long RSA keys may be`() throws {
        let issued = try CertificateIssuer.issue(
            CertificateIssuer.Request(commonName: "a", dnsNames: ["a"], notBefore: 0, notAfter: 4_000_000_000), key: .rsa2048)
        #expect(throws: CertificateError.costlyKey(subject: "CN = a", bits: 2048, limit: 2047)) {
            try CertificateBundle(certificate: issued.certificate, key: issued.key, maximumRSABits: 2047)
        }
        _ = try CertificateBundle(certificate: issued.certificate, key: issued.key, maximumRSABits: 2048)
        let tls = [IngressTLS(hosts: ["shop.example.com"], secretName: "tls")]
        let objects = [
            Cluster.ingress("a", tls: tls), Cluster.service(),
            Cluster.secret("tls", ["tls.crt": issued.certificate, "tls.key": issued.key]),
        ]
        #expect(try Cluster.assemble(objects).findings.isEmpty)
        let strict = try Cluster.assemble(objects) { $0.environment.limits[.rsaBits] = 1024 }
        #expect(strict.messages.count == 1 && strict.messages[0].contains("--limits rsa-bits="), "\(strict.messages)")
        #expect(strict.state.certificateList.entries.isEmpty)
    }

    @Test(arguments: [
        "evil.example.com\nuse_backend all", "a b", "shop.example.com\0.evil.org", "shop.example.com,DNS:other.example.com",
    ]) func `Names that are no DNS names are left out, and none becomes two`(_ name: String) throws {
        let issued = try CertificateIssuer.issue(Self.request("x", [name, "good.example.com"]))
        let names = try CertificateBundle(certificate: issued.certificate, key: issued.key).names
        #expect(!names.contains("other.example.com") && !names.contains("shop.example.com"))
        #expect(names.allSatisfy { $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } })
        #expect(names.last == "good.example.com")
    }

    @Test func `What stands around the blocks, line ends and the form of the key make no difference`() throws {
        let plain = try Self.bundle(PEMSamples.certificate, PEMSamples.key)
        let noisy = try Self.bundle(
            "subject=shop\nuser mallory password x\n" + PEMSamples.certificate.replacing("\n", with: "\r\n")
                + "\r\ntrailing text\n\n",
            "Key:\n" + PEMSamples.keyAfterParameters + "\n" + PEMSamples.certificate)
        #expect(noisy == plain)
        let lines = String(decoding: plain.pem, as: UTF8.self).split(separator: "\n")
        #expect(lines.filter { $0.hasPrefix("-----") }.count == 4)
        #expect(lines.allSatisfy { $0.hasPrefix("-----") || ($0.count <= 64 && !$0.contains(" ")) })
    }

    @Test func `The chain follows the leaf in its order, and the key comes last`() throws {
        let authority = try CertificateIssuer.issue(Self.request("Test authority", isAuthority: true))
        let leaf = try CertificateIssuer.issue(Self.request("shop.example.com"), signedBy: authority)
        let bundle = try CertificateBundle(certificate: leaf.certificate + authority.certificate, key: leaf.key)
        #expect(bundle.pem == leaf.certificate + authority.certificate + leaf.key)
    }

    @Test func `The leaf has to come first, and the message says which it is`() throws {
        let authority = try CertificateIssuer.issue(Self.request("Test authority", isAuthority: true))
        let leaf = try CertificateIssuer.issue(Self.request("shop.example.com"), signedBy: authority)
        #expect(throws: CertificateError.leafNotFirst(2)) {
            try CertificateBundle(certificate: authority.certificate + leaf.certificate, key: leaf.key)
        }
    }

    static let cutOff = String(PEMSamples.certificate.dropLast(60))

    @Test(arguments: [
        ("", PEMSamples.key, CertificateError.missing("tls.crt")),
        (PEMSamples.certificate, "", .missing("tls.key")),
        ("hello", PEMSamples.key, .notPEM("tls.crt")),
        (PEMSamples.certificate.replacing("\n", with: #"\n"#), PEMSamples.key, .notPEM("tls.crt")),
        (PEMSamples.key, PEMSamples.key, .noCertificate),
        (cutOff, PEMSamples.key, .damagedCertificate(1)),
        (PEMSamples.certificate + "\n" + cutOff, PEMSamples.key, .damagedCertificate(2)),
        (PEMSamples.certificate.replacing("MIIB", with: "MIIC"), PEMSamples.key, .damagedCertificate(1)),
        (PEMSamples.certificate, "hello", .notPEM("tls.key")),
        (PEMSamples.certificate, PEMSamples.certificate, .noKey),
        (PEMSamples.certificate, String(PEMSamples.key.dropLast(30)), .damagedKey),
        (PEMSamples.certificate, PEMSamples.key.replacing("MIGH", with: "MIGI"), .damagedKey),
        (PEMSamples.certificate, PEMSamples.encryptedKey, .encryptedKey),
        (PEMSamples.certificate, PEMSamples.encryptedPKCS8Key, .encryptedKey),
        (PEMSamples.certificate, PEMSamples.weakRSAKey, .keyMismatch),
        (PEMSamples.signedWithSHA1, PEMSamples.key, .weakSignature(subject: "CN = sha1leaf")),
        (
            PEMSamples.costlyRSACertificate, PEMSamples.key,
            .costlyKey(subject: "CN = costly.example.com", bits: 9216, limit: 8192)
        ),
        (PEMSamples.weakRSACertificate, PEMSamples.weakRSAKey, .weakKey(subject: "CN = weak.example.com", bits: 1024)),
        (
            PEMSamples.certificate + "\n" + PEMSamples.weakRSACertificate, PEMSamples.key,
            .weakKey(subject: "CN = weak.example.com", bits: 1024)
        ),
    ]) func `What HAProxy could not load is refused with its own reason`(
        _ certificate: String, _ key: String, _ error: CertificateError
    ) {
        #expect(throws: error) { try Self.bundle(certificate, key) }
        #expect(!error.description.isEmpty && !error.description.hasSuffix("."))
    }

    @Test func `An authority is all certificates of the text and expires with the first of them`() throws {
        let long = try CertificateIssuer.issue(Self.request("Long", isAuthority: true))
        var request = Self.request("Short", isAuthority: true)
        request.notAfter = Self.end - 86_400
        let short = try CertificateIssuer.issue(request)
        let authority = try CertificateAuthority(long.certificate + Array("text between\n".utf8) + short.certificate + short.key)
        #expect(authority.pem == long.certificate + short.certificate)
        #expect(authority.notAfter == Self.end - 86_400)
    }

    @Test(arguments: [
        ("", CertificateError.notPEM("the certificate")), ("hello", .notPEM("the certificate")), (PEMSamples.key, .noCertificate),
        (PEMSamples.certificate + "\n" + cutOff, .damagedCertificate(2)),
    ]) func `An authority without a readable certificate is refused`(_ text: String, _ error: CertificateError) {
        #expect(throws: error) { try CertificateAuthority(Array(text.utf8)) }
    }
}
