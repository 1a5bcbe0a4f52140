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
    /// How many steps a comparison with an Origin takes at most; none where all origins are known.
    let steps: Double

    /// More origins than these are matched as an expression, not one by one.
    static let mostOrigins = 64

    /// What means something in an expression, beside the dot.
    private static let special = Array("\\^$*+?()[]{}|".utf8)

    /// Longer ones match no expression. A scheme, a host of 253 characters and a port are less.
    static let longestOrigin = 512
    /// How much a comparison may cost, as ``BoundedRegularExpression/steps(length:)`` counts: about a millisecond.
    private static let mostSteps = 1_000_000.0

    /// PCRE2 copies what is repeated, and compiles no more than 64 KiB.
    private static let greatestSize = 1000

    /// - Throws: ``ValueError`` for what is no such pattern.
    init(_ text: String) throws {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw ValueError("holds white space or characters that no Origin has")
        }
        guard text.utf8.count <= 1024 else { throw ValueError("is longer than 1024 characters") }
        self.text = text
        if !text.utf8.contains(where: Self.special.contains) {
            // Nobody who writes https://www.example.com means any character by the dots.
            expression = text.split(separator: ".", omittingEmptySubsequences: false).joined(separator: "\\.")
            origins = [text]
            steps = 0
            return
        }
        var parser = OriginExpressionParser(text)
        let parsed = try parser.parse()
        guard parsed.size <= Self.greatestSize else { throw ValueError("repeats too much within repetitions") }
        expression = parsed.text
        origins = parsed.words(limit: Self.mostOrigins)
        // Those with few origins are not matched as expressions.
        guard origins == nil else {
            steps = 0
            return
        }
        steps = try BoundedRegularExpression("^(?:\(expression))$").steps(length: Self.longestOrigin)
        guard steps <= Self.mostSteps else {
            throw ValueError("can take more than \(Int(Self.mostSteps)) steps for one Origin")
        }
    }

    /// Tells the pattern's map entries apart from others'.
    var id: String { StableID.make("origin", text) }

    /// Whether all that matches is known, and none of it is an Origin as browsers write one (HTML standard, "serialization of
    /// an origin").
    var isNeverSent: Bool {
        guard let origins else { return false }
        return !origins.contains { Self.isSent(Array($0.utf8)) }
    }

    private static func isSent(_ origin: [UInt8]) -> Bool {
        guard let colon = origin.firstIndex(of: UInt8(ascii: ":")), origin[colon...].starts(with: "://".utf8) else {
            return origin.elementsEqual("null".utf8)
        }
        let scheme = origin[..<colon]
        let host = origin[(colon + 3)...]
        let usualPort = scheme.elementsEqual("https".utf8) ? ":443" : scheme.elementsEqual("http".utf8) ? ":80" : nil
        return !scheme.isEmpty && scheme.allSatisfy { $0.isLowercaseOrDigit || "+-.".utf8.contains($0) }
            && !host.isEmpty && host.allSatisfy { $0.isLowercaseOrDigit || "-._:[]".utf8.contains($0) }
            && !(usualPort.map { host.suffix($0.utf8.count).elementsEqual($0.utf8) } ?? false)
    }
}

extension UInt8 {
    fileprivate var isLowercaseOrDigit: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self)
    }
}
