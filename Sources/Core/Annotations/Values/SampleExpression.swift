/// A sample expression of a tenant's: a fetch and converters that read the request and change nothing
/// (configuration manual, sections 7.3.1 to 7.3.6).
public struct SampleExpression: Hashable, Sendable {
    public let text: String

    /// - Throws: ``ValueError`` when the text is more than one expression, or does something else than read.
    public init(_ text: String) throws {
        guard !text.isEmpty else { throw ValueError("is empty") }
        guard Quoting.isRepresentable(text) else { throw ValueError("holds control characters") }
        guard let first = text.utf8.first, Self.isInName(first) else {
            throw ValueError("does not begin with the name of a sample fetch")
        }
        try Self.requireEnd(of: text)
        try Self.refuseSideEffects(in: text)
        self.text = text
    }

    /// Refuses names in expressions, ACLs and log formats that would do more than read the request: variables steer the routing
    /// of the request, counters belong to somebody, maps and the environment hold what others wrote.
    ///
    /// - Throws: ``ValueError`` that names the first one.
    public static func refuseSideEffects(in text: String) throws {
        var rest = Substring(text).utf8
        while !rest.isEmpty {
            let name = rest.prefix(while: isInName)
            rest = rest.dropFirst(name.count)
            let isCall = rest.first == UInt8(ascii: "(")
            let word = String(Substring(name))
            if hasSideEffect(word, isCall: isCall) {
                throw ValueError("uses \(word.quotedForPeople), which is left to config snippets")
            }
            rest = rest.dropFirst()
        }
    }

    private static func hasSideEffect(_ name: String, isCall: Bool) -> Bool {
        if name.hasPrefix("lua.") { return true }
        // Counters are changed by fetches like sc0_inc_gpc0, src_clr_gpc and src_updt_conn_cnt, with and without arguments.
        if ["sc", "src"].contains(where: name.hasPrefix), ["_inc_", "_clr_", "_updt_"].contains(where: name.contains) {
            return true
        }
        return isCall && (["set-var", "unset-var", "env", "map"].contains(name) || name.hasPrefix("map_"))
    }

    /// White space ends an expression, except in quotes and parentheses.
    private static func requireEnd(of text: String) throws {
        var depth = 0
        var quote: Unicode.Scalar?
        var isEscaped = false
        for scalar in text.unicodeScalars {
            if isEscaped {
                isEscaped = false
            } else if scalar == "\\", quote != "'" {
                isEscaped = true
            } else if let open = quote {
                if scalar == open { quote = nil }
            } else {
                switch scalar {
                case "'", "\"": quote = scalar
                case "(": depth += 1
                case ")":
                    depth -= 1
                    guard depth >= 0 else { throw ValueError("closes a parenthesis that is not open") }
                case " " where depth == 0: throw ValueError("goes on after the end of the expression")
                default: break
                }
            }
        }
        guard depth == 0, quote == nil, !isEscaped else { throw ValueError("does not close a parenthesis or a quote") }
    }

    private static func isInName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_.".utf8.contains(byte)
        }
    }
}
