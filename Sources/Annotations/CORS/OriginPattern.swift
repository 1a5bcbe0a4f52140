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

    /// PCRE2 copies what is repeated, and compiles no more than 64 KiB.
    private static let greatestSize = 1000

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
        var parser = OriginExpressionParser(text)
        let parsed = try parser.parse()
        guard parsed.size <= Self.greatestSize else { throw ValueError("repeats too much within repetitions") }
        expression = parsed.text
        origins = parsed.words(limit: Self.mostOrigins)
    }

    /// Tells the pattern's map entries apart from others'.
    var id: String { StableID.make("origin", text) }

    /// Whether all that matches is known, and none of it is an Origin as browsers write one (HTML standard, "serialization of
    /// an origin").
    var isNeverSent: Bool {
        guard let origins else { return false }
        return !origins.contains { origin in
            guard let separator = origin.firstRange(of: "://") else { return origin == "null" }
            let scheme = origin[..<separator.lowerBound]
            let host = origin[separator.upperBound...]
            let isLowercase = { (character: Character) in character.isLowercase || character.isNumber }
            return !scheme.isEmpty && scheme.allSatisfy { isLowercase($0) || "+-.".contains($0) }
                && !host.isEmpty && host.allSatisfy { isLowercase($0) || "-._:[]".contains($0) }
                && !["https:443", "http:80"].contains { $0 == "\(scheme):\(host.split(separator: ":").last ?? "")" }
        }
    }
}
