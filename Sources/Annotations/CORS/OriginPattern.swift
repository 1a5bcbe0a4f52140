import Core

/// Which origins a site shares its answers with: a literal origin, or a regular expression that the whole Origin matches.
///
/// The expressions are a common subset of what regular expression engines know, so that PCRE2 accepts whatever is accepted here:
/// characters, escaped punctuation, `\d`, `\w`, `.`, classes, groups, alternatives, `?`, `*`, `+` and `{n,m}`.
struct OriginPattern: Hashable, Sendable {
    /// As it was written.
    let text: String
    /// Without anchors, as PCRE2 reads it.
    let expression: String
    /// All origins that match, where they are few.
    let origins: [String]?

    /// More origins than these are matched as an expression, not one by one.
    static let mostOrigins = 64

    /// - Throws: ``ValueError`` for what is no such pattern.
    init(_ text: String) throws {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw ValueError("holds white space or characters that no Origin has")
        }
        guard text.utf8.count <= 1024 else { throw ValueError("is longer than 1024 characters") }
        self.text = text
        if !text.contains(where: { "\\^$*+?()[]{}|".contains($0) }) {
            // Nobody who writes https://www.example.com means any character by the dots.
            expression = text.map { $0 == "." ? "\\." : String($0) }.joined()
            origins = [text]
            return
        }
        var parser = Parser(text)
        let parsed = try parser.parse()
        expression = parsed.expression
        origins = parsed.words(limit: Self.mostOrigins)
    }

    /// Tells the pattern's map entries apart from others'.
    var id: String { StableID.make("origin", text) }
}

/// A parsed expression.
private indirect enum Expression {
    /// One of some characters, as it is written for PCRE2; nil where they are too many to list.
    case character(String, [Character]?)
    case sequence([Expression])
    case alternatives([Expression])
    /// From `least` to `most` times; nil without an upper limit.
    case repeated(Expression, least: Int, most: Int?)

    var expression: String {
        switch self {
        case .character(let text, _): text
        case .sequence(let parts): parts.map(\.expression).joined()
        case .alternatives(let parts): "(?:" + parts.map(\.expression).joined(separator: "|") + ")"
        case .repeated(let part, let least, let most):
            "(?:\(part.expression)){\(least),\(most.map(String.init) ?? "")}"
        }
    }

    /// Everything that matches, or nil when that is more than `limit` words.
    func words(limit: Int) -> [String]? {
        switch self {
        case .character(_, let characters):
            guard let characters, characters.count <= limit else { return nil }
            return characters.map(String.init)
        case .sequence(let parts):
            var words = [""]
            for part in parts {
                guard let next = part.words(limit: limit), words.count * next.count <= limit else { return nil }
                words = words.flatMap { word in next.map { word + $0 } }
            }
            return words
        case .alternatives(let parts):
            var words: [String] = []
            for part in parts {
                guard let next = part.words(limit: limit), words.count + next.count <= limit else { return nil }
                words += next
            }
            return words
        case .repeated(let part, let least, let most):
            guard let most, let base = part.words(limit: limit) else { return nil }
            var words: [String] = []
            for count in least...most {
                var power = [""]
                for _ in 0..<count {
                    guard power.count * base.count <= limit else { return nil }
                    power = power.flatMap { word in base.map { word + $0 } }
                }
                guard words.count + power.count <= limit else { return nil }
                words += power
            }
            return words
        }
    }
}

private struct Parser {
    private var rest: Substring
    private var depth = 0

    init(_ text: String) { rest = text[...] }

    mutating func parse() throws -> Expression {
        let parsed = try alternatives()
        guard rest.isEmpty else { throw ValueError("closes a parenthesis that is not open") }
        return parsed
    }

    private mutating func alternatives() throws -> Expression {
        var parts = [try sequence()]
        while rest.first == "|" {
            rest.removeFirst()
            parts.append(try sequence())
        }
        return parts.count == 1 ? parts[0] : .alternatives(parts)
    }

    private mutating func sequence() throws -> Expression {
        var parts: [Expression] = []
        // The whole Origin has to match anyway: anchors at the ends say nothing new.
        if rest.first == "^" { rest.removeFirst() }
        while let next = rest.first, next != "|", next != ")" {
            if next == "$" {
                rest.removeFirst()
                guard rest.isEmpty || rest.first == "|" || rest.first == ")" else {
                    throw ValueError("has a $ that is not at the end")
                }
                break
            }
            parts.append(try repetition(of: try atom()))
        }
        return .sequence(parts)
    }

    private mutating func atom() throws -> Expression {
        let character = rest.removeFirst()
        switch character {
        case "(":
            depth += 1
            guard depth <= 20 else { throw ValueError("nests parentheses too deeply") }
            if rest.hasPrefix("?:") {
                rest.removeFirst(2)
            } else if rest.first == "?" {
                throw ValueError("has a group that begins with (?")
            }
            let inner = try alternatives()
            guard rest.first == ")" else { throw ValueError("leaves a parenthesis open") }
            rest.removeFirst()
            depth -= 1
            if case .alternatives = inner { return inner }
            return .alternatives([inner])
        case "[": return try characterClass()
        case ".": return .character(".", nil)
        case "\\": return try escaped()
        case "*", "+", "?", "{": throw ValueError("repeats nothing with \(character)")
        case "^": throw ValueError("has a ^ that is not at the beginning")
        case "]", "}": return .character("\\\(character)", [character])
        default: return .character(Self.quoted(character), [character])
        }
    }

    private mutating func escaped() throws -> Expression {
        guard let character = rest.popFirst() else { throw ValueError("ends with a backslash") }
        switch character {
        case "d": return .character("\\d", Array("0123456789"))
        case "w", "s", "D", "W", "S": return .character("\\\(character)", nil)
        case _ where character.isLetter || character.isNumber: throw ValueError("has \\\(character), which is not supported")
        default: return .character("\\\(character)", [character])
        }
    }

    private mutating func characterClass() throws -> Expression {
        var text = "["
        var members: [Character]? = []
        if rest.first == "^" {
            rest.removeFirst()
            text += "^"
            members = nil
        }
        var isEmpty = true
        while let character = rest.popFirst() {
            if character == "]", !isEmpty {
                return .character(text + "]", members)
            }
            isEmpty = false
            var low = character
            if character == "\\" {
                guard let next = rest.popFirst() else { break }
                if ["d", "w", "s"].contains(next) {
                    text += "\\\(next)"
                    members = next == "d" ? members.map { $0 + Array("0123456789") } : nil
                    continue
                }
                guard !next.isLetter, !next.isNumber else { throw ValueError("has \\\(next), which is not supported") }
                low = next
            } else if character == "[" {
                throw ValueError("has a [ inside a character class")
            }
            guard rest.first == "-", let high = rest.dropFirst().first, high != "]" else {
                text += Self.quoted(low)
                members?.append(low)
                continue
            }
            rest.removeFirst(2)
            guard let first = low.asciiValue, let last = high.asciiValue, first <= last, high != "\\" else {
                throw ValueError("has a character range that is not one")
            }
            text += "\(Self.quoted(low))-\(Self.quoted(high))"
            members? += (first...last).map { Character(UnicodeScalar($0)) }
        }
        throw ValueError("leaves a character class open")
    }

    private mutating func repetition(of atom: Expression) throws -> Expression {
        var bounds: (least: Int, most: Int?)
        switch rest.first {
        case "?": bounds = (0, 1)
        case "*": bounds = (0, nil)
        case "+": bounds = (1, nil)
        case "{":
            guard let close = rest.firstIndex(of: "}") else { throw ValueError("leaves a { open") }
            let inside = rest[rest.index(after: rest.startIndex)..<close].split(separator: ",", omittingEmptySubsequences: false)
            guard let least = inside.first.flatMap({ Int($0) }), (0...100).contains(least), inside.count <= 2 else {
                throw ValueError("has a repetition that is not {n}, {n,} or {n,m}")
            }
            let most = inside.count == 1 ? least : inside[1].isEmpty ? nil : Int(inside[1]) ?? -1
            guard most.map({ (least...100).contains($0) }) ?? true else {
                throw ValueError("has a repetition of more than 100 times")
            }
            rest = rest[close...]
            bounds = (least, most)
        default: return atom
        }
        rest.removeFirst()
        if let next = rest.first, "?*+{".contains(next) { throw ValueError("repeats a repetition") }
        return .repeated(atom, least: bounds.least, most: bounds.most)
    }

    private static func quoted(_ character: Character) -> String {
        character.isLetter || character.isNumber || character == "-" || character == ":" || character == "/"
            ? String(character) : "\\\(character)"
    }
}
