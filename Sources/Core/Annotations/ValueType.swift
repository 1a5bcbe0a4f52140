/// A type of annotation value: its name, what it accepts, and how text becomes it.
///
/// The types that many annotations share are static members here (`.bool`, `.duration`, `.integer(1...)`, ...); a handler with
/// a syntax of its own makes one with this initialiser.
public struct ValueType<Value: Sendable>: Sendable {
    /// The short name that tables show, such as "duration".
    public let name: String
    /// What is accepted, to follow the word "expected", such as "a duration: a number with the unit us, ms, s, m, h or d".
    public let expected: String
    /// A value that is accepted.
    public let example: String
    /// Whether HAProxy has the last word: expressions and directives of its own language, which only it can judge fully. What it
    /// refuses is told to whoever wrote it and is left out.
    public let isCheckedByHAProxy: Bool
    let parse: @Sendable (String) throws -> Value

    /// - Parameter parse: throws ``ValueError`` when the text is not such a value. White space around the text is gone already.
    public init(name: String, expected: String, example: String, parse: @escaping @Sendable (String) throws -> Value) {
        self.init(name: name, expected: expected, example: example, isCheckedByHAProxy: false, parse: parse)
    }

    private init(
        name: String, expected: String, example: String, isCheckedByHAProxy: Bool,
        parse: @escaping @Sendable (String) throws -> Value
    ) {
        self.name = name
        self.expected = expected
        self.example = example
        self.isCheckedByHAProxy = isCheckedByHAProxy
        self.parse = parse
    }

    /// The same type with other words for people.
    public func described(expected: String? = nil, example: String? = nil) -> ValueType {
        ValueType(
            name: name, expected: expected ?? self.expected, example: example ?? self.example,
            isCheckedByHAProxy: isCheckedByHAProxy,
            parse: parse)
    }

    /// The same type, of which HAProxy may still refuse values that are accepted here.
    public func checkedByHAProxy() -> ValueType {
        ValueType(name: name, expected: expected, example: example, isCheckedByHAProxy: true, parse: parse)
    }

    /// The value that a text means.
    ///
    /// - Throws: ``ValueError``.
    public func value(_ text: String) throws -> Value { try parse(text.trimmingWhitespace) }
}
