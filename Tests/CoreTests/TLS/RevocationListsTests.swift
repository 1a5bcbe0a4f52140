import TestSupport
import Testing

@testable import Core

@Suite("Lists of revoked certificates")
struct RevocationListsTests {
    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test("text between the lists and other blocks are left out")
    func canonical() throws {
        let authority = try TestCertificates("authority")
        let (one, two) = (try authority.revocationList([authority.client("a")]), try authority.revocationList())
        let lists = try RevocationLists(
            bytes("a list:\n\(one)\n\(authority.authority.certificateText)and another\n\(two)"), field: "ca.crl")
        #expect(String(decoding: lists.pem, as: UTF8.self) == one + two)
    }

    @Test(arguments: [
        ("", "ca.crl is missing or empty"), ("nothing", "ca.crl is not in PEM format"),
        (ExamplePEM.certificate, "there is no list of revoked certificates in ca.crl"),
        (
            "-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n",
            "the list of revoked certificates in block number 1 is damaged or cut off"
        ),
    ])
    func `Anything else is refused in words`(_ text: String, _ message: String) {
        #expect(throws: CertificateError.self) { try RevocationLists(bytes(text), field: "ca.crl") }
        do { _ = try RevocationLists(bytes(text), field: "ca.crl") } catch { #expect(error.description == message) }
    }

    @Test("what HAProxy shows of lists tells them apart as their text does")
    func summaries() throws {
        // HAProxy 2.6.12's answer to `show ssl crl-file`, and the lists that it had.
        let answer = """

            Filename: crl.pem
            Status: Used

            Certificate Revocation List #1:
            Version 2
            Signature Algorithm: ecdsa-with-SHA256
            Issuer: /CN=ca
            Last Update: Nov 28 06:58:20 2026 GMT
            Next Update: Dec  3 06:58:20 2026 GMT
            Revoked Certificates:
                Serial Number: F1
                    Revocation Date: Nov 20 00:00:00 2026 GMT
                Serial Number: 1A2B
                    Revocation Date: Nov 20 00:00:00 2026 GMT

            Certificate Revocation List #2:
            Version 2
            Signature Algorithm: ecdsa-with-SHA256
            Issuer: /CN=ca
            Last Update: Nov 28 06:58:20 2026 GMT
            Next Update: Dec  3 06:58:20 2026 GMT
            No Revoked Certificates.

            """
        let shown = RevocationLists.summaries(inAnswer: answer)
        #expect(shown == RevocationLists.summaries(inPEM: bytes(ExamplePEM.lists)))
        #expect(shown.count == 2 && Set(shown).count == 2)
        #expect(RevocationLists.summaries(inAnswer: "Didn't find the specified filename.\n").isEmpty)
    }
}

private enum ExamplePEM {
    static let certificate = """
        -----BEGIN CERTIFICATE-----
        MIIBcDCCARWgAwIBAgIUYxiytrBZbRO8bEtLIGg2rB5M2AgwCgYIKoZIzj0EAwIw
        DTELMAkGA1UEAwwCY2EwHhcNMjYxMTI4MDY1ODIwWhcNMjYxMjA4MDY1ODIwWjAN
        MQswCQYDVQQDDAJjYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABLOm4Wkwvlwm
        fQBSRUld+4vTX091/qUNCinWpjNaJmwuR5ESS95Rj5rQNt+/ZlCasXJ0km4JdZx4
        YYgOZkXV7jijUzBRMB0GA1UdDgQWBBSjW39V4K3x2peTasSdk98DWFrpbzAfBgNV
        HSMEGDAWgBSjW39V4K3x2peTasSdk98DWFrpbzAPBgNVHRMBAf8EBTADAQH/MAoG
        CCqGSM49BAMCA0kAMEYCIQD9Mg3/+ujlTneIMyK569wTPx5ylCPFvMMEsHGdQOyh
        nwIhAKkJdk34WhRl1SJyNk8qQj3EdC03pIiTIWK/6kshkqs0
        -----END CERTIFICATE-----

        """
    static let lists = """
        -----BEGIN X509 CRL-----
        MIHRMHgCAQEwCgYIKoZIzj0EAwIwDTELMAkGA1UEAwwCY2EXDTI2MTEyODA2NTgy
        MFoXDTI2MTIwMzA2NTgyMFowKjATAgIA8RcNMjYxMTIwMDAwMDAwWjATAgIaKxcN
        MjYxMTIwMDAwMDAwWqAOMAwwCgYDVR0UBAMCAQEwCgYIKoZIzj0EAwIDSQAwRgIh
        APWWe97kOBrtbRyD9zSRnu52nUrgRfIPKrHXZ4R6KbYhAiEA7NGBFUFQ/B5Jym69
        TQBbbQxpFX0ILkrkUYkou/6L78E=
        -----END X509 CRL-----
        -----BEGIN X509 CRL-----
        MIGjMEwCAQEwCgYIKoZIzj0EAwIwDTELMAkGA1UEAwwCY2EXDTI2MTEyODA2NTgy
        MFoXDTI2MTIwMzA2NTgyMFqgDjAMMAoGA1UdFAQDAgECMAoGCCqGSM49BAMCA0cA
        MEQCICMDPkv8PBgk3+zrlAkB+yYcZU83Vw63HMOp2niFVB60AiB6UXNb9alDoIjs
        4j6DzSf0IzxvPSwrebXwQSTpQQ5AEQ==
        -----END X509 CRL-----

        """
}
