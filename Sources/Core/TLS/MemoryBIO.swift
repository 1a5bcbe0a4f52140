import COpenSSL

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
    guard body(bio) > 0 else {
        ERR_clear_error()
        return []
    }
    var bytes: UnsafeMutablePointer<CChar>?
    let count = shim_bio_memory(bio, &bytes)
    guard count > 0, let bytes else { return [] }
    return Array(UnsafeRawBufferPointer(start: bytes, count: count))
}
