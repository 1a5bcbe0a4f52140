import COpenSSL

/// The algorithm of a certificate's key.
public enum KeyAlgorithm: String, Hashable, Sendable {
    case rsa, ecdsa, other
}

/// One certificate, as far as the controller looks into it.
struct X509Certificate {
    let pem: [UInt8]
    let der: [UInt8]
    let names: [String]
    let subject: String
    let issuer: String
    /// Seconds since 1970.
    let notBefore: Int
    let notAfter: Int
    let keyAlgorithm: KeyAlgorithm
    let keyBits: Int
    /// Whether OpenSSL's security level 2 accepts the key, and the digest of the signature.
    let hasStrongKey: Bool
    let hasStrongSignature: Bool
    /// Whether it may sign others.
    let isAuthority: Bool

    /// The certificates of a PEM text, in order. Text between the blocks and blocks of other kinds are skipped.
    ///
    /// - Parameters:
    ///   - pem: the text.
    ///   - field: where it comes from, for messages.
    static func all(in pem: [UInt8], field: String) throws(CertificateError) -> [X509Certificate] {
        let blocks = PEMBlock.all(in: pem)
        guard !blocks.isEmpty else { throw .notPEM(field) }
        var found: [X509Certificate] = []
        for block in blocks where block.isCertificate || block.isDamaged {
            guard !block.isDamaged, let certificate = block.certificate() else { throw .damagedCertificate(found.count + 1) }
            defer { X509_free(certificate) }
            found.append(X509Certificate(certificate))
        }
        guard !found.isEmpty else { throw .noCertificate }
        return found
    }

    /// SHA-1 of each certificate of a PEM text, in upper-case hexadecimal; the text is known to be good.
    static func fingerprints(inPEM pem: [UInt8]) -> [String] {
        PEMBlock.all(in: pem).filter(\.isCertificate).map { StableID.hexadecimal(Digest.sha1($0.content)).uppercased() }
    }

    /// Whether the certificate is for this key.
    func belongs(to key: OpaquePointer) -> Bool {
        let certificate = der.withUnsafeBufferPointer { buffer in
            var start = buffer.baseAddress
            return d2i_X509(nil, &start, buffer.count)
        }
        defer { X509_free(certificate) }
        return X509_check_private_key(certificate, key) == 1
    }

    private init(_ certificate: OpaquePointer) {
        pem = written { PEM_write_bio_X509($0, certificate) }
        der = written { i2d_X509_bio($0, certificate) }
        subject = Self.oneLine(X509_get_subject_name(certificate))
        issuer = Self.oneLine(X509_get_issuer_name(certificate))
        notBefore = Self.seconds(X509_get0_notBefore(certificate))
        notAfter = Self.seconds(X509_get0_notAfter(certificate))
        names = Self.names(of: certificate)

        let key = X509_get0_pubkey(certificate)
        keyAlgorithm =
            switch key.map({ EVP_PKEY_get_base_id($0) }) {
            case EVP_PKEY_RSA, EVP_PKEY_RSA_PSS: .rsa
            case EVP_PKEY_EC: .ecdsa
            default: .other
            }
        keyBits = key.map { Int(EVP_PKEY_get_bits($0)) } ?? 0
        // 112 bits are security level 2 (manual page SSL_CTX_set_security_level).
        hasStrongKey = key.map { EVP_PKEY_get_security_bits($0) >= 112 } ?? false
        var signatureBits: Int32 = 0
        let isKnown = X509_get_signature_info(certificate, nil, nil, &signatureBits, nil) == 1
        // Nobody verifies the signature of a self-signed certificate.
        hasStrongSignature = !isKnown || signatureBits >= 112 || X509_get_extension_flags(certificate) & UInt32(EXFLAG_SS) != 0
        isAuthority = X509_check_ca(certificate) > 0
        ERR_clear_error()
    }

    /// The DNS names of the subject alternative name; the common name where there are none (RFC 6125, section 6.4.4).
    private static func names(of certificate: OpaquePointer) -> [String] {
        var result: [String] = []
        if let extensions = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) {
            let names = OpaquePointer(extensions)
            defer { shim_free_names(names) }
            for index in 0..<shim_name_count(names) {
                guard let name = shim_name(names, index), let dns = shim_dns_name(name) else { continue }
                result.append(text(dns))
            }
        }
        if result.isEmpty, let subject = X509_get_subject_name(certificate) {
            let index = X509_NAME_get_index_by_NID(subject, NID_commonName, -1)
            if index >= 0, let entry = X509_NAME_get_entry(subject, index), let data = X509_NAME_ENTRY_get_data(entry) {
                result.append(text(data))
            }
        }
        // A name with spaces or control characters is no DNS name, whoever signed it.
        return result.filter { !$0.isEmpty && $0.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } }.map { $0.lowercased() }
    }

    private static func oneLine(_ name: OpaquePointer?) -> String {
        String(decoding: written { X509_NAME_print_ex($0, name, 0, UInt(bitPattern: shim_one_line)) }, as: UTF8.self)
    }

    private static func text(_ string: UnsafePointer<ASN1_STRING>) -> String {
        let count = Int(ASN1_STRING_length(string))
        guard count > 0, let bytes = ASN1_STRING_get0_data(string) else { return "" }
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int {
        guard let time, let epoch = ASN1_TIME_set(nil, 0) else { return 0 }
        defer { ASN1_STRING_free(epoch) }
        var days: Int32 = 0
        var seconds: Int32 = 0
        guard ASN1_TIME_diff(&days, &seconds, epoch, time) == 1 else { return 0 }
        return Int(days) * 86_400 + Int(seconds)
    }
}
