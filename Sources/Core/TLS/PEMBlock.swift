import COpenSSL

/// A block of a PEM text (RFC 7468), decoded from Base64 but not further.
struct PEMBlock {
    /// What is between `BEGIN` and the dashes, such as "CERTIFICATE".
    let label: String
    let content: [UInt8]
    /// Whether the block's headers say that its content is encrypted, as OpenSSL's old key format does.
    let isEncrypted: Bool
    /// Whether the block does not end, or is not Base64; nothing else is known of it then.
    var isDamaged = false

    var isCertificate: Bool { [PEM_STRING_X509, PEM_STRING_X509_OLD, PEM_STRING_X509_TRUSTED].contains(label) }
    var isPrivateKey: Bool { label.hasSuffix("PRIVATE KEY") }

    /// The blocks of a text in order, up to the first damaged one.
    static func all(in text: [UInt8]) -> [PEMBlock] {
        withBIO(reading: text) { bio in
            ERR_clear_error()
            var blocks: [PEMBlock] = []
            while true {
                var name: UnsafeMutablePointer<CChar>?
                var header: UnsafeMutablePointer<CChar>?
                var bytes: UnsafeMutablePointer<UInt8>?
                var count = 0
                guard PEM_read_bio(bio, &name, &header, &bytes, &count) == 1 else {
                    // Without a further BEGIN line the text is at its end.
                    if ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE {
                        blocks.append(PEMBlock(label: "", content: [], isEncrypted: false, isDamaged: true))
                    }
                    ERR_clear_error()
                    break
                }
                defer {
                    CRYPTO_free(name, #file, #line)
                    CRYPTO_free(header, #file, #line)
                    CRYPTO_free(bytes, #file, #line)
                }
                blocks.append(
                    PEMBlock(
                        label: name.map { String(cString: $0) } ?? "",
                        content: Array(UnsafeBufferPointer(start: bytes, count: count)),
                        isEncrypted: header.map { String(cString: $0).contains("ENCRYPTED") } ?? false))
            }
            return blocks
        } ?? []
    }
}

extension PEMBlock {
    /// The certificate in the block, to be freed by the caller; nil when it is damaged.
    func certificate() -> OpaquePointer? {
        content.withUnsafeBufferPointer { buffer in
            var start = buffer.baseAddress
            defer { ERR_clear_error() }
            return d2i_X509(nil, &start, buffer.count)
        }
    }

    /// The private key in the block, to be freed by the caller; nil when it is damaged.
    func privateKey() -> OpaquePointer? {
        content.withUnsafeBufferPointer { buffer in
            var start = buffer.baseAddress
            return d2i_AutoPrivateKey(nil, &start, buffer.count)
        }
    }
}
