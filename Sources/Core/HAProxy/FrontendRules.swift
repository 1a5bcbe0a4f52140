/// When a rule of the HTTP frontends runs. Rules are ordered by phase, never by who registered first.
public enum Phase: Int, Hashable, Sendable, Comparable, CaseIterable {
    /// The client's address is replaced.
    case sourceAddress
    /// Values are derived from the final source address.
    case source
    case accessControl
    case authentication
    case rateLimit
    case redirect
    case capture
    case rewrite
    case headers

    public static func < (a: Phase, b: Phase) -> Bool { a.rawValue < b.rawValue }
}

/// Lines that enter the HTTP and HTTPS frontends once, however many routes use them; what differs between routes they read
/// from maps.
public final class FrontendRules: Hashable, Sendable {
    /// Tells apart rules of one handler in one phase and orders them; equal rules with equal ids are one.
    public let id: String
    public let phase: Phase
    public let lines: [Directive]
    /// What does the same where TLS is passed through: `tcp-request content` rules of the frontend that chooses by SNI. Nil
    /// where the rules need HTTP; a protection without them closes routes that are passed through.
    public let passthroughLines: [Directive]?
    /// Where requests leave the frontends after all rules, in place of going to their route's backend.
    public let exit: FrontendExit?
    /// What does the same for the requests of one route, in its backend: rules with the route's values as literals, which cost a
    /// request no look-ups. They read no maps.
    ///
    /// Takes the values of a route, and gives no lines where it has none that the rules read, and nil where there are none that do
    /// just what the rules do. A route is written into its backend only when all rules that read its values have a form for it.
    public let inlined: Inlining?

    /// What the rules answer to a request without asking a pod, as far as route and request decide it; nil where the request goes
    /// on. `explain` tells by it.
    public let answer: Answering?

    public typealias Answering = @Sendable (RouteValues, RequestOutline) -> RequestAnswer?
    public typealias Inlining = @Sendable (RouteValues) -> [Directive]?

    public init(
        id: String, phase: Phase, _ lines: [Directive], passthrough: [Directive]? = nil, exit: FrontendExit? = nil,
        inlined: Inlining? = nil, answer: Answering? = nil
    ) {
        self.id = id
        self.phase = phase
        self.lines = lines
        passthroughLines = passthrough
        self.exit = exit
        self.inlined = inlined
        self.answer = answer
    }

    public static func == (a: FrontendRules, b: FrontendRules) -> Bool {
        a === b
            || a.id == b.id && a.phase == b.phase && a.lines == b.lines && a.passthroughLines == b.passthroughLines
                && a.exit == b.exit
    }

    /// The lines of rules with one id and phase are equal but for the names in them.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(phase)
    }

    /// `txn.source`: the client's address as a key for `addresses.map` (see ``AddressList``). IPv4 addresses that arrive
    /// mapped into IPv6 count as IPv4.
    public static let source: FrontendRules = {
        func lines(_ action: String) -> [Directive] {
            [
                "\(raw: action) set-var(txn.source_hex) src,hex",
                """
                \(raw: action) set-var(txn.source_hex) var(txn.source_hex),bytes(24) \
                if { var(txn.source_hex) -m beg 00000000000000000000FFFF }
                """,
                "\(raw: action) set-var(txn.source) str(6:),concat(,txn.source_hex)",
                "\(raw: action) set-var(txn.source) str(4:),concat(,txn.source_hex) if { var(txn.source_hex) -m len 8 }",
            ]
        }
        return FrontendRules(
            id: "source", phase: .source, lines("http-request"), passthrough: lines("tcp-request content"))
    }()
}

/// What a route set with ``RouteContribution/set(_:to:)-(String,String)``.
public struct RouteValues {
    /// The id of the settings, which is the key of their values.
    let settings: String
    let maps: [String: MapFile]

    /// The value of the route under a name; nil where it has none.
    public subscript(_ name: String) -> String? { maps[name]?.entries[settings] }
}

/// A backend without servers that answers some requests itself. One rule in the frontends sends them there, so that the others do
/// not pass all the rules that make the answers.
///
/// Exits have the order of their rules' phases. All rules run before a request leaves, those of a snippet too: what a snippet
/// answers itself is answered before.
public struct FrontendExit: Hashable, Sendable {
    /// The backend's name, which log lines show.
    public let backend: String
    /// Which requests leave, such as `{ var(txn.redirect) -m found }`.
    public let condition: Directive
    /// What answers them: the lines of the backend.
    public let lines: [Directive]

    public init(backend: String, condition: Directive, lines: [Directive]) {
        self.backend = backend
        self.condition = condition
        self.lines = lines
    }
}

/// A stick table that fixed rules count in: a backend section without servers.
public struct StickTable: Hashable, Sendable {
    public let name: String
    /// The `stick-table` line (configuration manual, section 4.2).
    public let definition: Directive

    public init(name: String, definition: Directive) {
        self.name = name
        self.definition = definition
    }
}
