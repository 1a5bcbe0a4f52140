import COpenSSL

/// Message digests.
public enum Digest {
    /// SHA-256 (FIPS 180-4): 32 bytes.
    public static func sha256(_ bytes: some Collection<UInt8>) -> [UInt8] {
        let input = Array(bytes)
        var output = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        _ = SHA256(input, input.count, &output)
        return output
    }
}

/// Short identifiers that are the same in every process for the same parts.
///
/// They come from SHA-256, because tenants choose the parts and must not be able to make two sets of parts collide.
public enum StableID {
    /// 16 lower-case hexadecimal digits.
    public static func make(_ parts: some Sequence<String>) -> String {
        var bytes: [UInt8] = []
        for part in parts {
            // The length in front keeps ("ab", "c") and ("a", "bc") apart.
            let utf8 = part.utf8
            bytes.append(contentsOf: String(utf8.count).utf8)
            bytes.append(UInt8(ascii: ":"))
            bytes.append(contentsOf: utf8)
        }
        return hexadecimal(Digest.sha256(bytes).prefix(8))
    }

    public static func make(_ parts: String...) -> String { make(parts) }

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
