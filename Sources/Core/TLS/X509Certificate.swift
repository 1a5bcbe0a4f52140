import COpenSSL

/// Why a certificate, key or authority cannot be used.
public enum CertificateError: Error, Hashable, Sendable, CustomStringConvertible {
    case missing(String)
    case notPEM(String)
    case encryptedKey
    case keyMismatch
    case noCertificate

    public var description: String {
        switch self {
        case .missing(let what): "\(what) is missing or empty"
        case .notPEM(let what): "\(what) is not in PEM format"
        case .encryptedKey: "the key is encrypted with a passphrase"
        case .keyMismatch: "the key does not belong to the certificate"
        case .noCertificate: "there is no certificate in it"
        }
    }
}

/// One certificate, as far as the controller looks into it.
struct X509Certificate {
    let pem: [UInt8]
    let der: [UInt8]
    let names: [String]
    let subject: String
    /// Seconds since 1970.
    let notBefore: Int
    let notAfter: Int

    /// The certificates of a PEM text, in order. Text between the blocks is skipped, as OpenSSL does.
    static func all(in pem: [UInt8]) -> [X509Certificate] {
        withBIO(reading: pem) { bio in
            var found: [X509Certificate] = []
            while let certificate = PEM_read_bio_X509(bio, nil, nil, nil) {
                defer { X509_free(certificate) }
                found.append(X509Certificate(certificate))
            }
            ERR_clear_error()
            return found
        } ?? []
    }

    private init(_ certificate: OpaquePointer) {
        pem = written { PEM_write_bio_X509($0, certificate) }
        der = written { i2d_X509_bio($0, certificate) }
        subject = String(decoding: written { X509_NAME_print_ex($0, X509_get_subject_name(certificate), 0, UInt(bitPattern: Int(shim_one_line))) }, as: UTF8.self)
        notBefore = Self.seconds(X509_get0_notBefore(certificate))
        notAfter = Self.seconds(X509_get0_notAfter(certificate))
        names = Self.names(of: certificate)
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
        return result.map { $0.lowercased() }
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

/// Runs `body` with a BIO that reads from memory.
func withBIO<Result>(reading bytes: [UInt8], _ body: (OpaquePointer) -> Result) -> Result? {
    bytes.withUnsafeBytes { buffer in
        guard let bio = shim_bio_from_memory(buffer.baseAddress, Int32(clamping: buffer.count)) else { return nil }
        defer { BIO_free(bio) }
        return body(bio)
    }
}

/// What `body` writes to a BIO in memory; empty when it fails.
func written(_ body: (OpaquePointer) -> Int32) -> [UInt8] {
    guard let bio = BIO_new(BIO_s_mem()) else { return [] }
    defer { BIO_free(bio) }
    guard body(bio) >= 0 else {
        ERR_clear_error()
        return []
    }
    var bytes: UnsafeMutablePointer<CChar>?
    let count = shim_bio_memory(bio, &bytes)
    guard count > 0, let bytes else { return [] }
    return UnsafeRawBufferPointer(start: bytes, count: count).map { $0 }
}
