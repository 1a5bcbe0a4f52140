/// An ACL as it stands between the braces of a condition (configuration manual, sections 7.1 and 7.2): a sample expression, flags,
/// and values.
///
/// It is written anew from what was read, so that a tenant's word stays a value: no word closes the braces, joins another
/// condition, loads a file, or is a converter in the place of a value.
public struct ACLExpression: Hashable, Sendable {
    enum Flag: Hashable, Sendable {
        case ignoresCase
        /// Addresses are not looked up by name, which values here are not anyway.
        case looksUpNoNames
        case matches(MatchMethod)
        case endsFlags

        var words: [String] {
            switch self {
            case .ignoresCase: ["-i"]
            case .looksUpNoNames: ["-n"]
            case .matches(let method): ["-m", method.rawValue]
            case .endsFlags: ["--"]
            }
        }
    }

    let expression: SampleExpression
    let flags: [Flag]
    let values: [String]
    let method: MatchMethod
    public let isNegated: Bool

    /// A line of HAProxy's has 64 words, some of which are the rule's.
    static let maximumWords = 40
    /// Words that mean something in conditions, in whatever quotes they were written.
    static let reserved: Set<String> = ["", "{", "}", "!{", "!", "||", "|", "or", "if", "unless"]

    /// - Throws: ``ValueError`` when the text is not one ACL of known fetches, converters and flags.
    public init(_ text: String) throws {
        var words = try ConfigurationWords.read(text)[...]
        var isNegated = false
        if let first = words.first, first.hasPrefix("!") {
            isNegated = true
            words[words.startIndex] = String(first.dropFirst())
            if words.first == "" { words.removeFirst() }
        }
        if words.count >= 2, words.first == "{", words.last == "}" { words = words.dropFirst().dropLast() }
        guard let first = words.popFirst() else { throw ValueError("holds no ACL") }
        guard words.count < Self.maximumWords else {
            throw ValueError("holds \(words.count + 1) words, more than \(Self.maximumWords)")
        }
        for word in [first] + words where Self.reserved.contains(word) {
            throw ValueError(
                word.isEmpty ? "holds an empty word, which ends an ACL" : "holds \(word.quotedForPeople), but is to be one ACL")
        }
        var reader = SampleTermReader(first)
        expression = try SampleExpression(from: &reader, of: .request, isACL: true)
        guard reader.rest.isEmpty else {
            throw ValueError("goes on after the end of the expression with \(reader.remainder.quotedForPeople)")
        }
        flags = try Self.takeFlags(&words)
        values = Array(words)
        if !flags.contains(.endsFlags), let flag = values.first(where: { $0.hasPrefix("-") && Int64($0) == nil }) {
            throw ValueError(
                "holds \(flag.quotedForPeople) behind a value: flags come first, and -- before values that begin with -")
        }
        self.isNegated = isNegated
        method = try Self.method(of: expression, flags)
        try method.check(values)
    }

    /// As HAProxy reads them: words that begin with `-`, up to `--`.
    private static func takeFlags(_ words: inout ArraySlice<String>) throws -> [Flag] {
        var flags: [Flag] = []
        while let word = words.first, word.hasPrefix("-"), Int64(word) == nil {
            words.removeFirst()
            switch word {
            case "-i": flags.append(.ignoresCase)
            case "-n": flags.append(.looksUpNoNames)
            case "-m":
                guard let name = words.popFirst() else { throw ValueError("ends with the flag -m") }
                guard let method = MatchMethod.written.first(where: { $0.rawValue == name }) else {
                    let known = MatchMethod.written.map(\.rawValue).joined(separator: ", ")
                    throw ValueError("holds the match method \(name.quotedForPeople); known are \(known)")
                }
                flags.append(.matches(method))
            case "--": return flags + [.endsFlags]
            default: throw ValueError("holds the flag \(word.quotedForPeople); known are --, -i, -m and -n")
            }
        }
        return flags
    }

    private static func method(of expression: SampleExpression, _ flags: [Flag]) throws -> MatchMethod {
        for case .matches(let method) in flags.reversed() { return method }
        guard let method = expression.matching ?? MatchMethod(of: expression.output) else {
            throw ValueError("has to say with -m how to compare what \(expression.fetch.name) gives")
        }
        return method
    }

    /// The words as HAProxy is to read them.
    var words: [String] {
        [expression.text] + flags.flatMap(\.words) + (needsEndOfFlags ? ["--"] : []) + values
    }

    /// Whether HAProxy would take the first value for something else: a flag, or, right behind the expression, a converter.
    private var needsEndOfFlags: Bool {
        guard let first = values.first, !flags.contains(.endsFlags) else { return false }
        if first.hasPrefix("-") { return true }
        // Numbers, operators and addresses are no names of converters.
        guard flags.isEmpty, ![.int, .len, .ip].contains(method), let byte = first.utf8.first else { return false }
        return SampleTermReader.isInName(byte)
    }

    /// The ACL without braces and negation.
    public var directive: Directive {
        Directive(words.dropFirst().reduce("\(expression)") { line, word in "\(part: line) \(word)" }, costing: cost)
    }
}

extension ValueType where Value == ACLExpression {
    public static let acl = ValueType(
        name: "ACL", expected: "one ACL of HAProxy's: an expression, flags and values", example: "cookie(staging) -m found"
    ) { try ACLExpression($0) }.checkedByHAProxy()
}
