/// The outer shape of a PCRE2 pattern (https://www.pcre.org/current/doc/html/pcre2pattern.html).
///
/// It refuses only what no version of PCRE2 compiles; the rest is left to HAProxy, which compiles the pattern when it checks a
/// configuration.
struct RegularExpressionText {
    /// What is wrong with the pattern, to follow "which"; nil when nothing is known to be.
    private(set) var flaw: String?
    /// How many capturing groups there are at most.
    private(set) var groups = 0

    init(_ pattern: String) {
        flaw = scan(pattern)
    }

    private mutating func scan(_ pattern: String) -> String? {
        var rest = pattern[...]
        var depth = 0
        // Whether there is something that *, + or ? could repeat.
        var canRepeat = false
        while let character = rest.popFirst() {
            switch character {
            case "\\":
                guard let escaped = rest.popFirst() else { return "ends with a backslash" }
                if escaped == "Q" {
                    // A quotation that is not ended goes to the end.
                    while !rest.isEmpty, !rest.hasPrefix(#"\E"#) { rest.removeFirst() }
                    rest = rest.dropFirst(2)
                }
                canRepeat = true
            case "[":
                guard Self.skipClass(&rest) else { return "does not close a character class" }
                canRepeat = true
            case "(":
                depth += 1
                if rest.hasPrefix("?#") {
                    guard let end = rest.firstIndex(of: ")") else { return "does not close a comment" }
                    rest = rest[rest.index(after: end)...]
                    depth -= 1
                } else if Self.turnsOnExtendedSyntax(rest) {
                    // From here on brackets may stand in comments.
                    groups = .max
                    return nil
                } else if rest.hasPrefix("?") || rest.hasPrefix("*") {
                    if Self.isNamedGroup(rest) { groups += 1 }
                    rest.removeFirst()
                    canRepeat = true
                } else {
                    groups += 1
                    canRepeat = false
                }
            case ")":
                depth -= 1
                guard depth >= 0 else { return "closes a group that it did not open" }
                canRepeat = true
            case "*", "+", "?":
                guard canRepeat else { return "repeats nothing with \(character)" }
            case "|": canRepeat = false
            default: canRepeat = true
            }
        }
        return depth > 0 ? "does not close a group" : nil
    }

    /// The first group that a replacement names and the pattern does not have.
    func unknownGroup(in replacement: String) -> Int? {
        var isEscaped = false
        for character in replacement {
            if isEscaped, character.isASCII, let group = character.wholeNumberValue, group > groups { return group }
            isEscaped = character == "\\" && !isEscaped
        }
        return nil
    }

    /// Takes the rest of a character class; false when it has no end.
    private static func skipClass(_ rest: inout Substring) -> Bool {
        if rest.first == "^" { rest.removeFirst() }
        // Right at the beginning a bracket stands for itself.
        if rest.first == "]" { rest.removeFirst() }
        while let character = rest.popFirst() {
            switch character {
            case "]": return true
            case "\\":
                guard rest.popFirst() != nil else { return false }
            case "[":
                // [:alpha:] inside a class.
                if rest.first == ":", let end = rest.range(ofClassEnd: ":]") { rest = rest[end...] }
            default: break
            }
        }
        return false
    }

    /// Whether a group's beginning is an option setting such as `?x` or `?ix`.
    private static func turnsOnExtendedSyntax(_ rest: Substring) -> Bool {
        rest.first == "?" && rest.dropFirst().prefix { $0.isLetter || $0 == "^" }.contains("x")
    }

    private static func isNamedGroup(_ rest: Substring) -> Bool {
        for opening in ["?<", "?P<", "?'"] where rest.hasPrefix(opening) {
            let next = rest.dropFirst(opening.count).first
            return next != "=" && next != "!"
        }
        return false
    }
}

extension Substring {
    /// Where the text goes on after `end`, when only letters and ^ stand before it.
    fileprivate func range(ofClassEnd end: String) -> Index? {
        let name = dropFirst().prefix { $0.isLetter || $0 == "^" }
        let after = dropFirst(1 + name.count)
        return after.hasPrefix(end) ? after.dropFirst(end.count).startIndex : nil
    }
}
