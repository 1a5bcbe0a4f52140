/// A log-format string of a tenant's (configuration manual, section 8.2.6): text, known variables, and sample expressions.
///
/// A `%` that begins neither a variable nor an expression is one, as `%%` is. HAProxy gets the string as ``text`` writes it from
/// its parts.
public struct LogFormatString: Hashable, Sendable {
    enum Part: Hashable, Sendable {
        case literal(String)
        /// `%name`, or with flags `%{+Q}name`.
        case variable(LogFormatVariable, flags: [String])
        /// `%[expression]`, or with flags `%{+Q}[expression]`.
        case expression(SampleExpression, flags: [String])
    }

    let parts: [Part]

    /// - Throws: ``ValueError`` when an expression or a variable is not known, or does not end.
    public init(_ text: String, of message: SampleExpression.Message) throws {
        var parser = Parser(rest: Array(text.utf8)[...], message: message)
        parts = try parser.read()
    }

    /// The text of a string that is the same for every request; nil where it is not.
    public var literal: String? {
        var text = ""
        for part in parts {
            guard case .literal(let next) = part else { return nil }
            text += next
        }
        return text
    }

    /// The string as HAProxy reads it back: one word, before that is quoted for a line.
    public var text: String {
        parts.map { part in
            switch part {
            case .literal(let text): Quoting.logFormatLiteral(text)
            case .variable(let variable, let flags): "%\(Self.braces(flags))\(variable.rawValue)"
            case .expression(let expression, let flags): "%\(Self.braces(flags))[\(expression.text)]"
            }
        }.joined()
    }

    /// How many steps it takes at most to write the string.
    var cost: Growth {
        // All that is written is no longer than one text; a variable that is empty has been looked for all the same.
        parts.reduce(Growth([500, 4])) { sum, part in
            switch part {
            case .literal: sum
            case .variable: sum + Growth([200, 1])
            case .expression(let expression, _): sum + expression.cost
            }
        }
    }

    private static func braces(_ flags: [String]) -> String { flags.isEmpty ? "" : "{\(flags.joined(separator: ","))}" }

    private struct Parser {
        var rest: ArraySlice<UInt8>
        let message: SampleExpression.Message
        var parts: [Part] = []
        var plain: [UInt8] = []

        mutating func read() throws -> [Part] {
            while let byte = rest.popFirst() {
                guard byte == UInt8(ascii: "%") else {
                    plain.append(byte)
                    continue
                }
                guard let part = try special() else {
                    plain.append(byte)
                    continue
                }
                endLiteral()
                parts.append(part)
            }
            endLiteral()
            return parts
        }

        private mutating func endLiteral() {
            guard !plain.isEmpty else { return }
            parts.append(.literal(String(decoding: plain, as: UTF8.self)))
            plain = []
        }

        /// What follows a `%`; nil when that stands for itself.
        private mutating func special() throws -> Part? {
            if rest.first == UInt8(ascii: "%") {
                rest.removeFirst()
                return nil
            }
            guard rest.first == UInt8(ascii: "{") else { return try item(flags: []) }
            guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else { throw ValueError("holds %{ without }") }
            let written = String(decoding: rest[rest.index(after: rest.startIndex)..<end], as: UTF8.self)
            rest = rest[rest.index(after: end)...]
            let flags = written.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            for flag in flags
            where !(["+", "-"].contains(flag.prefix(1)) && LogFormatVariable.flags.contains(String(flag.dropFirst()))) {
                throw ValueError("holds the flag \(flag.quotedForPeople); known are Q, X, E and M, each with + or - in front")
            }
            guard let item = try item(flags: flags) else {
                throw ValueError("holds %{\(written)} without a variable or an expression behind it")
            }
            return item
        }

        private mutating func item(flags: [String]) throws -> Part? {
            if rest.first == UInt8(ascii: "[") {
                rest.removeFirst()
                var reader = SampleTermReader("")
                reader.rest = rest
                let expression = try SampleExpression(from: &reader, of: message)
                guard reader.rest.popFirst() == UInt8(ascii: "]") else {
                    throw ValueError("does not end the expression \(expression.text.quotedForPeople) with ]")
                }
                rest = reader.rest
                return .expression(expression, flags: flags)
            }
            let name = rest.prefix(while: Self.isAlphanumeric)
            guard let first = name.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { return nil }
            let word = String(decoding: name, as: UTF8.self)
            guard let variable = LogFormatVariable(rawValue: word) else {
                throw ValueError(
                    "uses \("%\(word)".quotedForPeople), which is no variable that annotations may use; %% is a % sign")
            }
            rest = rest.dropFirst(name.count)
            return .variable(variable, flags: flags)
        }

        private static func isAlphanumeric(_ byte: UInt8) -> Bool {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: false
            }
        }
    }
}

extension Directive.Interpolation {
    /// A log-format string as one argument.
    public mutating func appendInterpolation(_ format: LogFormatString) {
        appendInterpolation(format.text)
        spend(format.cost)
    }
}
