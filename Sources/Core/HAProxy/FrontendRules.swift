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

    /// Where rules stand. Each rule of the frontends costs all requests something, so those whose number tenants decide have little
    /// room there.
    public enum Placement: Hashable, Sendable {
        /// In the frontends, always.
        case frontends
        /// In the frontends as long as there are few of a kind, the oldest first; else in the backends of the routes that use them.
        case frontendsIfFew
        /// In the backends of the routes that use them.
        case backends
    }

    /// Where the rules stand.
    public let placement: Placement
    /// What does the same in a backend, after all rules of the frontends; nil for ``lines``.
    let backendLines: [Directive]?
    /// Whether nothing in a backend does the same, so that ``backendLines`` close the route.
    let isClosedInBackends: Bool
    /// For how many bytes the rules capture in each of their slots (`capture ... id N`), which the frontends declare.
    public let captureLengths: [Int]

    /// Rules for everybody. They are in the frontends, so there is a fixed number of them: the id is a word of the handler's, and
    /// no rules with one id, family and phase differ.
    public init(
        id: StaticString, phase: Phase, _ lines: [Directive], passthrough: [Directive]? = nil, exit: FrontendExit? = nil,
        inlined: Inlining? = nil, answer: Answering? = nil
    ) {
        self.id = "\(id)"
        self.phase = phase
        self.lines = lines
        passthroughLines = passthrough
        self.exit = exit
        self.inlined = inlined
        self.answer = answer
        placement = .frontends
        isClosedInBackends = false
        backendLines = nil
        captureLengths = []
    }

    /// Rules about something that a tenant chose, such as the name of a header: there may be as many as tenants like. They are in the
    /// frontends while there are few (see ``ResourceLimits/Name/frontendRules``), and else in the backends of the routes that use them,
    /// where they cost nobody else anything.
    ///
    /// - Parameters:
    ///   - name: tells the rules apart, with what the tenant chose in it.
    ///   - backendLines: what does the same in a backend, where requests come after all rules of the frontends; without them ``lines``.
    ///   - isClosedInBackends: whether nothing does the same there, and `backendLines` refuse requests.
    public init(
        named name: String, phase: Phase, _ lines: [Directive], backendLines: [Directive]? = nil,
        isClosedInBackends: Bool = false, inlined: Inlining? = nil
    ) {
        id = name
        self.phase = phase
        self.lines = lines
        passthroughLines = nil
        exit = nil
        self.inlined = inlined
        answer = nil
        placement = .frontendsIfFew
        self.isClosedInBackends = isClosedInBackends
        self.backendLines = backendLines
        captureLengths = []
    }

    /// Rules of the backends of those routes that use them, before the backends' own.
    ///
    /// - Parameters:
    ///   - name: tells the rules apart.
    ///   - captureLengths: for how many bytes the frontends declare capture slots, from slot 0 on.
    public init(inBackends name: String, phase: Phase, _ lines: [Directive], captureLengths: [Int] = []) {
        id = name
        self.phase = phase
        self.lines = lines
        passthroughLines = nil
        exit = nil
        inlined = nil
        answer = nil
        placement = .backends
        isClosedInBackends = false
        backendLines = nil
        self.captureLengths = captureLengths
    }

    public static func == (a: FrontendRules, b: FrontendRules) -> Bool {
        a === b
            || a.id == b.id && a.phase == b.phase && a.lines == b.lines && a.passthroughLines == b.passthroughLines
                && a.exit == b.exit && a.placement == b.placement && a.backendLines == b.backendLines
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
    /// How many entries it has at most.
    public let entries: Int
    private let key: Directive
    private let rest: Directive

    /// - Parameters:
    ///   - key: the words of the `stick-table` line before the size, such as `type string len 64`.
    ///   - entries: how many entries are wanted. Where all tables together are too large, there are fewer.
    ///   - rest: those behind the size, such as `expire 1m store http_req_rate(1m)`.
    public init(name: String, key: Directive, entries: Int, _ rest: Directive) {
        self.name = name
        self.key = key
        self.entries = entries
        self.rest = rest
    }

    /// The `stick-table` line (configuration manual, section 4.2).
    func definition(entries: Int) -> Directive {
        "stick-table \(part: key) size \(entries) \(part: rest) peers \(raw: LocalPeer.section)"
    }
}
