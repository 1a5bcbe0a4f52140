import TestSupport
import Testing

@testable import Core

@Suite struct BoundedRegularExpressionTests {
    @Test(arguments: [
        "^/foo/(.*)", "/foo/(.*)/bar", "^/api/v[0-9]+/(.*)$", "(.*)", #"\.php$"#, #"^([^?]*)\?(.*)"#, "/(a|b|c)/([^/]+)/(.*)",
        "^/shop/?(.*)$", "/", "^", "$", "", "^/[^/]+/[^/]+/[^/]+/(.*)$", "^/(?:[a-z0-9-]+/)*index$", "(^|/)old(/|$)", "(?i)^/A",
        "^/a{2,3}/b{4}(/.*)?$", "[[:alpha:]/]", "[]a]", "[^]a]", #"\("#, #"[\]]"#, "(a|b)?", "()", "^/(en|de|fr)(/.*)?$",
        "^/.*/x$", "^/(.*)/x/(.*)/y$", #"^/\d{4}/\d{2}/(.*)"#, #"\bfoo\b"#, "(a|b)*c", "a*?b", #"\x2fa"#, ".*.*=",
    ])
    func `Rewrites that people write are accepted`(_ text: String) throws {
        let expression = try BoundedRegularExpression(text)
        #expect(expression.longestTextWithinBudget(BoundedRegularExpression.mostSteps) >= 1024)
    }

    @Test(arguments: [
        ("^/(a+)+$", "in several ways"), ("(a|a)*", "in several ways"), ("(a*)*b", "match nothing"), (".*.*.*.*=", "steps"),
        ("(?=a)", "(?="), ("(?!a)", "(?!"), ("(?<=a)b", "(?<"), (#"(a)\1"#, "refers back"), (#"(a)\g1"#, "not understood"),
        ("(?R)", "(?R"), ("(?1)", "(?1"), ("(?#x)a", "(?#"), ("(?<n>a)", "(?<"), ("(?P<n>a)", "(?P"), ("(?'n'a)", "(?'"),
        ("(?>a)", "(?>"), ("(*UTF)a", "(*"), ("(*COMMIT)", "(*"), ("a++b", "repeats a repetition"),
        ("a**", "repeats a repetition"),
        (#"\Q("#, "not understood"), (#"\Kx"#, "not understood"), (#"\R"#, "not understood"), ("a{2", "repeats nothing"),
        ("a{,3}", "not {n}"), ("a{3,2}", "wrong way round"), ("a{256}", "more than 255"),
        ("((a{200}){200}){200}", "repeats too much"),
        ("(a?){50}a{50}x", "steps"), ("(a|aa)+$", "in several ways"), ("(?:a|b|ab)*c", "in several ways"),
        ("(x+x+)+y", "in several ways"),
        ("^(([a-z])+.)+[A-Z]([a-z])+$", "in several ways"), ("(.*)(.*)(.*)(.*)x", "steps"), ("(|a|b)*", "match nothing"),
        ("(a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?)(a?|b?)x", "steps"),
        ("(", "close a group"), (")", "did not open"), ("[a", "character class"), ("*", "repeats nothing"), (#"a\"#, "backslash"),
        ("(?i:a)", "(?i"), ("a(?i)b", "(?i"), ("(?x)a#(", "(?x"), ("a\u{1}", "control characters"), ("^*", "repeats nothing"),
        (String(repeating: "(", count: 20), "nests"), (String(repeating: "a", count: 2000), "longer than"),
        (#"[\d-z]"#, "range"), ("[z-a]", "range"), ("[[.a.]]", "not understood"), ("[[:foo:]]", "not understood"),
    ])
    func `Expressions without a bound are refused with the reason`(_ text: String, _ reason: String) {
        #expect { try BoundedRegularExpression(text) } throws: { error in
            guard let message = (error as? ValueError)?.message else { return false }
            if !message.contains(reason) { Issue.record("\(text): \(message)") }
            return true
        }
    }

    @Test func `Groups are counted, and those that a replacement names in vain are found`() throws {
        let expression = try BoundedRegularExpression(#"^/(a)/(?:b)/([^/]+)"#)
        #expect(expression.groups == 2)
        #expect(expression.unknownGroup(in: #"/\2/\3"#) == 3)
        #expect(expression.unknownGroup(in: #"/\2\\3\0"#) == nil)
    }

    @Test func `No expression takes more steps than its bound, whatever it is matched with`() throws {
        var random = SeededGenerator()
        var accepted = 0
        for _ in 0..<1500 {
            let text = Self.expression(depth: 3, &random)
            guard let bounded = try? BoundedRegularExpression(text) else { continue }
            var parser = RegularExpressionParser(text)
            let parsed = try parser.parse()
            accepted += 1
            for length in [5, 40, 120] {
                for subject in Self.subjects(length: length, &random) {
                    let bound = 2 * bounded.steps(length: length) + 20
                    var matcher = BacktrackingMatcher(subject, limit: Int(min(bound, 3_000_000)))
                    matcher.search(parsed)
                    #expect(
                        !matcher.isOverLimit || bound > 3_000_000,
                        "TEST_SEED=\(random.seed): \(text) takes more than \(Int(bound)) steps for \(String(decoding: subject, as: UTF8.self))"
                    )
                }
            }
        }
        #expect(accepted > 300, "TEST_SEED=\(random.seed)")
    }

    @Test func `No repeated search takes more steps than its bound, and none in a text of several lines`() throws {
        var random = SeededGenerator()
        var accepted = 0
        for _ in 0..<1500 {
            let text = (random.chance(30) ? ".*" : "") + Self.expression(depth: 2, &random)
            guard let bounded = try? BoundedRegularExpression(text) else { continue }
            var parser = RegularExpressionParser(text)
            let parsed = try parser.parse()
            accepted += 1
            for length in [5, 40, 80] {
                for subject in Self.subjects(length: length, &random) + [Self.lines(length: length, &random)] {
                    for isRepeated in [true, false] {
                        let bound = 2 * bounded.cost(hasLines: true, isRepeated: isRepeated).value(at: length) + 20
                        guard bound < 3_000_000 else { continue }
                        var matcher = BacktrackingMatcher(subject, limit: Int(bound))
                        if isRepeated { matcher.searchAll(parsed) } else { matcher.search(parsed) }
                        #expect(
                            !matcher.isOverLimit,
                            "TEST_SEED=\(random.seed): \(text) takes more than \(Int(bound)) steps for \(String(decoding: subject, as: UTF8.self))"
                        )
                    }
                }
            }
        }
        #expect(accepted > 300, "TEST_SEED=\(random.seed)")
    }

    private static func lines(length: Int, _ random: inout SeededGenerator) -> [UInt8] {
        (0..<length).map { _ in random.chance(60) ? UInt8(ascii: "\n") : UInt8(ascii: "a") }
    }

    /// Texts that repeat few characters, which make expressions go on and then fail.
    private static func subjects(length: Int, _ random: inout SeededGenerator) -> [[UInt8]] {
        ["a", "ab", "/a", "aab", "/", "b/a"].map { unit in
            var text = Array(String(repeating: unit, count: length).utf8.prefix(length))
            if random.chance(50), !text.isEmpty { text[text.count - 1] = UInt8(ascii: "!") }
            return text
        }
    }

    private static func expression(depth: Int, _ random: inout SeededGenerator) -> String {
        let atoms = ["a", "b", "/", ".", "[ab]", "[^/]", "[^a]", "\\w", "^", "$", "\\b", "a", "b"]
        return (0..<Int.random(in: 1...4, using: &random)).map { _ in
            var part = atoms.randomElement(using: &random) ?? "a"
            if depth > 0, random.chance(35) {
                part = "(" + expression(depth: depth - 1, &random)
                while random.chance(35) { part += "|" + (random.chance(10) ? "" : expression(depth: depth - 1, &random)) }
                part += ")"
            }
            guard !["^", "$", "\\b"].contains(part), random.chance(50) else { return part }
            return part + (["*", "+", "?", "{2}", "{0,3}", "{1,}", "*?", "??"].randomElement(using: &random) ?? "")
        }.joined()
    }
}

/// Matches as a backtracking engine does, and counts.
private struct BacktrackingMatcher {
    private let text: [UInt8]
    private let limit: Int
    private var steps = 0
    private var end = 0
    var isOverLimit: Bool { steps > limit }

    init(_ text: [UInt8], limit: Int) {
        (self.text, self.limit) = (text, limit)
    }

    mutating func search(_ node: RegularExpressionNode) { _ = search(node, from: 0) }

    /// Searches again behind each match, as HAProxy's `regsub` does with the flag `g`.
    mutating func searchAll(_ node: RegularExpressionNode) {
        var start = 0
        while start <= text.count, !isOverLimit, let match = search(node, from: start) {
            start = match.end > match.begin ? match.end : match.end + 1
        }
    }

    private mutating func search(_ node: RegularExpressionNode, from first: Int) -> (begin: Int, end: Int)? {
        for start in first...text.count {
            // PCRE2 knows where patterns are anchored: at the beginning, or at those of lines.
            if start > first, node.isAnchored, node.isAnchoredInLines || text[start - 1] != UInt8(ascii: "\n") { continue }
            var end: Int?
            let isMatch = match(node, start) { matcher, place in
                matcher.end = place
                return true
            }
            if isMatch { end = self.end }
            if let end { return (start, end) }
            if isOverLimit { return nil }
        }
        return nil
    }

    private typealias Next = (inout BacktrackingMatcher, Int) -> Bool

    private mutating func match(_ node: RegularExpressionNode, _ place: Int, _ next: Next) -> Bool {
        switch node {
        case .bytes, .assertion, .end: steps += 1
        case .alternatives(let parts) where parts.count > 1: steps += parts.count
        case .sequence, .alternatives, .repeated: break
        }
        guard !isOverLimit else { return false }
        switch node {
        case .bytes(let set): return place < text.count && set.contains(text[place]) && next(&self, place + 1)
        case .assertion(let isStart): return (isStart ? place == 0 : isBoundary(place)) && next(&self, place)
        case .end: return place == text.count && next(&self, place)
        case .sequence(let parts): return match(parts[...], place, next)
        case .alternatives(let parts): return parts.contains { match($0, place, next) }
        case .repeated(.bytes(let set), let least, let most):
            var end = place
            while end < text.count, end - place < most ?? .max, set.contains(text[end]) { end += 1 }
            steps += end - place
            while end - place >= least {
                if next(&self, end) { return true }
                end -= 1
            }
            return false
        case .repeated(let part, let least, let most): return match(part, least, most, 0, place, next)
        }
    }

    private mutating func match(_ parts: ArraySlice<RegularExpressionNode>, _ place: Int, _ next: Next) -> Bool {
        guard let first = parts.first else { return next(&self, place) }
        return match(first, place) { $0.match(parts.dropFirst(), $1, next) }
    }

    private mutating func match(
        _ part: RegularExpressionNode, _ least: Int, _ most: Int?, _ count: Int, _ place: Int, _ next: Next
    ) -> Bool {
        if count < most ?? .max {
            let isMatch = match(part, place) { matcher, end in
                // An engine stops when a repetition takes nothing.
                (end > place || count < least) && matcher.match(part, least, most, count + 1, end, next)
            }
            if isMatch { return true }
        }
        return count >= least && next(&self, place)
    }

    private func isBoundary(_ place: Int) -> Bool {
        func isWord(_ index: Int) -> Bool {
            text.indices.contains(index) && (text[index] == UInt8(ascii: "_") || Character(UnicodeScalar(text[index])).isLetter)
        }
        return isWord(place) != isWord(place - 1)
    }
}
