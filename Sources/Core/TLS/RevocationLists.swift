import COpenSSL

/// Lists of certificates that their authorities take back before they expire (RFC 5280, section 5).
public struct RevocationLists: Hashable, Sendable {
    /// The lists as PEM blocks only, the same for the same lists.
    public let pem: [UInt8]

    /// - Parameters:
    ///   - bytes: PEM with one or more lists.
    ///   - field: where they come from, for messages.
    public init(_ bytes: [UInt8], field: String) throws(CertificateError) {
        guard !bytes.isEmpty else { throw .missing(field) }
        let blocks = PEMBlock.all(in: bytes)
        guard !blocks.isEmpty else { throw .notPEM(field) }
        var pem: [UInt8] = []
        for (place, block) in blocks.enumerated() where block.isRevocationList || block.isDamaged {
            guard !block.isDamaged, let list = block.revocationList() else { throw .damagedRevocationList(place + 1) }
            defer { X509_CRL_free(list) }
            pem += written { PEM_write_bio_X509_CRL($0, list) }
        }
        guard !pem.isEmpty else { throw .noRevocationList(field) }
        self.pem = pem
    }

    /// What tells each list of a PEM text from others, in the words of HAProxy's `show ssl crl-file`: when it was made, until when it
    /// counts, and the serial numbers of the certificates in it. The text is known to be good.
    static func summaries(inPEM pem: [UInt8]) -> [String] {
        PEMBlock.all(in: pem).filter(\.isRevocationList).compactMap { block in
            guard let list = block.revocationList() else { return nil }
            defer { X509_CRL_free(list) }
            func text(_ time: UnsafePointer<ASN1_TIME>?) -> String {
                time.map { time in String(decoding: written { ASN1_TIME_print($0, time) }, as: UTF8.self) } ?? ""
            }
            let serials = (0..<shim_revoked_count(list)).map { index in
                String(decoding: written { shim_print_revoked_serial($0, list, index) }, as: UTF8.self)
            }
            return summary(
                lastUpdate: text(X509_CRL_get0_lastUpdate(list)), nextUpdate: text(X509_CRL_get0_nextUpdate(list)),
                serials: serials)
        }
    }

    /// The summaries of the lists that HAProxy shows.
    ///
    /// - Parameter answer: of `show ssl crl-file FILE` (management manual, section 9.3).
    public static func summaries(inAnswer answer: String) -> [String] {
        answer.split(separator: "\n").map { $0.drop { $0 == " " } }
            .split { $0.hasPrefix("Certificate Revocation List #") }.dropFirst().map { lines in
                func values(_ name: String) -> [String] {
                    lines.filter { $0.hasPrefix(name) }.map { String($0.dropFirst(name.count)) }
                }
                return summary(
                    lastUpdate: values("Last Update: ").first ?? "", nextUpdate: values("Next Update: ").first ?? "",
                    serials: values("Serial Number: "))
            }
    }

    private static func summary(lastUpdate: String, nextUpdate: String, serials: [String]) -> String {
        "\(lastUpdate), \(nextUpdate): \(serials.sorted().joined(separator: " "))"
    }
}

extension PEMBlock {
    fileprivate var isRevocationList: Bool { label == PEM_STRING_X509_CRL }

    /// The list in the block, to be freed by the caller; nil when it is damaged.
    fileprivate func revocationList() -> OpaquePointer? {
        content.withUnsafeBufferPointer { buffer in
            var start = buffer.baseAddress
            defer { ERR_clear_error() }
            return d2i_X509_CRL(nil, &start, buffer.count)
        }
    }
}
