import Core

/// What a header is set to.
enum HeaderValue: Hashable, Sendable {
    /// The same for every request.
    case text(String)
    /// Evaluated for each request.
    case format(LogFormatString)

    /// Reads a log-format string.
    ///
    /// - Throws: ``ValueError`` when it holds something that tenants may not use, or that does not end.
    init(_ text: String, of message: SampleExpression.Message = .request) throws {
        let format = try LogFormatString(text, of: message)
        self = format.literal.map(HeaderValue.text) ?? .format(format)
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
    ///   - id: of the rules, with the header's name.
    func rules(_ verb: String, _ map: String, id: String) -> FrontendRules {
        let variable = "txn.\(Self.variable(map))"
        return FrontendRules(
            named: id, phase: .headers,
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
    static func headerSettings(of message: SampleExpression.Message) -> ValueType {
        ValueType(
            name: ValueType<[HeaderAssignment]>.headerLines.name,
            expected: "one header a line: its name, a space and its value, a text or a log-format string",
            example: "X-Environment production"
        ) { try settings($0, of: message) }.checkedByHAProxy()
    }

    private static func settings(_ text: String, of message: SampleExpression.Message) throws -> [HeaderSetting] {
        var settings: [HeaderSetting] = []
        for line in try ValueType<[HeaderAssignment]>.headerLines.value(text) {
            guard !HeaderSetting.framing.contains(line.name.lowercased()) else {
                throw ValueError("sets header \(line.name), which HAProxy alone can know")
            }
            guard line.name.lowercased() != ExternalServer.loopHeader.lowercased() else {
                throw ValueError("sets header \(line.name), by which HAProxy tells requests that come back to it")
            }
            do {
                // White space around a header's value means nothing (RFC 9110, section 5.5).
                let value = try HeaderValue(ValueType<String>.line.value(line.value), of: message)
                let setting = HeaderSetting(name: line.name, value: value)
                settings.removeAll { $0.id == setting.id }
                settings.append(setting)
            } catch let error as ValueError {
                throw ValueError("sets header \(line.name) to \(line.value.quotedForPeople), which \(error.message)")
            }
        }
        return settings
    }
}
