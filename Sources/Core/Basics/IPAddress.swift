/// An IPv4 or IPv6 address as a value. Its text is made from the value, so that nobody reads anything else in it than we did.
///
/// The accepted spellings are those of RFC 4291, section 2.2, and dotted quads without leading zeros: what POSIX `inet_pton` takes.
public struct IPAddress: Hashable, Sendable, CustomStringConvertible {
    public let isIPv6: Bool
    /// The first 8 bytes of an IPv6 address; 0 for IPv4.
    private let high: UInt64
    private let low: UInt64

    private init(isIPv6: Bool, high: UInt64, low: UInt64) {
        self.isIPv6 = isIPv6
        self.high = high
        self.low = low
    }

    /// Reads an address; nil for anything else, such as a zone, a port, brackets, blanks or another notation of numbers.
    public init?(_ text: String) {
        // `ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255`
        guard text.utf8.count <= 45 else { return nil }
        let bytes = Array(text.utf8)
        if let value = Self.ipv4(bytes[...]) {
            self.init(isIPv6: false, high: 0, low: UInt64(value))
        } else if let groups = Self.ipv6(bytes) {
            self.init(groups)
        } else {
            return nil
        }
    }

    /// - Parameter bytes: 4 or 16 of them, in the order of the network; nil for another number.
    public init?(bytes: some Collection<UInt8>) {
        func number(_ bytes: some Collection<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: self.init(isIPv6: false, high: 0, low: number(bytes))
        case 16: self.init(isIPv6: true, high: number(bytes.prefix(8)), low: number(bytes.suffix(8)))
        default: return nil
        }
    }

    private init(_ groups: [UInt16]) {
        func number(_ groups: ArraySlice<UInt16>) -> UInt64 { groups.reduce(0) { $0 << 16 | UInt64($1) } }
        self.init(isIPv6: true, high: number(groups.prefix(4)), low: number(groups.suffix(4)))
    }

    /// 4 or 16 bytes, in the order of the network.
    public var bytes: [UInt8] {
        func bytes(_ number: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * (count - 1 - $0))) }
        }
        return isIPv6 ? bytes(high, 8) + bytes(low, 8) : bytes(low, 4)
    }

    /// Whether the leading bits are those of another address of the same family.
    func hasPrefix(_ prefix: IPAddress, length: Int) -> Bool {
        guard isIPv6 == prefix.isIPv6 else { return false }
        func isEqual(_ a: UInt64, _ b: UInt64, _ bits: Int) -> Bool { bits <= 0 || (a ^ b) >> UInt64(64 - min(bits, 64)) == 0 }
        guard isIPv6 else { return isEqual(low << 32, prefix.low << 32, length) }
        return isEqual(high, prefix.high, length) && isEqual(low, prefix.low, length - 64)
    }

    /// The IPv4 address that is written in IPv6 (RFC 4291, section 2.5.5.2): connections to the one are connections to the other.
    public var mappedIPv4: IPAddress? {
        guard isIPv6, high == 0, low >> 32 == 0xffff else { return nil }
        return IPAddress(isIPv6: false, high: 0, low: low & 0xffff_ffff)
    }

    /// As RFC 5952 recommends: dotted, or lower-case hexadecimal with `::` for the longest run of zeros.
    public var description: String {
        guard isIPv6 else { return Self.dotted(UInt32(low)) }
        let groups = (0..<8).map { index in
            UInt16(truncatingIfNeeded: (index < 4 ? high : low) >> UInt64(16 * (3 - index % 4)))
        }
        var run = 0..<0
        var start = 0
        for index in 0...8 where index == 8 || groups[index] != 0 {
            if index - start > max(run.count, 1) { run = start..<index }
            start = index + 1
        }
        // IPv4 written in IPv6, in its two forms.
        if run.lowerBound == 0, run.count == 6 || run.count == 5 && groups[5] == 0xffff {
            return (run.count == 6 ? "::" : "::ffff:") + Self.dotted(UInt32(truncatingIfNeeded: low))
        }
        func text(_ groups: ArraySlice<UInt16>) -> String { groups.map { String($0, radix: 16) }.joined(separator: ":") }
        guard !run.isEmpty else { return text(groups[...]) }
        return text(groups[..<run.lowerBound]) + "::" + text(groups[run.upperBound...])
    }

    private static func dotted(_ value: UInt32) -> String {
        "\(value >> 24).\(value >> 16 & 0xff).\(value >> 8 & 0xff).\(value & 0xff)"
    }

    // MARK: - Reading

    private static func ipv4(_ text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            // A leading zero means octal to some.
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
            var number: UInt32 = 0
            for byte in part {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                number = number * 10 + UInt32(byte - UInt8(ascii: "0"))
            }
            guard number <= 255 else { return nil }
            value = value << 8 | number
        }
        return value
    }

    private static func ipv6(_ text: [UInt8]) -> [UInt16]? {
        let colon = UInt8(ascii: ":")
        let gap = text.indices.dropLast().first { text[$0] == colon && text[$0 + 1] == colon }
        guard let gap else { return groups(text[...], mayEndInIPv4: true).flatMap { $0.count == 8 ? $0 : nil } }
        guard let head = groups(text[..<gap], mayEndInIPv4: false),
            let tail = groups(text[(gap + 2)...], mayEndInIPv4: true), head.count + tail.count < 8
        else { return nil }
        return head + [UInt16](repeating: 0, count: 8 - head.count - tail.count) + tail
    }

    /// The groups between single colons; none for an empty text.
    private static func groups(_ text: ArraySlice<UInt8>, mayEndInIPv4: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if mayEndInIPv4, index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let value = ipv4(part) else { return nil }
                groups += [UInt16(value >> 16), UInt16(truncatingIfNeeded: value)]
                continue
            }
            guard (1...4).contains(part.count) else { return nil }
            var group: UInt16 = 0
            for byte in part {
                guard let digit = digit(byte) else { return nil }
                group = group << 4 | digit
            }
            groups.append(group)
        }
        return groups
    }

    private static func digit(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}

extension IPAddress {
    /// Leading bits that addresses have in common.
    struct Prefix: CustomStringConvertible {
        let address: IPAddress
        let length: Int

        fileprivate init(_ high: UInt64, _ length: Int) {
            address = IPAddress(isIPv6: true, high: high, low: 0)
            self.length = length
        }

        fileprivate init(ipv4 value: UInt64, _ length: Int) {
            address = IPAddress(isIPv6: false, high: 0, low: value)
            self.length = length
        }

        init(_ address: IPAddress) { (self.address, length) = (address, address.isIPv6 ? 128 : 32) }

        /// In CIDR notation.
        var description: String { "\(address)/\(length)" }
    }

    static let unspecified = IPAddress(isIPv6: false, high: 0, low: 0)
    static let unspecifiedIPv6 = IPAddress(isIPv6: true, high: 0, low: 0)
    static let loopback = IPAddress(isIPv6: false, high: 0, low: 0x7f00_0001)
    static let loopbackIPv6 = IPAddress(isIPv6: true, high: 0, low: 1)

    /// What no server can have: unspecified addresses, which lead to this host, multicast and broadcast.
    static let unusable = [
        Prefix(ipv4: 0, 8), Prefix(ipv4: 0xe000_0000, 4), Prefix(ipv4: 0xf000_0000, 4), Prefix(unspecifiedIPv6),
        Prefix(0xff << 56, 8),
    ]
    /// Loopback and link-local addresses: this host and its neighbours, such as the metadata service of a cloud.
    static let local = [
        Prefix(ipv4: 0x7f00_0000, 8), Prefix(ipv4: 0xa9fe_0000, 16), Prefix(loopbackIPv6), Prefix(0xfe80 << 48, 10),
    ]

    /// The addresses that lead to this host and nowhere else.
    static let loopbackNetworks = [local[0], local[2]]

    /// Looks at the IPv4 address where one is written in IPv6.
    func isIn(_ prefixes: [Prefix]) -> Bool {
        let address = mappedIPv4 ?? self
        return prefixes.contains { address.hasPrefix($0.address, length: $0.length) }
    }

    var isLoopback: Bool { isIn(Self.loopbackNetworks) }
    public var isUnspecified: Bool { isIn([Self.unusable[0], Self.unusable[3]]) }
}
