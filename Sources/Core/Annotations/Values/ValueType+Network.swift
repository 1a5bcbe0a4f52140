/// Networks, written out or kept in a pattern file of the operator's.
public enum AddressSource: Hashable, Sendable {
    case networks([IPNetwork])
    /// A key of the ConfigMap named by `--configmap-patternfiles`.
    case patternFile(String)
}

extension ValueType where Value == [IPNetwork] {
    /// Addresses and networks, separated by commas or white space.
    public static let networks = ValueType(
        name: "CIDR list", expected: "IP addresses or CIDR networks, separated by commas", example: "10.0.0.0/8,192.168.1.7"
    ) { text in
        let words = text.split { $0 == "," || $0.isWhitespace }
        guard !words.isEmpty else { throw ValueError("names no network") }
        return try words.map { word in
            guard let network = IPNetwork(String(word)) else {
                throw ValueError("holds \(String(word).quotedForPeople), which is neither an IP address nor a CIDR network")
            }
            return network
        }
    }
}

extension ValueType where Value == AddressSource {
    /// Addresses and networks, or `patterns/NAME`.
    public static let addresses = ValueType(
        name: "CIDR list or patterns/FILE",
        expected: "IP addresses or CIDR networks, separated by commas, or patterns/NAME for a list of --configmap-patternfiles",
        example: "10.0.0.0/8,192.168.1.7"
    ) { text in
        guard text.hasPrefix("patterns/") else { return .networks(try ValueType<[IPNetwork]>.networks.parse(text)) }
        let name = String(text.dropFirst("patterns/".count))
        guard name.isFileName else { throw ValueError("names no pattern file") }
        return .patternFile(name)
    }
}

extension ValueType where Value == SecretReference {
    /// `name` or `namespace/name`.
    public static let secret = ValueType(
        name: "[namespace/]secret", expected: "the name of a Secret, with its namespace in front where it is another one",
        example: "shop-users"
    ) { text in
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (1...2).contains(parts.count), parts.allSatisfy(\.isDNSSubdomain) else {
            throw ValueError("is not the name of a Secret")
        }
        return parts.count == 2 ? SecretReference(namespace: parts[0], name: parts[1]) : SecretReference(name: parts[0])
    }
}

/// A host name or address with an optional port.
public struct HostAndPort: Hashable, Sendable, CustomStringConvertible {
    public let host: String
    public let port: Int?

    /// Reads `example.com`, `example.com:8443`, `192.0.2.1:80`, `[2001:db8::1]:80`.
    public init?(_ text: String) {
        var rest = text[...]
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            guard IPNetwork(String(text[text.index(after: text.startIndex)..<end]))?.isIPv6 == true else { return nil }
            host = String(text[...end])
            rest = text[text.index(after: end)...]
        } else {
            let name = text.prefix { $0 != ":" }
            // A number alone is a port whose host was forgotten; browsers would take it for an IPv4 address.
            guard String(name).lowercased().isDNSSubdomain, String(name).wholeNumber == nil else { return nil }
            host = String(name)
            rest = text.dropFirst(name.count)
        }
        guard !rest.isEmpty else {
            port = nil
            return
        }
        guard rest.hasPrefix(":"), let number = String(rest.dropFirst()).wholeNumber, (1...65_535).contains(number) else {
            return nil
        }
        port = number
    }

    public var description: String { port.map { "\(host):\($0)" } ?? host }
}

extension ValueType where Value == HostAndPort {
    /// `HOST` or `HOST:PORT`.
    public static let hostAndPort = ValueType(
        name: "HOST or HOST:PORT", expected: "a host name or address, with a port where it is not the usual one",
        example: "www.example.com"
    ) { text in
        guard let value = HostAndPort(text) else {
            throw ValueError(text.hasPrefix(":") || text.wholeNumber != nil ? "is a port without a host" : "is not a host")
        }
        return value
    }
}

extension String {
    /// A DNS-1123 subdomain: labels of lower-case letters, digits and inner hyphens, joined by dots; 253 characters at most.
    public var isDNSSubdomain: Bool {
        guard !isEmpty, utf8.count <= 253 else { return false }
        return split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            guard !label.isEmpty, label.first != "-", label.last != "-" else { return false }
            return label.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
                default: false
                }
            }
        }
    }

    /// A plain file name as ConfigMap keys are: letters, digits, `-`, `_` and `.`, not beginning with a dot.
    var isFileName: Bool {
        !isEmpty && first != "." && utf8.count <= 253
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}
