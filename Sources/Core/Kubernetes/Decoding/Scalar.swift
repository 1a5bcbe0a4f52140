/// A single value of a document.
public enum Scalar: Hashable, Sendable {
    /// YAML text without quotes; ``resolved`` says what it means.
    case plain(String)
    case string(String)
    case null
    case bool(Bool)
    case integer(Int)
    case float(Double)

    /// The value that Kubernetes takes the scalar for; never `plain`.
    public var resolved: Scalar {
        guard case .plain(let text) = self else { return self }
        return Scalar(resolving: text)
    }

    /// As it was written, or as JSON would write it.
    var text: String {
        switch self {
        case .plain(let text), .string(let text): text
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .float(let value):
            if let whole = Int(exactly: value) { String(whole) } else { String(value) }
        }
    }

    /// Takes unquoted YAML text as Kubernetes does: sigs.k8s.io/yaml reads YAML 1.1 in the dialect of go-yaml v2, where `y` and
    /// `off` are booleans, `010` and `0o10` are 8, `1_000` is 1000, and times stay text.
    init(resolving text: String) {
        guard let first = text.utf8.first else {
            self = .null
            return
        }
        switch first {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"):
            self = Self.number(text) ?? Self.words(text) ?? .string(text)
        case UInt8(ascii: "."):
            self = Self.words(text) ?? Self.float(text) ?? .string(text)
        case UInt8(ascii: "y"), UInt8(ascii: "Y"), UInt8(ascii: "n"), UInt8(ascii: "N"), UInt8(ascii: "t"), UInt8(ascii: "T"),
            UInt8(ascii: "f"), UInt8(ascii: "F"), UInt8(ascii: "o"), UInt8(ascii: "O"), UInt8(ascii: "~"):
            self = Self.words(text) ?? .string(text)
        default:
            self = .string(text)
        }
    }

    private static func words(_ text: String) -> Scalar? {
        guard text.utf8.count <= 5 else { return nil }
        return switch text {
        case "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON": .bool(true)
        case "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF": .bool(false)
        case "~", "null", "Null", "NULL": .null
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": .float(.infinity)
        case "-.inf", "-.Inf", "-.INF": .float(-.infinity)
        case ".nan", ".NaN", ".NAN": .float(.nan)
        default: nil
        }
    }

    private static func number(_ text: String) -> Scalar? {
        // A first look that spares addresses, dates and durations the rest.
        var (dots, isDecimal) = (0, text.utf8.first != UInt8(ascii: "0") && text.utf8.count <= 18)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): continue
            case UInt8(ascii: "."):
                dots += 1
                isDecimal = false
            case UInt8(ascii: "a")...UInt8(ascii: "f"),
                UInt8(ascii: "A")...UInt8(ascii: "F"),
                UInt8(ascii: "x"), UInt8(ascii: "X"), UInt8(ascii: "o"), UInt8(ascii: "O"), UInt8(ascii: "_"), UInt8(ascii: "+"),
                UInt8(ascii: "-"):
                isDecimal = false
            default:
                return nil
            }
        }
        if dots > 1 { return nil }
        if isDecimal { return Int(text).map { .integer($0) } }
        let digits = text.utf8.contains(UInt8(ascii: "_")) ? text.filter { $0 != "_" } : text
        return integer(digits) ?? float(digits)
    }

    /// An integer in the notation of Go's `strconv.ParseInt` with base 0.
    private static func integer(_ text: String) -> Scalar? {
        var rest = Substring(text)
        var sign = ""
        if let first = rest.first, first == "-" || first == "+" {
            if first == "-" { sign = "-" }
            rest.removeFirst()
        }
        var radix = 10
        if rest.utf8.count > 1, rest.first == "0" {
            switch rest.dropFirst().first {
            case "x", "X": (radix, rest) = (16, rest.dropFirst(2))
            case "o", "O": (radix, rest) = (8, rest.dropFirst(2))
            case "b", "B": (radix, rest) = (2, rest.dropFirst(2))
            default: (radix, rest) = (8, rest.dropFirst())
            }
        }
        // Int's own parser would take a second sign.
        guard let first = rest.first, first != "-", first != "+" else { return nil }
        if let value = Int(sign + rest, radix: radix) { return .integer(value) }
        // Go goes on with larger types; no field that is read here needs one, but it must stay a number.
        var value = 0.0
        for character in rest {
            guard let digit = character.hexDigitValue, digit < radix else { return nil }
            value = value * Double(radix) + Double(digit)
        }
        return .float(sign.isEmpty ? value : -value)
    }

    /// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`, which is stricter than what Swift takes.
    private static func float(_ text: String) -> Scalar? {
        var rest = Substring(text).utf8
        func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
        func dropDigits() -> Int {
            let before = rest.count
            rest = rest.drop(while: isDigit)
            return before - rest.count
        }
        if let first = rest.first, first == UInt8(ascii: "+") || first == UInt8(ascii: "-") { rest.removeFirst() }
        let whole = dropDigits()
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            if dropDigits() == 0 && whole == 0 { return nil }
        } else if whole == 0 {
            return nil
        }
        if let first = rest.first, first == UInt8(ascii: "e") || first == UInt8(ascii: "E") {
            rest.removeFirst()
            if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest.removeFirst() }
            if dropDigits() == 0 { return nil }
        }
        guard rest.isEmpty, let value = Double(text), value.isFinite else { return nil }
        return .float(value)
    }
}
