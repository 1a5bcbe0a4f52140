/// Quoting of arguments in a HAProxy configuration file (configuration manual, section 2.2 "Quoting and escaping").
enum Quoting {
    /// Whether a value can stand in a configuration line at all: control characters cannot, however they are quoted.
    static func isRepresentable(_ value: String) -> Bool {
        value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
    }

    /// One argument: bare where nothing in it is special, else in strong quotes, inside which HAProxy interprets nothing.
    static func argument(_ value: String) -> String {
        if !value.isEmpty, value.utf8.allSatisfy(isBare) { return value }
        return "'" + replacing("'", in: value, with: "'\\''") + "'"
    }

    /// Text that a log-format string (section 8.2.4) shows as it is.
    static func logFormatLiteral(_ value: String) -> String {
        replacing("%", in: value, with: "%%")
    }

    /// By scalars: to Swift a quote and the accent after it are one character, to HAProxy the quote ends the argument.
    private static func replacing(_ scalar: Unicode.Scalar, in value: String, with text: String) -> String {
        var replaced = String.UnicodeScalarView()
        for next in value.unicodeScalars {
            if next == scalar { replaced.append(contentsOf: text.unicodeScalars) } else { replaced.append(next) }
        }
        return String(replaced)
    }

    private static func isBare(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            return true
        default:
            return bareSymbols.contains(byte)
        }
    }

    private static let bareSymbols = Set("_-./:,@%+=*()[]|&<>!?^~".utf8)
}
