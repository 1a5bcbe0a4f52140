/// An IPv4 or IPv6 network in CIDR notation; an address alone is a network of one.
public struct IPNetwork: Hashable, Sendable, CustomStringConvertible {
    /// The network's address, 4 or 16 bytes, host bits cleared.
    public let bytes: [UInt8]
    public let prefixLength: Int

    /// Reads `10.0.0.0/8`, `10.1.2.3`, `2001:db8::/32`; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = parts.first, var parsed = IPAddress(String(address))?.bytes else { return nil }
        var length = parsed.count * 8
        if parts.count == 2 {
            guard !parts[1].isEmpty, parts[1].utf8.allSatisfy({ (48...57).contains($0) }), let given = Int(parts[1]),
                given <= length
            else { return nil }
            length = given
        }
        // An IPv4 network written in IPv6 is that IPv4 network: clients that arrive so are compared as IPv4 too.
        if length >= 96, parsed.count == 16, parsed.prefix(10).allSatisfy({ $0 == 0 }), parsed[10] == 0xff, parsed[11] == 0xff {
            parsed = Array(parsed.suffix(4))
            length -= 96
        }
        prefixLength = length
        bytes = parsed.enumerated().map { index, byte in
            let bits = min(8, max(0, length - index * 8))
            return byte & ~(bits == 8 ? 0 : UInt8(0xff) >> UInt8(bits))
        }
    }

    public var isIPv6: Bool { bytes.count == 16 }

    public var description: String {
        let address = IPAddress(bytes: bytes)?.description ?? ""
        return prefixLength == bytes.count * 8 ? address : "\(address)/\(prefixLength)"
    }

    /// The family (`4:` or `6:`) and the fixed leading hexadecimal digits, one string for each digit that the prefix ends in.
    var hexPrefixes: [String] {
        let digits = bytes.flatMap { [$0 >> 4, $0 & 0xf] }
        let family = isIPv6 ? "6:" : "4:"
        let whole = prefixLength / 4
        let fixed = family + digits.prefix(whole).map { String($0, radix: 16, uppercase: true) }.joined()
        let rest = prefixLength % 4
        guard rest > 0 else { return [fixed] }
        let first = digits[whole]
        return (first..<(first + (1 << UInt8(4 - rest)))).map { fixed + String($0, radix: 16, uppercase: true) }
    }
}
