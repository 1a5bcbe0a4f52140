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

    /// 16 lower-case hexadecimal digits.
    public static func make(_ parts: String...) -> String { make(parts) }

    static func hexadecimal(_ bytes: some Collection<UInt8>) -> String {
        String(unsafeUninitializedCapacity: bytes.count * 2) { text in
            var count = 0
            for byte in bytes {
                text[count] = digit(byte >> 4)
                text[count + 1] = digit(byte & 15)
                count += 2
            }
            return count
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value + (value < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10) }
}
