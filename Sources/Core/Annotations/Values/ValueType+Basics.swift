extension ValueType where Value == Bool {
    /// true or false, in the spellings that the Go controller reads.
    public static let bool = ValueType(name: "bool", expected: "true or false", example: "true") { text in
        switch text.lowercased() {
        case "true", "t", "1", "on", "enabled": return true
        case "false", "f", "0", "off", "disabled": return false
        default: throw ValueError("is neither true nor false")
        }
    }
}

extension ValueType where Value == Int {
    /// A whole number in a range.
    public static func integer(_ range: ClosedRange<Int>) -> ValueType {
        let limit =
            range.upperBound == .max
            ? "a whole number of at least \(range.lowerBound)"
            : "a whole number from \(range.lowerBound) to \(range.upperBound)"
        return ValueType(name: "number", expected: limit, example: String(min(max(range.lowerBound, 100), range.upperBound))) {
            text in
            guard let number = text.wholeNumber else { throw ValueError("is not a whole number") }
            guard range.contains(number) else { throw ValueError("is out of range") }
            return number
        }
    }

    public static let port = integer(1...65_535).described(expected: "a port number from 1 to 65535", example: "8443")

    /// A number of entries, with k or m for thousands or millions as HAProxy counts them (1k is 1024).
    public static let size = ValueType(
        name: "size", expected: "a whole number of at least 1, with k or m for units of 1024 or 1048576", example: "100k"
    ) { text in
        var digits = text
        var unit = 1
        switch text.last {
        case "k", "K": (unit, digits) = (1024, String(text.dropLast()))
        case "m", "M": (unit, digits) = (1_048_576, String(text.dropLast()))
        default: break
        }
        guard let number = digits.wholeNumber, number >= 1 else { throw ValueError("is not a size") }
        guard number <= Int(Int32.max) / unit else { throw ValueError("is out of range") }
        return number * unit
    }

    /// A status that a response can carry.
    public static let statusCode = integer(200...599).described(expected: "an HTTP status code from 200 to 599", example: "429")
}

extension ValueType where Value == Duration {
    /// A time as HAProxy writes it (configuration manual, section 2.5 "Time format"): a number alone means milliseconds.
    public static let duration = duration(atLeast: .zero)

    public static func duration(atLeast minimum: Duration) -> ValueType {
        var expected = "a duration: a whole number with the unit us, ms, s, m, h or d (milliseconds without one)"
        if minimum > .zero { expected += " of at least \(minimum.haproxyNotation)" }
        return ValueType(name: "duration", expected: expected, example: "30s") { text in
            let digits = text.prefix { $0.isASCII && $0.isNumber }
            let units: [String: Duration] = [
                "": .milliseconds(1), "us": .microseconds(1), "ms": .milliseconds(1), "s": .seconds(1), "m": .seconds(60),
                "h": .seconds(3600), "d": .seconds(86_400),
            ]
            guard let count = String(digits).wholeNumber, let unit = units[String(text.dropFirst(digits.count))] else {
                throw ValueError("is not a duration")
            }
            // HAProxy's timers are 31-bit milliseconds.
            let longest = Duration.milliseconds(Int(Int32.max))
            guard count <= Int(Int32.max) * 1000, unit * count <= longest else {
                throw ValueError("is longer than HAProxy's timers, which end at 24d")
            }
            let value = unit * count
            guard value >= minimum else { throw ValueError("is too short") }
            return value
        }
    }
}

extension ValueType where Value == String {
    /// Text on one line.
    public static let line = ValueType(name: "string", expected: "text on one line", example: "Members only") { text in
        guard !text.isEmpty else { throw ValueError("is empty") }
        guard Quoting.isRepresentable(text) else { throw ValueError("holds control characters") }
        return text
    }

    /// One word of a fixed set.
    public static func choice(_ words: String...) -> ValueType {
        let list = words.count < 2 ? words.joined() : words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
        return ValueType(name: words.joined(separator: " | "), expected: list, example: words.first ?? "") { text in
            guard words.contains(text) else { throw ValueError("is not known") }
            return text
        }
    }

    /// The name of an HTTP header field (RFC 9110, section 5.1).
    public static let headerName = ValueType(
        name: "header name", expected: "the name of an HTTP header", example: "X-Real-IP"
    ) { text in
        guard text.isPlainHeaderName else { throw ValueError("is not the name of an HTTP header") }
        return text
    }
}

extension String {
    /// Digits only, within Int.
    var wholeNumber: Int? { !isEmpty && utf8.allSatisfy { (48...57).contains($0) } ? Int(self) : nil }

    /// Whether the text is a header name made of letters, digits, `-`, `_` and `.`: all that are in use, and nothing that means
    /// something to HAProxy or a file name.
    public var isPlainHeaderName: Bool {
        !isEmpty && utf8.count <= 128
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    /// Whether the text is a token of RFC 9110, section 5.6.2.
    public var isToken: Bool {
        !isEmpty
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}
