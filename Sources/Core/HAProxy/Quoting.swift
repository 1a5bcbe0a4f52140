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

    /// How many words HAProxy reads from a line.
    static func wordCount(of line: String) -> Int {
        var (count, isInWord) = (0, false)
        var quote: UInt8?
        var isEscaped = false
        for byte in line.utf8 {
            if !isInWord, byte != UInt8(ascii: " "), byte != UInt8(ascii: "\t") { (count, isInWord) = (count + 1, true) }
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\"), quote != UInt8(ascii: "'") {
                isEscaped = true
            } else if let open = quote {
                if byte == open { quote = nil }
            } else {
                switch byte {
                case UInt8(ascii: "'"), UInt8(ascii: "\""): quote = byte
                case UInt8(ascii: " "), UInt8(ascii: "\t"): isInWord = false
                case UInt8(ascii: "#"): return isInWord && line.utf8.first != byte ? count : max(0, count - 1)
                default: break
                }
            }
        }
        return count
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
