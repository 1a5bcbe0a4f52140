/// What decides about a request's way: who it asks for, over which connection.
public struct RequestOutline: Hashable, Sendable {
    /// The Host header as it is sent, with a port where the client names one.
    public var authority: String
    /// As it is sent, without query.
    public var path: String
    /// As it is sent, with its question mark; empty where there is none.
    public var query: String
    /// The name of the TLS handshake (SNI) in lower case; nil for a request without TLS. Clients send no final dot there.
    public var serverName: String?

    /// - Parameters:
    ///   - authority: the Host header.
    ///   - serverName: the name of the TLS handshake where it is not that of the Host header: HTTP/2 clients ask for several hosts
    ///     over one connection.
    public init(authority: String, path: String, query: String = "", isTLS: Bool, serverName: String? = nil) {
        self.authority = authority
        self.path = path
        self.query = query
        self.serverName = isTLS ? serverName?.lowercased() ?? Self.host(of: authority) : nil
    }

    public var isTLS: Bool { serverName != nil }

    /// The host that maps are asked for: in lower case, without port and final dots, as the frontends make it of the Host header.
    public var host: String { Self.host(of: authority) }

    private static func host(of authority: String) -> String {
        var host = authority.lowercased()[...]
        if let colon = host.lastIndex(of: ":"), host[host.index(after: colon)...].allSatisfy({ ("0"..."9").contains($0) }) {
            host = host[..<colon]
        }
        while host.hasSuffix(".") { host = host.dropLast() }
        return String(host)
    }

    /// The host and its port, unless that is the one that its scheme has anyway.
    public var authorityWithoutUsualPort: String {
        let digits = authority.reversed().prefix { ("0"..."9").contains($0) }
        guard authority.dropLast(digits.count).last == ":", let port = Int(String(digits.reversed())), port != 0,
            port != (isTLS ? 443 : 80)
        else { return host }
        return "\(host):\(port)"
    }

    /// Whether the host is one that a name or an address can be: others are answered 400 unless a rule names them.
    var namesHost: Bool {
        if host.hasPrefix("["), host.hasSuffix("]") {
            return host.utf8.count > 2 && host.dropFirst().dropLast().allSatisfy { "0123456789abcdef:.".contains($0) }
        }
        return host.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "._-".utf8.contains(byte)
            }
        }
    }
}

/// How HAProxy answers a request.
public enum RequestAnswer: Hashable, Sendable {
    /// A pod answers, one of those behind the backend.
    case pods(backend: String)
    /// TLS goes through to the pods behind the backend.
    case passedThrough(backend: String)
    /// The connection is closed, and why.
    case closedConnection(String)
    /// HAProxy sends the client elsewhere.
    case redirect(status: Int, location: String)
    /// HAProxy itself answers, and why.
    case status(Int, String)
}
