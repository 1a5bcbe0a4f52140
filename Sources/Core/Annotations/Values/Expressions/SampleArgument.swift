/// What one argument of a fetch or converter may be.
enum SampleArgument: Hashable, Sendable {
    case text
    /// A header's or cookie's name.
    case name
    case integer
    /// A whole number that is not negative.
    case count
    case boolean
    /// One of some words.
    case choice([String])
    case ipv4Mask
    case ipv6Mask
    case regularExpression
    /// A variable that tenants may read: see ``ReadableVariable``.
    case variable

    /// - Throws: ``ValueError`` when the text is no such argument.
    func check(_ text: String) throws {
        switch self {
        case .text: return
        case .name:
            guard text.isPlainHeaderName else { throw ValueError("is not a name of letters, digits, - _ and .") }
        case .integer:
            guard Int32(text) != nil, !text.hasPrefix("+") else { throw ValueError("is not a whole number") }
        case .count:
            guard let number = text.wholeNumber, number <= Int(Int32.max) else {
                throw ValueError("is not a whole number of at least 0")
            }
        case .boolean:
            guard ["true", "false", "0", "1"].contains(text) else { throw ValueError("is neither true nor false") }
        case .choice(let words):
            guard words.contains(text) else { throw ValueError("is not one of \(words.joined(separator: ", "))") }
        case .ipv4Mask: try Self.checkMask(text, bits: 32)
        case .ipv6Mask: try Self.checkMask(text, bits: 128)
        case .regularExpression: try RegularExpressionBound.check(text)
        case .variable:
            guard ReadableVariable(rawValue: text) != nil else {
                let known = ReadableVariable.allCases.map(\.rawValue).joined(separator: ", ")
                throw ValueError("is not a variable that annotations may read; known is \(known)")
            }
        }
    }

    private static func checkMask(_ text: String, bits: Int) throws {
        guard let length = text.wholeNumber, length <= bits else { throw ValueError("is not a number of bits up to \(bits)") }
    }
}

/// The variables of the controller that tenants' expressions may read. Everything else in variables steers routing, belongs to
/// the operator's snippets, or outlives the request.
enum ReadableVariable: String, CaseIterable, Hashable, Sendable {
    /// The host that the client asked for: in lower case and without port.
    case host = "txn.host"
}
