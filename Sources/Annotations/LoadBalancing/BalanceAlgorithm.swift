import Core

/// A load-balancing algorithm with its arguments (HAProxy configuration manual, section 4.2, `balance`).
enum BalanceAlgorithm: Hashable, Sendable {
    case roundrobin
    case staticRoundrobin
    case leastconn
    case first
    case source
    case random(draws: Int?)
    case uri(URIArguments)
    case urlParameter(name: String, searchesBody: Bool)
    case header(name: String, domainOnly: Bool)
    case rdpCookie(name: String?)
    case hash(SampleExpression)

    struct URIArguments: Hashable, Sendable {
        var length: Int?
        var depth: Int?
        var isWhole = false
        var isPathOnly = false
    }

    /// The `balance` line. Names are validated tokens, which need no quotes.
    var line: Directive {
        switch self {
        case .roundrobin: return "balance roundrobin"
        case .staticRoundrobin: return "balance static-rr"
        case .leastconn: return "balance leastconn"
        case .first: return "balance first"
        case .source: return "balance source"
        case .random(nil): return "balance random"
        case .random(let draws?): return "balance random(\(draws))"
        case .uri(let arguments):
            var words = ["balance", "uri"]
            if let length = arguments.length { words += ["len", String(length)] }
            if let depth = arguments.depth { words += ["depth", String(depth)] }
            if arguments.isWhole { words.append("whole") }
            if arguments.isPathOnly { words.append("path-only") }
            return "\(raw: words.joined(separator: " "))"
        case .urlParameter(let name, let searchesBody):
            return searchesBody ? "balance url_param \(name) check_post" : "balance url_param \(name)"
        case .header(let name, let domainOnly):
            return domainOnly ? "balance hdr(\(raw: name)) use_domain_only" : "balance hdr(\(raw: name))"
        case .rdpCookie(nil): return "balance rdp-cookie"
        case .rdpCookie(let name?): return "balance rdp-cookie(\(raw: name))"
        case .hash(let expression): return "balance hash \(expression)"
        }
    }

    /// Whether the algorithm chooses by a hash, whose `hash-type` then matters.
    var isHash: Bool {
        switch self {
        case .source, .uri, .urlParameter, .header, .rdpCookie, .hash: true
        case .roundrobin, .staticRoundrobin, .leastconn, .first, .random: false
        }
    }

    /// Whether the algorithm reads the request, which HAProxy does not see in TCP mode.
    var needsHTTP: Bool {
        switch self {
        case .uri, .urlParameter, .header: true
        case .hash(let expression): expression.needsHTTP
        case .roundrobin, .staticRoundrobin, .leastconn, .first, .source, .random, .rdpCookie: false
        }
    }

    /// Whether servers can be added while HAProxy runs; hashes are made `consistent` for that.
    var acceptsDynamicServers: Bool { self != .staticRoundrobin }
}

extension ValueType where Value == BalanceAlgorithm {
    /// An algorithm of HAProxy's `balance`.
    static let balance = ValueType(
        name: "balance algorithm",
        expected: """
            roundrobin, static-rr, leastconn, first, source, random, random(DRAWS), uri [len N] [depth N] [whole] [path-only], \
            url_param NAME [check_post], hdr(NAME) [use_domain_only], rdp-cookie, rdp-cookie(NAME) or hash EXPRESSION
            """,
        example: "leastconn"
    ) { try BalanceAlgorithm($0) }.checkedByHAProxy()
}

extension BalanceAlgorithm {
    /// - Throws: ``ValueError``.
    init(_ text: String) throws {
        var words = text.split(whereSeparator: \.isWhitespace).map(String.init)[...]
        guard let first = words.popFirst() else { throw ValueError("is empty") }
        let (name, argument) = try Self.call(first)
        switch (name, argument) {
        case ("roundrobin", nil): self = .roundrobin
        case ("static-rr", nil): self = .staticRoundrobin
        case ("leastconn", nil): self = .leastconn
        case ("first", nil): self = .first
        case ("source", nil): self = .source
        case ("random", nil): self = .random(draws: nil)
        case ("random", let draws?): self = .random(draws: try Self.number(draws, after: "random"))
        case ("uri", nil): self = .uri(try Self.uriArguments(&words))
        case ("url_param", nil):
            guard let parameter = words.popFirst() else { throw ValueError("names no parameter after url_param") }
            self = .urlParameter(
                name: try Self.token(parameter, of: "URL parameter"), searchesBody: try Self.takeCheckPost(&words))
        case ("hdr", let header?):
            let domainOnly = words.first == "use_domain_only"
            if domainOnly { words.removeFirst() }
            self = .header(name: try Self.token(header, of: "header"), domainOnly: domainOnly)
        case ("rdp-cookie", nil): self = .rdpCookie(name: nil)
        case ("rdp-cookie", let cookie?): self = .rdpCookie(name: try Self.token(cookie, of: "cookie"))
        case ("hash", nil):
            guard let expression = words.popFirst() else { throw ValueError("names no expression after hash") }
            self = .hash(try SampleExpression(expression))
        case ("hdr", nil): throw ValueError("names no header: write hdr(NAME)")
        case (_, .some)
        where ["roundrobin", "static-rr", "leastconn", "first", "source", "uri", "url_param", "hash"].contains(name):
            throw ValueError("gives \(name) an argument in parentheses")
        default: throw ValueError("is not a load-balancing algorithm")
        }
        if let extra = words.first { throw ValueError("holds \(extra.quotedForPeople), which \(name) does not know") }
    }

    /// `name` or `name(argument)`.
    private static func call(_ word: String) throws -> (name: String, argument: String?) {
        guard let open = word.firstIndex(of: "(") else { return (word, nil) }
        guard word.last == ")" else { throw ValueError("does not close a parenthesis") }
        return (String(word[..<open]), String(word[word.index(after: open)...].dropLast()))
    }

    private static func uriArguments(_ words: inout ArraySlice<String>) throws -> URIArguments {
        var arguments = URIArguments()
        while let word = words.first {
            switch word {
            case "len" where arguments.length == nil: arguments.length = try number(words.dropFirst().first, after: "len")
            case "depth" where arguments.depth == nil: arguments.depth = try number(words.dropFirst().first, after: "depth")
            case "whole": arguments.isWhole = true
            case "path-only": arguments.isPathOnly = true
            default: return arguments
            }
            words.removeFirst(word == "len" || word == "depth" ? 2 : 1)
        }
        return arguments
    }

    /// `check_post` and its limit, which HAProxy ignores since 2.5.
    private static func takeCheckPost(_ words: inout ArraySlice<String>) throws -> Bool {
        guard words.first == "check_post" else { return false }
        words.removeFirst()
        if let limit = words.popFirst() { _ = try number(limit, after: "check_post") }
        return true
    }

    private static func number(_ text: String?, after word: String) throws -> Int {
        guard let text, !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int32(text), number >= 1
        else {
            throw ValueError("needs a whole number of at least 1 after \(word)")
        }
        return Int(number)
    }

    /// A name that cannot be read as anything but one argument in parentheses.
    private static func token(_ text: String, of kind: String) throws -> String {
        let isName = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isName, !text.isEmpty else { throw ValueError("holds \(text.quotedForPeople), which is not the name of a \(kind)") }
        return text
    }
}
