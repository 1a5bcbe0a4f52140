import COpenSSL

/// Message digests.
public enum Digest {
    /// SHA-256 (FIPS 180-4): 32 bytes.
    public static func sha256(_ bytes: some Collection<UInt8>) -> [UInt8] {
        let input = Array(bytes)
        return [UInt8](unsafeUninitializedCapacity: Int(SHA256_DIGEST_LENGTH)) { output, count in
            _ = SHA256(input, input.count, output.baseAddress)
            count = Int(SHA256_DIGEST_LENGTH)
        }
    }

    /// SHA-1 (FIPS 180-4): 20 bytes. Only for comparing with what others have hashed so.
    static func sha1(_ bytes: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Int(SHA_DIGEST_LENGTH)) { output, count in
            _ = SHA1(bytes, bytes.count, output.baseAddress)
            count = Int(SHA_DIGEST_LENGTH)
        }
    }
}
