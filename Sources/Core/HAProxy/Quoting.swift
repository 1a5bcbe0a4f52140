/// Quoting of arguments in a HAProxy configuration file (configuration manual, section 2.2 "Quoting and escaping").
enum Quoting {
    /// Whether a value can stand in a configuration line at all: control characters cannot, however they are quoted.
    static func isRepresentable(_ value: String) -> Bool {
        value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
    }

    /// One argument: bare where nothing in it is special, else in strong quotes, inside which HAProxy interprets nothing.
    static func argument(_ value: String) -> String {
        if !value.isEmpty, value.utf8.allSatisfy(isBare) { return value }
        return "'" + value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    /// Text that a log-format string (section 8.2.4) shows as it is.
    static func logFormatLiteral(_ value: String) -> String {
        value.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%%")
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
