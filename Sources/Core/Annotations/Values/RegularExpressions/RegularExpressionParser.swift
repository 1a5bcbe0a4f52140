/// Reads the subset of PCRE2's patterns (https://www.pcre.org/current/doc/html/pcre2pattern.html) that all its releases read alike
/// and whose cost can be told: no look-around, no references, no recursion, no verbs.
struct RegularExpressionParser {
    private var rest: Substring.UTF8View
    private var depth = 0
    private var ignoresCase = false
    /// How many groups capture.
    private(set) var groups = 0

    /// PCRE2 copies what is repeated, and compiles no more than 64 KiB.
    static let mostRepetitions = 255
    private static let mostGroups = 50
    private static let mostDepth = 16

    init(_ text: String) { rest = text[...].utf8 }

    /// - Throws: ``ValueError`` for what is not of the subset.
    mutating func parse() throws -> RegularExpressionNode {
        if takes("(?i)") { ignoresCase = true }
        let parsed = try alternatives()
        guard rest.isEmpty else { throw ValueError("closes a group that it did not open") }
        return parsed
    }

    private mutating func takes(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    private mutating func alternatives() throws -> RegularExpressionNode {
        var parts = [try sequence()]
        while takes("|") { parts.append(try sequence()) }
        return .alternatives(parts)
    }

    private mutating func sequence() throws -> RegularExpressionNode {
        var parts: [RegularExpressionNode] = []
        while let next = rest.first, next != UInt8(ascii: "|"), next != UInt8(ascii: ")") {
            let atom = try atom()
            parts.append(try repetition(of: atom))
        }
        return .sequence(parts)
    }

    private mutating func atom() throws -> RegularExpressionNode {
        guard let byte = rest.popFirst() else { return .sequence([]) }
        switch byte {
        case UInt8(ascii: "^"): return .assertion(isStart: true)
        case UInt8(ascii: "$"): return .end
        case UInt8(ascii: "."): return .bytes(RegularExpressionNode.anyByte)
        case UInt8(ascii: "("): return try group()
        case UInt8(ascii: "["): return .bytes(try characterClass())
        case UInt8(ascii: "\\"): return try escaped()
        case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"):
            throw ValueError("repeats nothing with \(Character(UnicodeScalar(byte)))")
        case UInt8(ascii: "{"): throw ValueError("has a { that repeats nothing; the character itself is \\{")
        default: return .bytes(set(byte))
        }
    }

    private func set(_ byte: UInt8) -> ByteSet {
        let set = ByteSet([byte])
        return ignoresCase ? set.ignoringCase : set
    }

    private mutating func group() throws -> RegularExpressionNode {
        depth += 1
        guard depth <= Self.mostDepth else { throw ValueError("nests more than \(Self.mostDepth) groups") }
        if !takes("?:") {
            if rest.first == UInt8(ascii: "?") {
                throw ValueError(
                    "has a group that begins with (\(Self.text(rest.prefix(2)))); plain groups ( ) and (?: ) are understood, and "
                        + "(?i) where it begins")
            }
            if rest.first == UInt8(ascii: "*") { throw ValueError("has a group that begins with (*, which is not understood") }
            groups += 1
            guard groups <= Self.mostGroups else { throw ValueError("has more than \(Self.mostGroups) groups") }
        }
        let inner = try alternatives()
        guard takes(")") else { throw ValueError("does not close a group") }
        depth -= 1
        return inner
    }

    private static func text(_ bytes: some Sequence<UInt8>) -> String { String(decoding: Array(bytes), as: UTF8.self) }

    private mutating func escaped() throws -> RegularExpressionNode {
        if let next = rest.first, next == UInt8(ascii: "b") || next == UInt8(ascii: "B") {
            rest.removeFirst()
            return .assertion(isStart: false)
        }
        return .bytes(try escapedSet())
    }

    /// Takes what follows a backslash, inside a class or outside.
    private mutating func escapedSet() throws -> ByteSet {
        guard let byte = rest.popFirst() else { throw ValueError("ends with a backslash") }
        switch byte {
        case UInt8(ascii: "d"): return Self.digits
        case UInt8(ascii: "D"): return Self.digits.complement
        case UInt8(ascii: "w"): return Self.word
        case UInt8(ascii: "W"): return Self.word.complement
        case UInt8(ascii: "s"): return Self.space
        case UInt8(ascii: "S"): return Self.space.complement
        case UInt8(ascii: "t"): return ByteSet("\t")
        case UInt8(ascii: "n"): return ByteSet("\n")
        case UInt8(ascii: "r"): return ByteSet("\r")
        case UInt8(ascii: "x"):
            let digits = Self.text(rest.prefix(2))
            guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16), digits.first != "+" else {
                throw ValueError("has \\x without two hexadecimal digits")
            }
            rest = rest.dropFirst(2)
            return set(value)
        case UInt8(ascii: "1")...UInt8(ascii: "9"):
            throw ValueError("refers back to a group with \\\(Character(UnicodeScalar(byte))), whose cost nothing bounds")
        case UInt8(ascii: "0"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
            throw ValueError("has \\\(Character(UnicodeScalar(byte))), which is not understood")
        default: return set(byte)
        }
    }

    // MARK: - Classes

    private static let digits = ByteSet("0123456789")
    private static let lower = ByteSet(UInt8(ascii: "a")...UInt8(ascii: "z"))
    private static let upper = ByteSet(UInt8(ascii: "A")...UInt8(ascii: "Z"))
    private static let word = digits.union(lower).union(upper).union(ByteSet("_"))
    private static let space = ByteSet(" \t\n\r\u{b}\u{c}")
    private static let punctuation = ByteSet((0x21...0x7e).map { UInt8($0) }.filter { !word.contains($0) || $0 == 0x5f })
    private static let named: [String: ByteSet] = [
        "alpha": lower.union(upper), "digit": digits, "alnum": digits.union(lower).union(upper), "upper": upper, "lower": lower,
        "space": space, "punct": punctuation, "xdigit": digits.union(ByteSet("abcdefABCDEF")), "word": word,
    ]

    private mutating func characterClass() throws -> ByteSet {
        let isNegated = takes("^")
        var set = ByteSet()
        var isFirst = true
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "]"), !isFirst {
                if ignoresCase { set = set.ignoringCase }
                return isNegated ? set.complement : set
            }
            isFirst = false
            var low: UInt8? = byte
            if byte == UInt8(ascii: "[") {
                if let named = try namedClass() {
                    set.formUnion(named)
                    low = nil
                }
            } else if byte == UInt8(ascii: "\\") {
                let escaped = try escapedSet()
                set.formUnion(escaped)
                low = nil
            }
            guard rest.first == UInt8(ascii: "-"), let high = rest.dropFirst().first, high != UInt8(ascii: "]") else {
                if let low { set.insert(low) }
                continue
            }
            guard let low, high != UInt8(ascii: "\\"), high != UInt8(ascii: "["), low <= high else {
                throw ValueError("has a character range that is not one")
            }
            rest = rest.dropFirst(2)
            set.formUnion(ByteSet(low...high))
        }
        throw ValueError("does not close a character class")
    }

    /// Takes `:alpha:]` behind a `[`; nil where the bracket stands for itself.
    private mutating func namedClass() throws -> ByteSet? {
        guard let mark = rest.first, [":", ".", "="].contains(Character(UnicodeScalar(mark))) else { return nil }
        let name = Self.text(rest.dropFirst().prefix { Self.lower.contains($0) || $0 == UInt8(ascii: "^") })
        guard rest.dropFirst(1 + name.utf8.count).starts(with: [mark, UInt8(ascii: "]")]) else { return nil }
        guard mark == UInt8(ascii: ":"), let set = Self.named[name] else {
            throw ValueError("has a class of characters that is not understood")
        }
        rest = rest.dropFirst(3 + name.utf8.count)
        return set
    }

    // MARK: - Repetition

    private mutating func repetition(of atom: RegularExpressionNode) throws -> RegularExpressionNode {
        let bounds: (least: Int, most: Int?)
        switch rest.first {
        case UInt8(ascii: "?"): bounds = (0, 1)
        case UInt8(ascii: "*"): bounds = (0, nil)
        case UInt8(ascii: "+"): bounds = (1, nil)
        case UInt8(ascii: "{"):
            guard let close = rest.firstIndex(of: UInt8(ascii: "}")) else {
                throw ValueError("has a { that repeats nothing; the character itself is \\{")
            }
            bounds = try Self.bounds(Self.text(rest[rest.index(after: rest.startIndex)..<close]))
            rest = rest[close...]
        default: return atom
        }
        switch atom {
        case .assertion, .end: throw ValueError("repeats nothing with \(Self.text(rest.prefix(1)))")
        default: break
        }
        rest.removeFirst()
        // Whether it takes few or many first makes no difference to the number of ways.
        _ = takes("?")
        if let next = rest.first, "?*+{".utf8.contains(next) { throw ValueError("repeats a repetition") }
        return .repeated(atom, least: bounds.least, most: bounds.most)
    }

    /// What stands between braces: `n`, `n,` or `n,m`.
    private static func bounds(_ text: String) throws -> (least: Int, most: Int?) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = parts.filter { !$0.isEmpty }.map { part in
            part.utf8.count <= 4 && part.utf8.allSatisfy { digits.contains($0) } ? Int(part) : nil
        }
        guard parts.count <= 2, parts.first?.isEmpty == false, let least = numbers.first ?? nil, let last = numbers.last ?? nil
        else {
            throw ValueError("has a repetition that is not {n}, {n,} or {n,m}; the character itself is \\{")
        }
        guard least <= last else { throw ValueError("has a repetition whose limits are the wrong way round") }
        guard last <= mostRepetitions else { throw ValueError("repeats more than \(mostRepetitions) times") }
        return (least, parts.count == numbers.count ? last : nil)
    }
}
