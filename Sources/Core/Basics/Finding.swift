/// A place in a text file; lines and columns count from 1.
public struct SourceLocation: Hashable, Sendable, CustomStringConvertible {
    public var file: String
    public var line: Int
    public var column: Int

    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }

    public var description: String { "\(file):\(line):\(column)" }
}

/// Something that is wrong with an object, told so that its owner can mend it.
///
/// Findings are values: every part of the engine returns them, and the log, `lint`, the metrics and (with an API server) Events
/// print the same ones.
public struct Finding: Error, Hashable, Sendable {
    public enum Severity: String, Hashable, Sendable, Comparable, Codable {
        case warning, error
        public static func < (a: Severity, b: Severity) -> Bool { a == .warning && b == .error }
    }

    public var severity: Severity
    /// The object that has to change; nil for a file that holds no readable object.
    public var object: ObjectKey?
    /// The annotation (as written, with its prefix), ConfigMap key or field path concerned.
    public var key: String?
    /// The value found there.
    public var value: String?
    /// What is wrong: a sentence without the object, key and value, in lower case, without a full stop.
    public var message: String
    /// What would have been right, such as "a duration of at least 1ms".
    public var expected: String?
    /// A value that would be accepted.
    public var example: String?
    public var location: SourceLocation?
    /// The object that is referred to and is not there, where that is what is wrong.
    public var missing: ObjectKey?

    public init(
        _ severity: Severity, object: ObjectKey? = nil, key: String? = nil, value: String? = nil, _ message: String,
        expected: String? = nil, example: String? = nil, location: SourceLocation? = nil, missing: ObjectKey? = nil
    ) {
        self.severity = severity
        self.object = object
        self.key = key
        self.value = value
        self.message = message
        self.expected = expected
        self.example = example
        self.location = location
        self.missing = missing
    }
}

extension Finding: CustomStringConvertible {
    /// One line: `Ingress shop/web: haproxy.org/timeout-server: "abc": is not a duration; expected ..., for example 30s`.
    public var description: String {
        var parts: [String] = []
        if let location { parts.append(location.description) }
        // What no API server has seen may have a name of any length.
        if let object { parts.append(object.description.shortened(to: 400)) }
        if let key { parts.append(key.shortened(to: 400)) }
        if let value { parts.append(value.quotedForPeople) }
        var text = (parts + [message.shortened(to: 2000)]).joined(separator: ": ")
        if let expected { text += "; expected \(expected.shortened(to: 400))" }
        if let example { text += ", for example \(example.shortened(to: 400))" }
        return text.visible
    }
}

extension String {
    /// In double quotes, with control characters escaped and the middle of a long value left out.
    public var quotedForPeople: String {
        var shown = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            if scalar == "\"" { shown.append("\\") }
            shown.append(scalar)
        }
        return "\"\(String(shown).shortened(to: 120).visible)\""
    }

    /// Without the middle of what is longer than so many scalars: any number of accents make one character with the letter before them.
    fileprivate func shortened(to count: Int) -> String {
        guard utf8.count > count, unicodeScalars.count > count else { return self }
        var short = UnicodeScalarView(unicodeScalars.prefix(count * 2 / 3))
        short.append("…")
        short.append(contentsOf: unicodeScalars.suffix(count / 4))
        return String(short)
    }

    /// With escapes for what is no character on one line: control characters, other ends of lines, and characters that change the
    /// order or the look of those around them.
    var visible: String {
        guard unicodeScalars.contains(where: Self.isInvisible) else { return self }
        var shown = ""
        for scalar in unicodeScalars {
            switch scalar {
            case "\n": shown += "\\n"
            case "\t": shown += "\\t"
            case _ where Self.isInvisible(scalar): shown += "\\u{\(String(scalar.value, radix: 16))}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7f }
        return switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }
}
