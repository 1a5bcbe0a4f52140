import Glibc

/// An address that a starting HAProxy could not listen on: the one thing about a configuration that no check sees.
public struct ListenerFailure: Hashable, Sendable {
    /// The frontend that has the address.
    public let frontend: String
    /// HAProxy's words, such as `cannot bind socket (Address already in use) for [127.0.0.1:5432]`.
    public let reason: String

    /// Reads a line such as `[ALERT] (9) : Binding [haproxy.cfg:18] for frontend tcp-5432: cannot bind socket (Address already
    /// in use) for [127.0.0.1:5432]`, or the same with `Starting frontend` as older releases have it; nil for other output.
    init?(line: String) {
        guard let problem = CheckProblem(line: line), problem.severity == .alert,
            let range = problem.message.firstRange(of: "frontend ")
        else { return nil }
        let rest = problem.message[range.upperBound...]
        // Newer releases name the protocol in between.
        guard let colon = rest.firstIndex(of: ":"), let words = rest[colon...].firstRange(of: "cannot bind") else { return nil }
        frontend = String(rest[..<colon])
        reason = String(rest[words.lowerBound...])
    }

    /// The failure that HAProxy would meet with a `bind` line; nil for other lines, and where it would listen.
    init?(ofBind line: String, frontend: String) {
        let words = line.split(separator: " ")
        guard words.count > 1, words[0] == "bind" else { return nil }
        self.frontend = frontend
        reason = "cannot bind socket (Address already in use) for [\(words[1])]"
        guard isOver == false else { return nil }
    }

    /// All failures in HAProxy's output.
    static func all(in lines: [String]) -> [ListenerFailure] { lines.compactMap { ListenerFailure(line: $0) } }

    /// Whether the address can be listened on by now; nil when that cannot be tried.
    var isOver: Bool? {
        guard let open = reason.lastIndex(of: "["), let close = reason.lastIndex(of: "]"), open < close else { return nil }
        let address = reason[reason.index(after: open)..<close]
        guard let colon = address.lastIndex(of: ":"), let port = UInt16(address[address.index(after: colon)...]) else {
            return nil
        }
        return Self.canListen(address: String(address[..<colon]), port: port)
    }

    /// Tries as HAProxy does: other sockets that share the port by SO_REUSEPORT are no obstacle.
    private static func canListen(address: String, port: UInt16) -> Bool? {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address, String(port), &hints, &found) == 0, let info = found else { return nil }
        defer { freeaddrinfo(found) }
        let descriptor = socket(info.pointee.ai_family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var options = [(SOL_SOCKET, SO_REUSEADDR), (SOL_SOCKET, SO_REUSEPORT)]
        if info.pointee.ai_family == AF_INET6 { options.append((Int32(IPPROTO_IPV6), IPV6_V6ONLY)) }
        for (level, option) in options {
            var on: Int32 = 1
            setsockopt(descriptor, level, option, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        return bind(descriptor, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0 && listen(descriptor, 1) == 0
    }
}
