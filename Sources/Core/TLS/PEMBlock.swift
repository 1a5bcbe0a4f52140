import COpenSSL

/// A block of a PEM text (RFC 7468), decoded from Base64 but not further.
struct PEMBlock {
    /// What is between `BEGIN` and the dashes, such as "CERTIFICATE".
    let label: String
    /// Empty where the block is damaged.
    let content: [UInt8]
    /// Whether the block's headers say that its content is encrypted, as OpenSSL's old key format does.
    let isEncrypted: Bool

    var isCertificate: Bool { label == PEM_STRING_X509 || label == PEM_STRING_X509_OLD }
    var isPrivateKey: Bool { label.hasSuffix("PRIVATE KEY") }

    /// The blocks of a text in order; a block that does not end, or is not Base64, is the last one and has no content.
    static func all(in text: [UInt8]) -> [PEMBlock] {
        withBIO(reading: text) { bio in
            var blocks: [PEMBlock] = []
            while true {
                var name: UnsafeMutablePointer<CChar>?
                var header: UnsafeMutablePointer<CChar>?
                var bytes: UnsafeMutablePointer<UInt8>?
                var count = 0
                guard PEM_read_bio(bio, &name, &header, &bytes, &count) == 1 else { break }
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
            return d2i_X509(nil, &start, buffer.count)
        }
    }
}
