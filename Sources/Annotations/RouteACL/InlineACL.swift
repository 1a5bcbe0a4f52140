import Core

/// An ACL as it stands between the braces of an anonymous ACL (configuration manual, section 7.2), of which nothing can leave
/// the braces.
struct InlineACL: Hashable, Sendable {
    /// The expression first, then flags and values.
    let words: [String]
    let isNegated: Bool

    /// The words as HAProxy reads them back.
    var directive: Directive {
        Directive(raw: words.map { Self.argument($0).text }.joined(separator: " "))
    }

    private static func argument(_ word: String) -> Directive { "\(word)" }

    /// What each flag that may stand here is followed by.
    private static let flags: [String: Bool] = ["-i": false, "-n": false, "-m": true, "--": false]

    /// - Throws: ``ValueError`` when the text is more than one ACL, loads files or does something else than read the request.
    init(_ text: String) throws {
        var words = try Self.words(text)
        var isNegated = false
        if let first = words.first, first.text.hasPrefix("!"), !first.isQuoted {
            isNegated = true
            words[0].text.removeFirst()
            if words[0].text.isEmpty { words.removeFirst() }
        }
        if words.count >= 2, words[0].isBrace("{"), words[words.count - 1].isBrace("}") {
            words.removeFirst()
            words.removeLast()
        }
        guard let expression = words.first else { throw ValueError("holds no ACL") }
        for word in words where !word.isQuoted && ["{", "}", "!{", "||", "or", "if", "unless"].contains(word.text) {
            throw ValueError("holds \(word.text.quotedForPeople), but is to be one ACL")
        }
        _ = try SampleExpression(expression.text)
        try Self.check(flags: words.dropFirst())
        self.words = words.map(\.text)
        self.isNegated = isNegated
    }

    private static func check(flags words: ArraySlice<Word>) throws {
        var rest = words
        while let word = rest.first, !word.isQuoted, word.text.hasPrefix("-"), Int(word.text) == nil {
            guard let takesValue = flags[word.text] else {
                throw ValueError(
                    "holds the flag \(word.text.quotedForPeople); known are \(flags.keys.sorted().joined(separator: ", "))")
            }
            rest.removeFirst()
            if word.text == "--" { return }
            guard takesValue else { continue }
            guard rest.popFirst() != nil else { throw ValueError("ends with the flag \(word.text)") }
        }
    }

    private struct Word {
        var text = ""
        /// Whether quotes or backslashes stood in it: then it is a value, whatever it says.
        var isQuoted = false

        func isBrace(_ brace: String) -> Bool { !isQuoted && text == brace }
    }

    /// Splits as HAProxy does (section 2.2 "Quoting and escaping"), except that nothing is looked up in the environment.
    private static func words(_ text: String) throws -> [Word] {
        var words: [Word] = []
        var word: Word?
        var quote: Unicode.Scalar?
        var scalars = text.unicodeScalars[...]
        while let scalar = scalars.popFirst() {
            if scalar == "\\", quote != "'" {
                guard let next = scalars.popFirst() else { throw ValueError("ends with a backslash") }
                word = word ?? Word()
                // In weak quotes a backslash stays in front of what needs none.
                if quote == "\"", !"\\\"$".unicodeScalars.contains(next) { word?.text.unicodeScalars.append(scalar) }
                word?.text.unicodeScalars.append(next)
                word?.isQuoted = true
            } else if let open = quote {
                if scalar == open { quote = nil } else { word?.text.unicodeScalars.append(scalar) }
            } else if scalar == "'" || scalar == "\"" {
                quote = scalar
                word = word ?? Word()
                word?.isQuoted = true
            } else if scalar == " " || scalar == "\t" {
                if let word { words.append(word) }
                word = nil
            } else if scalar.value < 0x20 || scalar.value == 0x7f {
                throw ValueError("holds control characters")
            } else {
                word = word ?? Word()
                word?.text.unicodeScalars.append(scalar)
            }
        }
        guard quote == nil else { throw ValueError("does not close a quote") }
        if let word { words.append(word) }
        guard words.allSatisfy({ $0.text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f } }) else {
            throw ValueError("holds control characters")
        }
        return words
    }
}

extension ValueType where Value == InlineACL {
    static let inlineACL = ValueType(
        name: "ACL", expected: "one ACL of HAProxy's: an expression, flags and values", example: "cookie(staging) -m found"
    ) { try InlineACL($0) }
}
