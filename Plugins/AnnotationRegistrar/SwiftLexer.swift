/// Splits a Swift file into tokens, so that nothing inside comments and literals is taken for a declaration.
///
/// It knows what the language reference calls the lexical structure: nested comments, strings (multi-line, raw, with
/// interpolations that hold strings again), regular expression literals and names in backticks. A file that does not end what
/// it began is read to its end: the compiler says what is wrong with it.
struct SwiftLexer {
    private let bytes: [UInt8]
    private var index = 0
    private var line = 1
    private var tokens: [Token] = []

    static func tokens(of source: String) -> [Token] {
        var lexer = SwiftLexer(bytes: Array(source.utf8))
        if source.hasPrefix("#!") { lexer.skipLine() }
        while lexer.readElement() {}
        return lexer.tokens
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    private func byte(_ offset: Int = 0) -> UInt8? { bytes.indices.contains(index + offset) ? bytes[index + offset] : nil }

    private func at(_ text: StaticString, _ offset: Int = 0) -> Bool {
        (0..<text.utf8CodeUnitCount).allSatisfy { byte(offset + $0) == text.utf8Start[$0] }
    }

    private mutating func advance(_ count: Int = 1) {
        for _ in 0..<count where index < bytes.count {
            if bytes[index] == UInt8(ascii: "\n") { line += 1 }
            index += 1
        }
    }

    private mutating func add(_ kind: Token.Kind, line: Int) { tokens.append(Token(kind: kind, line: line)) }

    /// Reads white space, a comment or a token; false at the end of the file.
    private mutating func readElement() -> Bool {
        guard let first = byte() else { return false }
        let start = line
        if first == UInt8(ascii: " ") || (9...13).contains(first) {
            advance()
        } else if at("//") {
            skipLine()
        } else if at("/*") {
            skipBlockComment()
        } else if let hashes = hashes(before: UInt8(ascii: "\"")) {
            skipString(hashes: hashes)
            add(.literal, line: start)
        } else if let hashes = hashes(before: UInt8(ascii: "/")), hashes > 0 {
            skipExtendedRegex(hashes: hashes)
            add(.literal, line: start)
        } else if first == UInt8(ascii: "/"), let length = bareRegexLength() {
            advance(length)
            add(.literal, line: start)
        } else if first == UInt8(ascii: "#"), let directive = directive() {
            readDirective(directive)
        } else if first == UInt8(ascii: "`") {
            let begin = index
            advance()
            while let next = byte(), next != UInt8(ascii: "`"), next != UInt8(ascii: "\n") { advance() }
            advance()
            add(.identifier(text(from: begin)), line: start)
        } else if Self.isNamePart(first) {
            let begin = index
            while let next = byte(), Self.isNamePart(next) { advance() }
            let isNumber = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first)
            add(isNumber ? .literal : .identifier(text(from: begin)), line: start)
        } else {
            advance()
            add(.symbol(Character(Unicode.Scalar(first))), line: start)
        }
        return true
    }

    private func text(from begin: Int) -> String { String(decoding: bytes[begin..<index], as: UTF8.self) }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "_"), 0x80...0xff:
            true
        default: false
        }
    }
}

// MARK: Comments

extension SwiftLexer {
    private mutating func skipLine() {
        while let next = byte(), next != UInt8(ascii: "\n") { advance() }
    }

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            if at("/*") {
                depth += 1
                advance(2)
            } else if at("*/") {
                depth -= 1
                advance(2)
            } else {
                advance()
            }
        } while depth > 0 && index < bytes.count
    }
}

// MARK: Literals

extension SwiftLexer {
    /// The number of `#` before a delimiter; nil when something else follows them.
    private func hashes(before delimiter: UInt8) -> Int? {
        var count = 0
        while byte(count) == UInt8(ascii: "#") { count += 1 }
        return byte(count) == delimiter ? count : nil
    }

    private func hasHashes(_ count: Int, at offset: Int) -> Bool {
        (0..<count).allSatisfy { byte(offset + $0) == UInt8(ascii: "#") }
    }

    private mutating func skipString(hashes: Int) {
        let isMultiline = at("\"\"\"", hashes) && (hashes == 0 || isBlankLine(from: hashes + 3))
        let quotes = isMultiline ? 3 : 1
        advance(hashes + quotes)
        while let next = byte() {
            if next == UInt8(ascii: "\\"), hasHashes(hashes, at: 1) {
                advance(1 + hashes)
                if byte() == UInt8(ascii: "(") { skipInterpolation() } else { advance() }
            } else if next == UInt8(ascii: "\""), isMultiline ? at("\"\"\"") : true, hasHashes(hashes, at: quotes) {
                advance(quotes + hashes)
                return
            } else if next == UInt8(ascii: "\n"), !isMultiline {
                return
            } else {
                advance()
            }
        }
    }

    /// Whether only blanks are left on the line: what follows the opening quotes of a multi-line string.
    private func isBlankLine(from offset: Int) -> Bool {
        var offset = offset
        while let next = byte(offset), next != UInt8(ascii: "\n") {
            guard next == UInt8(ascii: " ") || next == UInt8(ascii: "\t") || next == UInt8(ascii: "\r") else { return false }
            offset += 1
        }
        return true
    }

    /// Skips `(...)`, in which any code may stand.
    private mutating func skipInterpolation() {
        let count = tokens.count
        var depth = 0
        repeat {
            let before = tokens.count
            guard readElement() else { break }
            guard tokens.count > before, let token = tokens.last else { continue }
            if token.isSymbol("(") { depth += 1 } else if token.isSymbol(")") { depth -= 1 }
        } while depth > 0
        tokens.removeSubrange(count...)
    }

    private mutating func skipExtendedRegex(hashes: Int) {
        advance(hashes + 1)
        while let next = byte() {
            if next == UInt8(ascii: "\\") {
                advance(2)
            } else if next == UInt8(ascii: "/"), hasHashes(hashes, at: 1) {
                advance(1 + hashes)
                return
            } else {
                advance()
            }
        }
    }

    /// The length of a `/.../` literal that begins here; nil when the slash is an operator: it follows an operand, or a blank
    /// follows it, or no other slash is on the line.
    private func bareRegexLength() -> Int? {
        if let previous = tokens.last {
            switch previous.kind {
            case .literal: return nil
            case .identifier(let name) where !Self.wordsBeforeOperands.contains(name): return nil
            case .symbol(let symbol) where ")]}!?".contains(symbol): return nil
            default: break
            }
        }
        guard let second = byte(1), second != UInt8(ascii: " "), second != UInt8(ascii: "\t"), second != UInt8(ascii: ")") else {
            return nil
        }
        var offset = 1
        while let next = byte(offset), next != UInt8(ascii: "\n") {
            if next == UInt8(ascii: "/") { return offset + 1 }
            offset += next == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }

    private static let wordsBeforeOperands: Set<String> = [
        "await", "case", "else", "guard", "if", "in", "is", "return", "switch", "throw", "try", "where", "while",
    ]
}

// MARK: Conditional compilation

extension SwiftLexer {
    private func directive() -> Token.Directive? {
        var length = 0
        while let next = byte(1 + length), Self.isNamePart(next) { length += 1 }
        let name = bytes.dropFirst(index + 1).prefix(length)
        return Token.Directive(rawValue: String(decoding: name, as: UTF8.self))
    }

    private mutating func readDirective(_ directive: Token.Directive) {
        let start = line
        advance(1 + directive.rawValue.utf8.count)
        let begin = index
        while let next = byte(), next != UInt8(ascii: "\n"), !at("//"), !at("/*") { advance() }
        add(.directive(directive, condition: text(from: begin).filter { !$0.isWhitespace }), line: start)
    }
}
