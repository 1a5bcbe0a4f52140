import Core

/// A place that HAProxy writes log lines to: a line of syslog-server.
struct LogTarget: Hashable, Sendable {
    enum Address: Hashable, Sendable {
        /// UDP. There are no names: HAProxy asks DNS for them each time that it reads a configuration, and waits for the answer.
        case network(String, port: Int)
        /// The path of a datagram socket, such as `/dev/log`.
        case socket(String)
        case standardOutput
    }

    let address: Address
    var facility = "local0"
    var format: String?
    var length: Int?
    /// The least severe lines that are sent; nil for all.
    var level: String?
    var minimumLevel: String?
    /// Needless parts of its line, of which the operator is told.
    fileprivate(set) var oddities: [String] = []

    /// The `log` line (configuration manual, section 4.2).
    var line: Directive {
        let options = (length.map { " len \($0)" } ?? "") + (usedFormat.map { " format \($0)" } ?? "")
        // The second level counts only behind the first, which is `debug` where all lines are meant.
        let level = level ?? minimumLevel.map { _ in "debug" }
        let levels = [facility, level, minimumLevel].compactMap { $0 }.joined(separator: " ")
        return "log \(place)\(raw: options) \(raw: levels)"
    }

    /// Whether the lines of requests, which have the level `info`, are sent.
    var takesRequests: Bool { level.map { ["info", "debug"].contains($0) } ?? true }

    /// Whoever reads standard output puts time and origin to each line already.
    private var usedFormat: String? { format ?? (address == .standardOutput ? "raw" : nil) }

    private var place: String {
        switch address {
        case .network(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .socket(let path): path
        case .standardOutput: "stdout"
        }
    }
}

extension LogTarget {
    static let facilities = [
        "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "auth2", "ftp", "ntp", "audit",
        "alert",
        "cron2", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
    ]
    static let formats = ["local", "rfc3164", "rfc5424", "priority", "short", "timed", "iso", "raw"]
    /// The most severe first.
    static let levels = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]
    private static let keys = ["address", "port", "facility", "format", "length", "level", "minlevel"]

    /// Reads `address:10.0.0.5, port:514, facility:local0`. As in the Go controller, commas without a pair between them and the port of
    /// standard output are passed over.
    ///
    /// - Throws: ``ValueError``.
    init(_ line: String) throws {
        var fields: [String: String] = [:]
        var hasEmptyPair = false
        for pair in line.split(separator: ",", omittingEmptySubsequences: false) {
            guard !pair.allSatisfy(\.isWhitespace) else {
                hasEmptyPair = true
                continue
            }
            let parts = pair.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let key = Self.trimmed(parts[0])
            guard Self.keys.contains(key) else {
                throw ValueError("holds \(key.quotedForPeople), which is none of \(Self.keys.joined(separator: ", "))")
            }
            guard parts.count == 2, !Self.trimmed(parts[1]).isEmpty else { throw ValueError("gives no \(key)") }
            guard fields.updateValue(Self.trimmed(parts[1]), forKey: key) == nil else { throw ValueError("gives \(key) twice") }
        }
        if hasEmptyPair { oddities.append("has a comma without a pair") }
        if fields["address"] == "stdout", fields.removeValue(forKey: "port") != nil {
            oddities.append("gives a port, which stdout does not have")
        }
        address = try Self.address(fields["address"], port: fields["port"])
        facility = try Self.word("facility", in: fields, of: Self.facilities) ?? facility
        format = try Self.word("format", in: fields, of: Self.formats)
        level = try Self.word("level", in: fields, of: Self.levels)
        minimumLevel = try Self.word("minlevel", in: fields, of: Self.levels)
        length = try fields["length"].map { text in
            guard let length = Int(text), (80...65_535).contains(length) else {
                throw ValueError("holds length \(text.quotedForPeople), which is not a number from 80 to 65535")
            }
            return length
        }
    }

    private static func address(_ text: String?, port: String?) throws -> Address {
        guard let text else { throw ValueError("gives no address") }
        let isNetwork = text != "stdout" && !text.hasPrefix("/")
        guard isNetwork || port == nil else { throw ValueError("gives a port, which only a network address has") }
        if text == "stdout" { return .standardOutput }
        if text.hasPrefix("/") {
            let isPlain = text.utf8.allSatisfy { byte in
                "/-_.".utf8.contains(byte) || (byte < 0x80 && Character(Unicode.Scalar(byte)).isLetter)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            }
            guard isPlain, text.utf8.count <= 97 else {
                throw ValueError("holds address \(text.quotedForPeople), which is not the path of a socket")
            }
            return .socket(text)
        }
        // The name that needs no DNS.
        let host = text.lowercased() == "localhost" ? "127.0.0.1" : text
        guard !host.contains("/"), IPNetwork(host) != nil else {
            let names = host.lowercased().isDNSSubdomain && !["stderr", "stdin"].contains(host)
            throw ValueError(
                names
                    ? "holds the host name \(text.quotedForPeople), which HAProxy would look up whenever it reads a configuration; "
                        + "give an IP address, such as the clusterIP of a Service"
                    : "holds address \(text.quotedForPeople), which is neither stdout nor an IP address or the path of a socket")
        }
        let number = port.map { Int($0) } ?? 514
        guard let number, (1...65_535).contains(number) else {
            throw ValueError("holds port \((port ?? "").quotedForPeople), which is not a number from 1 to 65535")
        }
        return .network(host, port: number)
    }

    private static func word(_ key: String, in fields: [String: String], of words: [String]) throws -> String? {
        guard let word = fields[key] else { return nil }
        guard words.contains(word) else {
            throw ValueError("holds \(key) \(word.quotedForPeople), which is none of \(words.joined(separator: ", "))")
        }
        return word
    }

    private static func trimmed(_ text: Substring) -> String {
        String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}

extension ValueType where Value == [LogTarget] {
    /// One target a line.
    static let logTargets = ValueType(
        name: "lines of key:value pairs",
        expected: "one log target a line: comma-separated key:value pairs of address, port, facility, format, length, level and "
            + "minlevel, of which address is needed",
        example: "address:10.0.0.5, port:514, facility:local1, level:info"
    ) { text in
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let targets = try lines.enumerated().compactMap { number, line -> LogTarget? in
            guard !line.allSatisfy(\.isWhitespace) else { return nil }
            func placed(_ message: String) -> String { lines.count == 1 ? message : "in line \(number + 1) \(message)" }
            do {
                var target = try LogTarget(String(line))
                target.oddities = target.oddities.map(placed)
                return target
            } catch let error as ValueError { throw ValueError(placed(error.message)) }
        }
        guard !targets.isEmpty else { throw ValueError("names no target") }
        return targets
    }
}
