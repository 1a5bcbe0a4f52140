import Core

/// What a header is set to.
enum HeaderValue: Hashable, Sendable {
    /// The same for every request.
    case text(String)
    /// A log-format string (configuration manual, section 8.2.4), evaluated for each request.
    case format(String)

    /// Reads a log-format string. A `%` that begins no variable and no expression is one, as `%%` is.
    ///
    /// - Throws: ``ValueError`` when brackets are unbalanced, or an expression does more than read the request.
    init(_ text: String) throws {
        var rest = text[...]
        var plain = ""
        var format = ""
        var isEvaluated = false
        while let character = rest.popFirst() {
            guard character == "%" else {
                plain.append(character)
                format.append(character)
                continue
            }
            if let flags = try Self.takeFlags(&rest) {
                format += "%" + flags
                isEvaluated = true
            } else {
                if rest.first == "%" { rest.removeFirst() }
                plain.append("%")
                format += "%%"
            }
        }
        self = isEvaluated ? .format(format) : .text(plain)
    }

    /// Takes what follows the `%` of a variable or an expression, up to the end of the expression; nil when neither begins here.
    private static func takeFlags(_ rest: inout Substring) throws -> String? {
        var taken = ""
        if rest.first == "{" {
            guard let end = rest.firstIndex(of: "}") else { throw ValueError("holds %{ without }") }
            taken = String(rest[...end])
            rest = rest[rest.index(after: end)...]
            guard let next = rest.first, next == "[" || (next.isASCII && next.isLetter) else {
                throw ValueError("holds %\(taken) without a variable or an expression behind it")
            }
        }
        if rest.first == "[" { return taken + (try takeExpression(&rest)) }
        // HAProxy itself knows which variables there are.
        guard let next = rest.first, next.isASCII, next.isLetter else { return nil }
        return taken
    }

    /// Takes `[...]`: brackets and parentheses in pairs, but for those in quotes or after a backslash.
    private static func takeExpression(_ rest: inout Substring) throws -> String {
        var taken = ""
        var open: [Character] = []
        var quote: Character?
        while let character = rest.popFirst() {
            taken.append(character)
            if character == "\\", quote != "'" {
                if let escaped = rest.popFirst() { taken.append(escaped) }
            } else if let current = quote {
                if character == current { quote = nil }
            } else {
                switch character {
                case "\"", "'": quote = character
                case "[": open.append("]")
                case "(": open.append(")")
                case "]", ")":
                    guard open.popLast() == character else {
                        throw ValueError("holds an expression with a \(character) too many")
                    }
                    if open.isEmpty {
                        try SampleExpression.refuseSideEffects(in: taken)
                        return taken
                    }
                default: break
                }
            }
        }
        throw ValueError("holds an expression whose \(quote == nil ? "brackets do" : "quotes do") not close")
    }
}

/// A header and what it is set to.
struct HeaderSetting: Hashable, Sendable {
    let name: String
    let value: HeaderValue
    /// The name that tells headers apart: they have no case (RFC 9110, section 5.1).
    var id: String { name.lowercased() }

    /// Whether requests of clients lose headers of such names (``RequestHeaderNames``).
    var isRestricted: Bool { name.utf8.contains { $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: ".") } }

    /// Sets the header to what the route has in a map, which is asked once.
    ///
    /// - Parameters:
    ///   - verb: when, such as `http-request`.
    ///   - map: the map with the values of routes, which also names the variable.
    ///   - id: of the rules.
    func rules(_ verb: String, _ map: String, id: String) -> FrontendRules {
        let variable = "txn.\(Self.variable(map))"
        return FrontendRules(
            id: id, phase: .headers,
            [
                "\(raw: verb) set-var(\(raw: variable)) \(routeValue: map)",
                "\(raw: verb) set-header \(name) %[var(\(raw: variable))] if { var(\(raw: variable)) -m found }",
            ],
            inlined: { [name] values in
                guard let text = values[map] else { return [] }
                // Log-format strings make one blank of many.
                guard !zip(text.utf8, text.utf8.dropFirst()).contains(where: { $0 == 0x20 && $1 == 0x20 }) else { return nil }
                return ["\(raw: verb) set-header \(name) \(literal: text)"]
            })
    }

    /// A name of letters, digits, `_` and `.` that no other text has.
    private static func variable(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
                String(decoding: [byte], as: UTF8.self)
            case UInt8(ascii: "-"): "_"
            default: ".\(String(byte, radix: 16))"
            }
        }.joined()
    }

    /// The headers that say where a message ends (RFC 9112, section 6). HAProxy sends what it is told even where the body is
    /// another, and whoever reads on takes the rest of the body for the next message.
    static let framing: Set<String> = ["content-length", "transfer-encoding"]
}

extension ValueType where Value == [HeaderSetting] {
    /// `NAME VALUE`, one a line, where the value is a log-format string; of two lines for one header the last wins.
    static let headerSettings = ValueType(
        name: ValueType<[HeaderAssignment]>.headerLines.name,
        expected: "one header a line: its name, a space and its value, a text or a log-format string",
        example: "X-Environment production"
    ) { text in
        var settings: [HeaderSetting] = []
        for line in try ValueType<[HeaderAssignment]>.headerLines.value(text) {
            guard !HeaderSetting.framing.contains(line.name.lowercased()) else {
                throw ValueError("sets header \(line.name), which HAProxy alone can know")
            }
            do {
                // White space around a header's value means nothing (RFC 9110, section 5.5).
                let value = try HeaderValue(ValueType<String>.line.value(line.value))
                let setting = HeaderSetting(name: line.name, value: value)
                settings.removeAll { $0.id == setting.id }
                settings.append(setting)
            } catch let error as ValueError {
                throw ValueError("sets header \(line.name) to \(line.value.quotedForPeople), which \(error.message)")
            }
        }
        return settings
    }.checkedByHAProxy()
}
