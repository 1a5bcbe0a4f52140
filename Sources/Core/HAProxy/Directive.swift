/// One line of a HAProxy section, written as a string literal whose interpolations cannot become anything but arguments.
///
/// ```swift
/// let line: Directive = "http-request auth realm \(realm) unless { http_auth(\(raw: userList)) }"
/// ```
///
/// The literal parts are the handler's own words. A plain interpolation is quoted so that it is one argument whatever it
/// holds; `literal:` also escapes `%`, for arguments that HAProxy reads as log-format strings; `map:` and `routeValue:` name a
/// map file of the controller and make sure that it exists; `raw:` is not quoted and is for text that no tenant wrote.
public struct Directive: Hashable, Sendable, ExpressibleByStringInterpolation, CustomStringConvertible {
    /// The line as it is rendered, without indentation.
    public let text: String
    /// The map files that the line reads, by name without directory and extension.
    public let maps: [String]
    /// An interpolated value that no quoting can carry: it holds control characters. Contributing such a line is an error.
    public let unrepresentable: String?
    /// How many steps the tenants' expressions in the line take at most for one request, by the longest text that HAProxy holds; nil
    /// without expressions. See ``ExpressionBudget``.
    let cost: Growth?

    public init(stringLiteral value: String) {
        text = value
        maps = []
        unrepresentable = nil
        cost = nil
    }

    public init(stringInterpolation interpolation: Interpolation) {
        text = interpolation.text
        maps = interpolation.maps
        unrepresentable = interpolation.unrepresentable
        cost = interpolation.cost
    }

    /// The same line with its whole cost.
    init(_ line: Directive, costing cost: Growth) {
        (text, maps, unrepresentable) = (line.text, line.maps, line.unrepresentable)
        self.cost = cost
    }

    /// A line or part of a line that is already in HAProxy's syntax, such as a line of a config snippet.
    public init(raw: String) {
        text = raw
        maps = []
        unrepresentable = Quoting.isRepresentable(raw) ? nil : raw
        cost = nil
    }

    // The text decides about the cost.
    public static func == (a: Directive, b: Directive) -> Bool {
        a.text == b.text && a.maps == b.maps && a.unrepresentable == b.unrepresentable
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(text)
        hasher.combine(maps)
        hasher.combine(unrepresentable)
    }

    public var description: String { text }

    /// Why HAProxy would not read the line as it is meant; nil when it does. Contributing such a line is an error.
    var flaw: (value: String, problem: String)? {
        if let unrepresentable { return (unrepresentable, "holds control characters") }
        guard ReaderLimits.takes(line: text) else {
            return (text, "makes a line of more than \(ReaderLimits.words) words, which HAProxy does not read")
        }
        return nil
    }

    public struct Interpolation: StringInterpolationProtocol {
        var text = ""
        var maps: [String] = []
        var unrepresentable: String?
        var cost: Growth?

        public init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount * 8)
        }

        public mutating func appendLiteral(_ literal: String) { text += literal }

        /// One argument.
        public mutating func appendInterpolation(_ value: String) {
            if !Quoting.isRepresentable(value) { unrepresentable = value }
            text += Quoting.argument(value)
        }

        /// One argument that HAProxy reads as a log-format string and must show as it is.
        public mutating func appendInterpolation(literal value: String) {
            appendInterpolation(Quoting.logFormatLiteral(value))
        }

        public mutating func appendInterpolation(_ value: Int) { text += String(value) }

        /// A time in HAProxy's notation (section 2.5 "Time format").
        public mutating func appendInterpolation(_ value: Duration) { text += value.haproxyNotation }

        /// Text in HAProxy's own syntax; never a tenant's.
        public mutating func appendInterpolation(raw value: String) {
            if !Quoting.isRepresentable(value) { unrepresentable = value }
            text += value
        }

        /// A part of the line that is a directive itself, with the map files that it reads.
        public mutating func appendInterpolation(part directive: Directive) {
            maps += directive.maps
            unrepresentable = directive.unrepresentable ?? unrepresentable
            text += directive.text
            if let cost = directive.cost { spend(cost) }
        }

        /// Adds the cost of an expression.
        mutating func spend(_ more: Growth) { cost = (cost ?? .zero) + more }

        /// The path of one of the controller's map files.
        public mutating func appendInterpolation(map name: String) {
            maps.append(name)
            text += MapFile.path(name)
        }

        /// A sample expression: what the route of the current request set under this name, or nothing.
        public mutating func appendInterpolation(routeValue name: String) {
            text += "var(txn.settings),map_str("
            appendInterpolation(map: name)
            text += ")"
        }
    }
}

extension Duration {
    /// In the largest unit that holds the value exactly: `90s`, `1500ms`, `2m`.
    public var haproxyNotation: String {
        let (seconds, attoseconds) = components
        if attoseconds == 0 {
            if seconds != 0, seconds % 86_400 == 0 { return "\(seconds / 86_400)d" }
            if seconds != 0, seconds % 3_600 == 0 { return "\(seconds / 3_600)h" }
            if seconds != 0, seconds % 60 == 0 { return "\(seconds / 60)m" }
            return "\(seconds)s"
        }
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        return microseconds % 1000 == 0 ? "\(microseconds / 1000)ms" : "\(microseconds)us"
    }
}
