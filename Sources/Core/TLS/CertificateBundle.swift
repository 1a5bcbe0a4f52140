import COpenSSL

/// A certificate with its chain and key, checked to belong together.
public struct CertificateBundle: Hashable, Sendable {
    /// Chain and key as HAProxy reads them: PEM blocks only, the same for the same certificates.
    public let pem: [UInt8]
    /// The DNS names that the certificate is for, in lower case.
    public let names: [String]
    /// Validity, in seconds since 1970.
    public let notBefore: Int
    public let notAfter: Int
    /// The subject in one line, for people.
    public let subject: String
    /// SHA-256 of the leaf certificate, in hexadecimal.
    public let fingerprint: String

    /// - Parameters:
    ///   - certificate: PEM, the leaf first and then its chain.
    ///   - key: PEM, not encrypted.
    public init(certificate: [UInt8], key: [UInt8]) throws(CertificateError) {
        guard !certificate.isEmpty else { throw .missing("tls.crt") }
        guard !key.isEmpty else { throw .missing("tls.key") }
        let chain = try X509Certificate.all(in: certificate, field: "tls.crt")
        guard let leaf = chain.first else { throw .noCertificate }
        guard leaf.hasStrongKey else { throw .weakKey(subject: leaf.subject, bits: leaf.keyBits) }
        guard leaf.hasStrongSignature else { throw .weakSignature(subject: leaf.subject) }
        let privateKey = try Self.privateKey(key, matching: leaf)
        pem = chain.flatMap(\.pem) + privateKey
        names = leaf.names
        notBefore = leaf.notBefore
        notAfter = leaf.notAfter
        subject = leaf.subject
        fingerprint = StableID.hexadecimal(Digest.sha256(leaf.der))
    }

    /// The key in canonical PEM.
    private static func privateKey(_ bytes: [UInt8], matching leaf: X509Certificate) throws(CertificateError) -> [UInt8] {
        // The callback refuses to ask for a passphrase on a terminal.
        let key = withBIO(reading: bytes) { PEM_read_bio_PrivateKey($0, nil, { _, _, _, _ in -1 }, nil) } ?? nil
        guard let key else {
            ERR_clear_error()
            throw String(decoding: bytes, as: UTF8.self).contains("ENCRYPTED") ? .encryptedKey : .notPEM("tls.key")
        }
        defer { EVP_PKEY_free(key) }
        let certificate = withBIO(reading: leaf.pem) { PEM_read_bio_X509($0, nil, nil, nil) } ?? nil
        defer { X509_free(certificate) }
        guard X509_check_private_key(certificate, key) == 1 else {
            ERR_clear_error()
            throw .keyMismatch
        }
        return written { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }
    }
}

/// Certificates that others are verified against.
public struct CertificateAuthority: Hashable, Sendable {
    /// The certificates as PEM blocks only.
    public let pem: [UInt8]
    /// When the first of them expires, in seconds since 1970.
    public let notAfter: Int

    /// - Parameter bytes: PEM with one or more certificates.
    public init(_ bytes: [UInt8]) throws(CertificateError) {
        let certificates = try X509Certificate.all(in: bytes, field: "the certificate")
        guard !certificates.isEmpty else { throw .noCertificate }
        pem = certificates.flatMap(\.pem)
        notAfter = certificates.map(\.notAfter).min() ?? 0
    }
}
