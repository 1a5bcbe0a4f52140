import COpenSSL
import Core

extension TestCertificates {
    /// A list of revoked certificates of this authority, as PEM text.
    ///
    /// - Parameters:
    ///   - revoked: certificates that are on the list.
    ///   - isExpired: whether the list counted until yesterday.
    public func revocationList(_ revoked: [CertificateIssuer.Issued] = [], isExpired: Bool = false) throws -> String {
        struct Failure: Error {}
        func certificate(_ pem: [UInt8]) -> OpaquePointer? { Self.read(pem) { PEM_read_bio_X509($0, nil, nil, nil) } }
        let day = 86_400
        guard let list = X509_CRL_new(), let own = certificate(authority.certificate),
            let key = Self.read(authority.key, { PEM_read_bio_PrivateKey($0, nil, nil, nil) })
        else { throw Failure() }
        defer {
            X509_CRL_free(list)
            X509_free(own)
            EVP_PKEY_free(key)
        }
        let (last, next) = (
            ASN1_TIME_set(nil, now - 2 * day), ASN1_TIME_set(nil, isExpired ? now - day : now + day)
        )
        defer {
            ASN1_STRING_free(last)
            ASN1_STRING_free(next)
        }
        X509_CRL_set_version(list, 1)
        X509_CRL_set_issuer_name(list, X509_get_subject_name(own))
        X509_CRL_set1_lastUpdate(list, last)
        X509_CRL_set1_nextUpdate(list, next)
        for issued in revoked {
            guard let entry = X509_REVOKED_new(), let certificate = certificate(issued.certificate) else { throw Failure() }
            defer { X509_free(certificate) }
            X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(certificate))
            X509_REVOKED_set_revocationDate(entry, last)
            X509_CRL_add0_revoked(list, entry)
        }
        X509_CRL_sort(list)
        guard X509_CRL_sign(list, key, EVP_sha256()) > 0 else { throw Failure() }
        guard let bio = BIO_new(BIO_s_mem()), PEM_write_bio_X509_CRL(bio, list) == 1 else { throw Failure() }
        defer { BIO_free(bio) }
        var bytes: UnsafeMutablePointer<CChar>?
        let count = shim_bio_memory(bio, &bytes)
        return String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    private static func read<Result>(_ pem: [UInt8], _ body: (OpaquePointer) -> Result?) -> Result? {
        pem.withUnsafeBytes { buffer in
            guard let bio = shim_bio_from_memory(buffer.baseAddress, Int32(buffer.count)) else { return nil }
            defer { BIO_free(bio) }
            return body(bio)
        }
    }
}
