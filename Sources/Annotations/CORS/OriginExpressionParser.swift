import Core

/// Reads the regular expressions of ``OriginPattern``.
struct OriginExpressionParser {
    private var rest: Substring
    private var depth = 0

    init(_ text: String) { rest = text[...] }

    /// - Throws: ``ValueError`` for what is not of the subset.
    mutating func parse() throws -> OriginExpression {
        var parsed = try alternatives()
        guard rest.isEmpty else { throw ValueError("closes a parenthesis that is not open") }
        if case .alternatives(let parts) = parsed, parts.count == 1 { parsed = parts[0] }
        guard parsed.hasAnchorsOnlyAtEnds() else {
            throw ValueError("has a ^ that is not at the beginning or a $ that is not at the end")
        }
        return parsed
    }

    private mutating func alternatives() throws -> OriginExpression {
        var parts = [try sequence()]
        while rest.first == "|" {
            rest.removeFirst()
            parts.append(try sequence())
        }
        return .alternatives(parts)
    }

    private mutating func sequence() throws -> OriginExpression {
        var parts: [OriginExpression] = []
        while let next = rest.first, next != "|", next != ")" {
            switch next {
            case "^", "$":
                rest.removeFirst()
                parts.append(next == "^" ? .start : .end)
            default: parts.append(try repetition(of: try atom()))
            }
        }
        return .sequence(parts)
    }

    private mutating func atom() throws -> OriginExpression {
        let character = rest.removeFirst()
        switch character {
        case "(":
            depth += 1
            guard depth <= 20 else { throw ValueError("nests parentheses too deeply") }
            if rest.hasPrefix("?:") {
                rest.removeFirst(2)
            } else if rest.first == "?" {
                throw ValueError("has a group that begins with (?")
            } else if rest.first == "*" {
                throw ValueError("repeats nothing with *")
            }
            let inner = try alternatives()
            guard rest.first == ")" else { throw ValueError("leaves a parenthesis open") }
            rest.removeFirst()
            depth -= 1
            return inner
        case "[": return try characterClass()
        case ".": return .character(".", nil)
        case "\\": return try escaped()
        case "*", "+", "?", "{": throw ValueError("repeats nothing with \(character)")
        default: return .character(Self.quoted(character), [character])
        }
    }

    private mutating func escaped() throws -> OriginExpression {
        guard let character = rest.popFirst() else { throw ValueError("ends with a backslash") }
        switch character {
        case "d": return .character("\\d", Self.digits)
        case "w", "s", "D", "W", "S": return .character("\\\(character)", nil)
        case _ where character.isLetter || character.isNumber: throw ValueError("has \\\(character), which is not supported")
        default: return .character(Self.quoted(character), [character])
        }
    }

    private mutating func characterClass() throws -> OriginExpression {
        var text = "["
        var members: [Character]? = []
        if rest.first == "^" {
            rest.removeFirst()
            text += "^"
            members = nil
        }
        var isEmpty = true
        while let character = rest.popFirst() {
            if character == "]", !isEmpty { return .character(text + "]", members) }
            isEmpty = false
            var low = character
            if character == "\\" {
                guard let next = rest.popFirst() else { break }
                if ["d", "w", "s"].contains(next) {
                    text += "\\\(next)"
                    members = next == "d" ? members.map { $0 + Self.digits } : nil
                    continue
                }
                guard !next.isLetter, !next.isNumber else { throw ValueError("has \\\(next), which is not supported") }
                low = next
            } else if character == "[" {
                throw ValueError("has a [ inside a character class")
            }
            guard rest.first == "-", let high = rest.dropFirst().first, high != "]" else {
                text += Self.quotedInClass(low)
                members?.append(low)
                continue
            }
            rest.removeFirst(2)
            guard high != "\\", high != "[", let first = low.asciiValue, let last = high.asciiValue, first <= last else {
                throw ValueError("has a character range that is not one")
            }
            text += "\(Self.quotedInClass(low))-\(Self.quotedInClass(high))"
            members? += (first...last).map { Character(UnicodeScalar($0)) }
        }
        throw ValueError("leaves a character class open")
    }

    private mutating func repetition(of atom: OriginExpression) throws -> OriginExpression {
        var bounds: (least: Int, most: Int?)
        switch rest.first {
        case "?": bounds = (0, 1)
        case "*": bounds = (0, nil)
        case "+": bounds = (1, nil)
        case "{":
            guard let close = rest.firstIndex(of: "}") else { throw ValueError("leaves a { open") }
            bounds = try Self.bounds(rest[rest.index(after: rest.startIndex)..<close])
            rest = rest[close...]
        default: return atom
        }
        rest.removeFirst()
        if let next = rest.first, "?*+{".contains(next) { throw ValueError("repeats a repetition") }
        return .repeated(atom, least: bounds.least, most: bounds.most)
    }

    /// What stands between braces: `n`, `n,` or `n,m`.
    private static func bounds(_ text: Substring) throws -> (least: Int, most: Int?) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let isNumber = parts.map { !$0.isEmpty && $0.utf8.allSatisfy { (48...57).contains($0) } }
        guard parts.count <= 2, isNumber.first == true, isNumber.last == true || parts.last?.isEmpty == true else {
            throw ValueError("has a repetition that is not {n}, {n,} or {n,m}")
        }
        // Digits beyond Int are more than 100 as well.
        let numbers = parts.filter { !$0.isEmpty }.map { Int($0) ?? .max }
        guard let least = numbers.first, let last = numbers.last, numbers.allSatisfy({ $0 <= 100 }) else {
            throw ValueError("repeats more than 100 times")
        }
        guard least <= last else { throw ValueError("has a repetition whose limits are the wrong way round") }
        return (least, parts.count == numbers.count ? last : nil)
    }

    private static let digits = Array("0123456789")

    private static func quoted(_ character: Character) -> String {
        character.isLetter || character.isNumber || "-:/_".contains(character) ? String(character) : "\\\(character)"
    }

    /// A hyphen between two characters of a class would make a range of them.
    private static func quotedInClass(_ character: Character) -> String { character == "-" ? "\\-" : quoted(character) }
}
