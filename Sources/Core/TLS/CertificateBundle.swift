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
    public let keyAlgorithm: KeyAlgorithm
    /// Whether the certificate may sign others.
    public let isAuthority: Bool
    /// The subject and the issuer in one line each, for people.
    public let subject: String
    public let issuer: String
    /// SHA-256 of the leaf certificate, in hexadecimal.
    public let fingerprint: String

    /// - Parameters:
    ///   - certificate: PEM, the leaf first and then its chain.
    ///   - key: PEM, not encrypted.
    ///   - maximumRSABits: how long an RSA key may be.
    public init(
        certificate: [UInt8], key: [UInt8], maximumRSABits: Int = ResourceLimits.Name.rsaBits.usual
    ) throws(CertificateError) {
        guard !certificate.isEmpty else { throw .missing("tls.crt") }
        guard !key.isEmpty else { throw .missing("tls.key") }
        let chain = try X509Certificate.all(in: certificate, field: "tls.crt")
        guard let leaf = chain.first else { throw .noCertificate }
        for link in chain {
            guard link.hasStrongKey else { throw .weakKey(subject: link.subject, bits: link.keyBits) }
            guard link.hasStrongSignature else { throw .weakSignature(subject: link.subject) }
        }
        guard leaf.keyAlgorithm != .rsa || leaf.keyBits <= maximumRSABits else {
            throw .costlyKey(subject: leaf.subject, bits: leaf.keyBits, limit: maximumRSABits)
        }
        let privateKey = try Self.privateKey(key, matching: chain)
        pem = chain.flatMap(\.pem) + privateKey
        names = leaf.names
        notBefore = leaf.notBefore
        notAfter = leaf.notAfter
        keyAlgorithm = leaf.keyAlgorithm
        isAuthority = leaf.isAuthority
        subject = leaf.subject
        issuer = leaf.issuer
        fingerprint = StableID.hexadecimal(Digest.sha256(leaf.der))
    }

    /// The key in canonical PEM, if it belongs to the first certificate of the chain.
    private static func privateKey(_ bytes: [UInt8], matching chain: [X509Certificate]) throws(CertificateError) -> [UInt8] {
        let blocks = PEMBlock.all(in: bytes)
        guard !blocks.isEmpty else { throw .notPEM("tls.key") }
        guard let block = blocks.first(where: { $0.isPrivateKey || $0.isDamaged }) else { throw .noKey }
        guard !block.isEncrypted, block.label != PEM_STRING_PKCS8 else { throw .encryptedKey }
        defer { ERR_clear_error() }
        guard !block.isDamaged, let key = block.privateKey() else { throw .damagedKey }
        defer { EVP_PKEY_free(key) }
        guard let place = chain.firstIndex(where: { $0.belongs(to: key) }) else { throw .keyMismatch }
        guard place == 0 else { throw .leafNotFirst(place + 1) }
        let pem = written { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }
        guard !pem.isEmpty else { throw .damagedKey }
        return pem
    }
}

/// Certificates that others are verified against.
public struct CertificateAuthority: Hashable, Sendable {
    /// The certificates as PEM blocks only.
    public let pem: [UInt8]
    /// When the first of them expires, in seconds since 1970.
    public let notAfter: Int
    /// Whether the first of them may sign others; the certificate of a server or client may not.
    public let isAuthority: Bool

    /// - Parameter bytes: PEM with one or more certificates.
    public init(_ bytes: [UInt8]) throws(CertificateError) {
        let certificates = try X509Certificate.all(in: bytes, field: "the certificate")
        isAuthority = certificates.first?.isAuthority ?? false
        pem = certificates.flatMap(\.pem)
        notAfter = certificates.map(\.notAfter).min() ?? 0
    }
}
