/// The one place that judges regular expressions inside tenants' expressions: the match method `reg`, ACLs such as `path_reg`,
/// and the converter `regsub`.
///
/// HAProxy's regular expressions (PCRE2) backtrack: the time of one match can grow with a power of the text's length, or double
/// with each byte of it. Accepted are only patterns for which the power is small.
public enum RegularExpressionBound {
    /// Bytes.
    static let maximumLength = 512
    /// How many `*`, `+` and counted repetitions a pattern may have.
    static let maximumRepetitions = 4
    /// The largest count in `{m,n}`.
    static let maximumCount = 100

    /// - Throws: ``ValueError`` when the pattern may take long: what it holds, in words that complete "the value ...".
    public static func check(_ pattern: String) throws {
        guard !pattern.isEmpty else { throw ValueError("is an empty regular expression") }
        guard pattern.utf8.count <= maximumLength else {
            throw ValueError("is a regular expression of more than \(maximumLength) bytes")
        }
        var scanner = Scanner(rest: pattern.unicodeScalars[...])
        try scanner.scan()
    }

    /// What a quantifier may stand behind.
    private enum Atom {
        case none
        case character
        /// A group, and whether it holds a quantifier or alternatives.
        case group(isVariable: Bool)
    }

    private struct Scanner {
        var rest: Substring.UnicodeScalarView
        /// Whether each open group, and the whole pattern around them, holds a quantifier or alternatives.
        var variable: [Bool] = [false]
        var last = Atom.none
        var repetitions = 0

        mutating func scan() throws {
            while let scalar = rest.popFirst() {
                switch scalar {
                case "\\": try escape()
                case "[": try characterClass()
                case "(": try openGroup()
                case ")":
                    guard variable.count > 1 else { throw ValueError("closes a group that it did not open") }
                    let isVariable = variable.removeLast()
                    if isVariable { variable[variable.count - 1] = true }
                    last = .group(isVariable: isVariable)
                case "|":
                    variable[variable.count - 1] = true
                    last = .none
                case "*", "+", "?": try quantifier(repeats: scalar != "?", scalar)
                case "{" where isCount: try count()
                default: last = .character
                }
            }
            guard variable.count == 1 else { throw ValueError("does not close a group") }
        }

        private mutating func quantifier(repeats: Bool, _ scalar: Unicode.Scalar) throws {
            switch last {
            case .none: throw ValueError("repeats nothing with \(scalar)")
            case .group(isVariable: true) where repeats:
                throw ValueError("repeats a group that itself holds repetitions or alternatives, which can take very long")
            default: break
            }
            if repeats { try countRepetition() }
            variable[variable.count - 1] = true
            last = .none
            // Lazy and possessive quantifiers.
            if rest.first == "?" || rest.first == "+" { rest.removeFirst() }
        }

        private mutating func countRepetition() throws {
            repetitions += 1
            guard repetitions <= maximumRepetitions else {
                throw ValueError("is a regular expression with more than \(maximumRepetitions) repetitions")
            }
        }

        /// Whether a count follows the `{`; otherwise the brace stands for itself.
        private var isCount: Bool {
            let inner = rest.prefix { $0 != "}" }
            guard inner.endIndex < rest.endIndex, let first = inner.first, ("0"..."9").contains(first) || first == "," else {
                return false
            }
            return inner.allSatisfy { ("0"..."9").contains($0) || $0 == "," }
        }

        private mutating func count() throws {
            let inner = rest.prefix { $0 != "}" }
            rest = rest.dropFirst(inner.count + 1)
            let bounds = inner.split(separator: ",").map { String($0).wholeNumber ?? .max }
            guard bounds.allSatisfy({ $0 <= maximumCount }) else {
                throw ValueError("repeats something more than \(maximumCount) times")
            }
            try quantifier(repeats: true, "{")
        }

        private mutating func escape() throws {
            guard let next = rest.popFirst() else { throw ValueError("is a regular expression that ends with a backslash") }
            if ("1"..."9").contains(next) || "gkQpPXCKR".unicodeScalars.contains(next) {
                throw ValueError("uses \\\(next), which regular expressions of annotations do not have")
            }
            last = .character
        }

        private mutating func characterClass() throws {
            if rest.first == "^" { rest.removeFirst() }
            if rest.first == "]" { rest.removeFirst() }
            while let scalar = rest.popFirst() {
                if scalar == "]" {
                    last = .character
                    return
                }
                if scalar == "\\" { rest = rest.dropFirst() }
                // [:alpha:] inside a class.
                if scalar == "[", rest.first == ":" {
                    let name = rest.dropFirst().prefix { $0 != ":" && $0 != "]" }
                    let after = rest.dropFirst(1 + name.count)
                    if after.starts(with: ":]".unicodeScalars) { rest = after.dropFirst(2) }
                }
            }
            throw ValueError("does not close a character class")
        }

        private mutating func openGroup() throws {
            if rest.first == "*" { throw ValueError("gives the regular expression engine orders with (*") }
            if rest.first == "?" {
                guard let opening = ["?:", "?i:"].first(where: { rest.starts(with: $0.unicodeScalars) }) else {
                    // Options in the middle hold to the end of the group.
                    guard rest.starts(with: "?i)".unicodeScalars) else {
                        throw ValueError("holds a group that begins with (?; only (?: and (?i) are known")
                    }
                    rest = rest.dropFirst(3)
                    last = .none
                    return
                }
                rest = rest.dropFirst(opening.unicodeScalars.count)
            }
            variable.append(false)
            last = .none
        }
    }
}
