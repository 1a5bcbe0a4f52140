import COpenSSL

/// Makes certificates: the self-signed one that HTTPS shows when nobody configured any.
public struct CertificateIssuer {
    /// What a certificate says.
    public struct Request: Sendable {
        public var commonName: String
        public var dnsNames: [String]
        /// Seconds since 1970.
        public var notBefore: Int
        public var notAfter: Int
        public var isAuthority: Bool

        public init(commonName: String, dnsNames: [String] = [], notBefore: Int, notAfter: Int, isAuthority: Bool = false) {
            self.commonName = commonName
            self.dnsNames = dnsNames
            self.notBefore = notBefore
            self.notAfter = notAfter
            self.isAuthority = isAuthority
        }
    }

    /// A certificate and its key in PEM.
    public struct Issued: Sendable {
        public let certificate: [UInt8]
        public let key: [UInt8]
    }

    public enum Key: Sendable {
        case p256
        case rsa2048
        /// Ed25519 from a seed of 32 bytes: the same seed gives the same certificate, byte for byte. Not secret.
        case fixed(seed: [UInt8])
    }

    /// OpenSSL could not make it.
    public struct Failure: Error, CustomStringConvertible {
        public let description = "OpenSSL could not make a certificate"
    }

    /// - Parameter issuer: who signs; nil for a self-signed certificate.
    public static func issue(_ request: Request, key kind: Key = .p256, signedBy issuer: Issued? = nil) throws -> Issued {
        guard let key = make(kind), let certificate = X509_new() else { throw Failure() }
        defer {
            EVP_PKEY_free(key)
            X509_free(certificate)
        }
        X509_set_version(certificate, 2)
        var serial: [UInt8] = Array(Digest.sha256("\(request.commonName) \(request.notAfter)".utf8).prefix(8))
        if case .fixed = kind {} else { RAND_bytes(&serial, Int32(serial.count)) }
        // Positive and not zero (RFC 5280, section 4.1.2.2).
        serial[0] = serial[0] & 0x7f | 0x40
        let number = BN_bin2bn(serial, Int32(serial.count), nil)
        defer { BN_free(number) }
        BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate))
        ASN1_TIME_set(X509_getm_notBefore(certificate), request.notBefore)
        ASN1_TIME_set(X509_getm_notAfter(certificate), request.notAfter)
        X509_set_pubkey(certificate, key)
        guard let subject = X509_get_subject_name(certificate) else { throw Failure() }
        X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8, Array(request.commonName.utf8), Int32(request.commonName.utf8.count), -1, 0)

        var signer = key
        var issuerCertificate: OpaquePointer?
        if let issuer {
            guard let loadedKey = withBIO(reading: issuer.key, { PEM_read_bio_PrivateKey($0, nil, nil, nil) }) ?? nil,
                let loaded = withBIO(reading: issuer.certificate, { PEM_read_bio_X509($0, nil, nil, nil) }) ?? nil
            else { throw Failure() }
            signer = loadedKey
            issuerCertificate = loaded
        }
        defer {
            if issuer != nil { EVP_PKEY_free(signer) }
            X509_free(issuerCertificate)
        }
        X509_set_issuer_name(certificate, issuerCertificate.map { X509_get_subject_name($0) } ?? subject)
        add(NID_basic_constraints, request.isAuthority ? "critical,CA:TRUE" : "CA:FALSE", to: certificate)
        if !request.dnsNames.isEmpty {
            add(NID_subject_alt_name, request.dnsNames.map { "DNS:\($0)" }.joined(separator: ","), to: certificate)
        }
        // Ed25519 brings its own digest.
        var digest = EVP_sha256()
        if case .fixed = kind, issuer == nil { digest = nil }
        guard X509_sign(certificate, signer, digest) > 0 else { throw Failure() }
        return Issued(
            certificate: written { PEM_write_bio_X509($0, certificate) },
            key: written { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) })
    }

    private static func make(_ kind: Key) -> OpaquePointer? {
        switch kind {
        case .p256: shim_generate_p256()
        case .rsa2048: shim_generate_rsa(2048)
        case .fixed(let seed): EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count)
        }
    }

    private static func add(_ kind: Int32, _ value: String, to certificate: OpaquePointer) {
        guard let added = X509V3_EXT_conf_nid(nil, nil, kind, value) else { return }
        X509_add_ext(certificate, added, -1)
        X509_EXTENSION_free(added)
    }
}
