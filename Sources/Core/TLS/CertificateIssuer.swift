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
        let step: String
        public var description: String { "OpenSSL could not make a certificate: \(step)" }
    }

    /// - Parameter issuer: who signs; nil for a self-signed certificate.
    public static func issue(_ request: Request, key kind: Key = .p256, signedBy issuer: Issued? = nil) throws -> Issued {
        defer { ERR_clear_error() }
        guard let certificate = X509_new() else { throw Failure(step: "no memory") }
        defer { X509_free(certificate) }
        guard let key = make(kind) else { throw Failure(step: "no key") }
        defer { EVP_PKEY_free(key) }
        try describe(request, kind: kind, key: key, in: certificate)

        let loaded = try issuer.map(load)
        defer {
            X509_free(loaded?.certificate)
            EVP_PKEY_free(loaded?.key)
        }
        let signer = loaded?.key ?? key
        try check(X509_set_issuer_name(certificate, X509_get_subject_name(loaded?.certificate ?? certificate)), "issuer")
        // Ed25519 brings its own digest.
        let digest = EVP_PKEY_get_base_id(signer) == EVP_PKEY_ED25519 ? nil : EVP_sha256()
        try check(X509_sign(certificate, signer, digest), "signature")
        return Issued(
            certificate: written { PEM_write_bio_X509($0, certificate) },
            key: written { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) })
    }

    private static func describe(_ request: Request, kind: Key, key: OpaquePointer, in certificate: OpaquePointer) throws {
        try check(X509_set_version(certificate, 2), "version")
        var serial: [UInt8] = Array(Digest.sha256("\(request.commonName) \(request.notAfter)".utf8).prefix(8))
        if case .fixed = kind {} else { try check(RAND_bytes(&serial, Int32(serial.count)), "random serial number") }
        // Positive and not zero (RFC 5280, section 4.1.2.2).
        serial[0] = serial[0] & 0x7f | 0x40
        let number = BN_bin2bn(serial, Int32(serial.count), nil)
        defer { BN_free(number) }
        guard BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil,
            ASN1_TIME_set(X509_getm_notBefore(certificate), request.notBefore) != nil,
            ASN1_TIME_set(X509_getm_notAfter(certificate), request.notAfter) != nil
        else { throw Failure(step: "serial number or validity") }
        try check(X509_set_pubkey(certificate, key), "public key")
        let name = Array(request.commonName.utf8)
        try check(
            X509_NAME_add_entry_by_NID(
                X509_get_subject_name(certificate), NID_commonName, MBSTRING_UTF8, name, Int32(name.count), -1, 0), "common name")
        try add(NID_basic_constraints, request.isAuthority ? "critical,CA:TRUE" : "CA:FALSE", to: certificate)
        if !request.dnsNames.isEmpty { try add(request.dnsNames, to: certificate) }
    }

    private static func load(_ issuer: Issued) throws -> (certificate: OpaquePointer, key: OpaquePointer) {
        guard let certificate = PEMBlock.all(in: issuer.certificate).first?.certificate() else {
            throw Failure(step: "the issuer's certificate")
        }
        guard let key = PEMBlock.all(in: issuer.key).first?.privateKey() else {
            X509_free(certificate)
            throw Failure(step: "the issuer's key")
        }
        return (certificate, key)
    }

    private static func make(_ kind: Key) -> OpaquePointer? {
        switch kind {
        case .p256: shim_generate_p256()
        case .rsa2048: shim_generate_rsa(2048)
        case .fixed(let seed): EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count)
        }
    }

    /// The subject alternative name. Built from its parts: in OpenSSL's text notation a name could hold further names.
    private static func add(_ dnsNames: [String], to certificate: OpaquePointer) throws {
        guard let names = shim_new_names() else { throw Failure(step: "no memory") }
        defer { shim_free_names(names) }
        for name in dnsNames { try check(shim_add_dns_name(names, name, Int32(name.utf8.count)), "name") }
        try check(X509_add1_ext_i2d(certificate, NID_subject_alt_name, UnsafeMutableRawPointer(names), 0, 0), "names")
    }

    private static func add(_ kind: Int32, _ value: String, to certificate: OpaquePointer) throws {
        guard let added = X509V3_EXT_conf_nid(nil, nil, kind, value) else { throw Failure(step: value) }
        defer { X509_EXTENSION_free(added) }
        try check(X509_add_ext(certificate, added, -1), value)
    }

    private static func check(_ status: Int32, _ step: String) throws {
        guard status > 0 else { throw Failure(step: step) }
    }
}
