import Core

/// Where clients are sent: a host, and a scheme where it is not to be that of the request.
struct RedirectTarget: Hashable, Sendable, CustomStringConvertible {
    enum Scheme: String, CaseIterable {
        case http, https

        /// The port that a host has without naming one (RFC 9110, section 4.2).
        var usualPort: Int { self == .http ? 80 : 443 }
    }

    /// nil for that of the request.
    let scheme: Scheme?
    let host: HostAndPort

    /// Reads `www.example.com`, `www.example.com:8443`, `https://www.example.com`.
    init?(_ text: String) {
        let lowercased = text.lowercased()
        scheme = Scheme.allCases.first { lowercased.hasPrefix("\($0)://") }
        let prefix = scheme.map { "\($0)://".count } ?? 0
        guard let host = HostAndPort(String(text.dropFirst(prefix))) else { return nil }
        self.host = host
    }

    var description: String { (scheme.map { "\($0)://" } ?? "") + host.description }
}

extension ValueType where Value == RedirectTarget {
    /// `HOST` or `HOST:PORT`, with or without `http://` or `https://` in front.
    static let redirectTarget = ValueType(
        name: "[SCHEME://]HOST[:PORT]",
        expected:
            "a host name or address, with a port where it is not the usual one, and with http:// or https:// in front where the "
            + "scheme is to be another one than that of the request",
        example: "www.example.com"
    ) { text in
        if let target = RedirectTarget(text) { return target }
        if let end = text.firstRange(of: "://") {
            let scheme = text[..<end.lowerBound].lowercased()
            guard RedirectTarget.Scheme(rawValue: scheme) != nil else {
                throw ValueError("has the scheme \(scheme.quotedForPeople), which is neither http nor https")
            }
            let rest = text[end.upperBound...]
            if rest.contains("/") { throw ValueError("has a path; the path of the request is kept") }
        }
        throw ValueError(
            text.hasPrefix(":") || (!text.isEmpty && text.allSatisfy(\.isNumber)) ? "is a port without a host" : "is not a host")
    }
}
