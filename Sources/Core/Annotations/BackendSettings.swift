/// What the routes of one (Ingress, Service) pair want of their backend: everything that HAProxy can only do with static
/// arguments. Routes with equal settings share a backend; who asked does not matter.
public struct BackendSettings: Hashable, Sendable {
    /// The `balance` line and what belongs to it; nil for the defaults' algorithm.
    public var balance: Traced<Directive>? { storedBalance }
    @Rare private var storedBalance: Traced<Directive>?
    public private(set) var options: [Traced<Directive>] = []
    /// Those among ``options`` that have to be in `defaults` too, by name.
    private(set) var commonOptions: [String: Origin] = [:]
    /// Options that only mean something where HAProxy understands HTTP: left out where TLS is passed through.
    public private(set) var httpOptions: [Traced<Directive>] = []
    private var rulesByPhase: [Phase: [Traced<Directive>]] = [:]
    public private(set) var serverOptions: [Traced<Directive>] = []
    /// Keywords of every server whose change replaces the running servers.
    public private(set) var replaceableServerOptions: [Traced<Directive>] = []
    /// How many requests a server works on at the same time; nil for no limit.
    public var serverLimit: Traced<Int>? { storedServerLimit }
    @Rare private var storedServerLimit: Traced<Int>?
    /// How often HAProxy checks each server; nil where it does not.
    public private(set) var checkInterval: Duration?
    /// How the persistence cookie names the servers.
    public private(set) var serverCookies = ServerCookies.none
    public private(set) var snippet: [Traced<Directive>] = []
    public private(set) var userLists: [UserList] = []
    /// Whether servers can be added at run time with the algorithm of ``balance``.
    public private(set) var acceptsDynamicServers = true
    /// Server lines are provisioned in multiples of this where none can be added at run time.
    public private(set) var slotStep = 42

    /// The costs of tenants' expressions for each request, in the order in which they came; see ``ExpressionBudget``. The rules that the
    /// route uses beside those of its backend are among them.
    private(set) var costs: [Traced<Growth>] = []

    /// Where lines come from unless told otherwise; set by the engine for each handler.
    var origin = Origin.controller
    @Rare var unrepresentable: AnnotationError?

    public init() {}

    /// The `http-request` and `http-response` rules in the order of their phases.
    public var rules: [Traced<Directive>] { Phase.allCases.flatMap { rulesByPhase[$0] ?? [] } }

    /// Adds a line such as `option forwardfor` or `timeout server 5s`.
    public mutating func option(_ line: Directive, from source: Origin? = nil) {
        append(line, source) { $0.options.append($1) }
    }

    /// Adds a line that a backend in TCP mode cannot have, such as `option forwardfor`.
    public mutating func httpOption(_ line: Directive, from source: Origin? = nil) {
        append(line, source) { $0.httpOptions.append($1) }
    }

    /// Adds an option that HAProxy looks up in the client's frontend too, such as `abortonclose` (before 2.9). A frontend takes
    /// it only from `defaults`, so that it is set there, and taken back in the backends that do not ask for it.
    public mutating func commonOption(_ name: StaticString, from source: Origin? = nil) {
        option("option \(raw: "\(name)")", from: source)
        commonOptions["\(name)"] = source ?? origin
    }

    /// Adds an `http-request` or `http-response` rule.
    public mutating func rule(_ phase: Phase, _ line: Directive, from source: Origin? = nil) {
        append(line, source) { $0.rulesByPhase[phase, default: []].append($1) }
    }

    /// Adds keywords to every server of the backend, such as `check inter 2s` (configuration manual, section 5.2).
    public mutating func server(_ keywords: Directive, from source: Origin? = nil) {
        append(keywords, source) { $0.serverOptions.append($1) }
    }

    /// Has HAProxy check every server of the backend.
    ///
    /// - Parameter interval: the time between two checks; nil for HAProxy's own, two seconds (configuration manual, section 5.2,
    ///   "inter").
    public mutating func check(every interval: Traced<Duration>?, from source: Origin? = nil) {
        server(Self.checkKeyword, from: source)
        if let interval { server("inter \(interval.value)", from: interval.origin) }
        checkInterval = interval?.value ?? .seconds(2)
    }

    /// Has HAProxy check a server (configuration manual, section 5.2, "check").
    static let checkKeyword: Directive = "check"

    /// Adds keywords to every server of the backend that change without a reload: servers that have the new ones are added and
    /// the others go when their sessions have ended. The servers' names carry a hash of these keywords. For keywords that
    /// `add server` knows (management manual, section 9.3).
    public mutating func replaceableServer(_ keywords: Directive, from source: Origin? = nil) {
        append(keywords, source) { $0.replaceableServerOptions.append($1) }
    }

    /// Limits the requests that each server works on at the same time (`maxconn`); further ones wait in HAProxy. A running
    /// HAProxy changes the limit.
    public mutating func limitServers(to maxconn: Int, from source: Origin? = nil) {
        storedServerLimit = Traced(maxconn, origin: source ?? origin)
    }

    /// Adds the `cookie` line that keeps clients with a server. A backend in TCP mode has none.
    public mutating func persist(_ line: Directive, naming cookies: ServerCookies, from source: Origin? = nil) {
        httpOption(line, from: source)
        serverCookies = cookies
    }

    /// Provisions servers in multiples of `step` where none can be added at run time.
    public mutating func provisionSlots(inStepsOf step: Int) { slotStep = max(1, step) }

    /// The step, where it makes a difference.
    private var effectiveSlotStep: Int? { acceptsDynamicServers ? nil : slotStep }

    /// Sets the load-balancing algorithm.
    ///
    /// - Parameter acceptsDynamicServers: false for algorithms that HAProxy cannot add servers to (static-rr and map-based hashes).
    public mutating func balance(_ line: Directive, acceptsDynamicServers: Bool, from source: Origin? = nil) {
        append(line, source) { $0.storedBalance = $1 }
        self.acceptsDynamicServers = acceptsDynamicServers
    }

    /// Adds raw lines after all others.
    public mutating func snippet(_ lines: [String], from source: Origin? = nil) {
        for line in lines { append(Directive(raw: LocalPeer.keeping(line)), source) { $0.snippet.append($1) } }
    }

    /// Whether keywords of the servers say what is spoken with them: a protocol, or TLS, where the two sides negotiate one.
    var choosesServerProtocol: Bool {
        (serverOptions + replaceableServerOptions).contains { keywords in
            keywords.value.text.split(separator: " ").contains { $0 == "proto" || $0 == "ssl" }
        }
    }

    /// Whether the snippet has `server` lines. Snippets spell the first word of a line as it is.
    var hasOwnServers: Bool {
        snippet.contains { ["server", "server-template"].contains($0.value.text.split(whereSeparator: \.isWhitespace).first) }
    }

    /// Makes sure that a user list exists.
    public mutating func userList(_ list: UserList) {
        if !userLists.contains(list) { userLists.append(list) }
    }

    private mutating func append(_ line: Directive, _ source: Origin?, _ add: (inout BackendSettings, Traced<Directive>) -> Void)
    {
        let origin = source ?? origin
        if let flaw = line.flaw {
            unrepresentable = AnnotationError(
                Finding(.error, object: origin.object, key: origin.key, value: flaw.value, flaw.problem))
            return
        }
        add(&self, Traced(line, origin: origin))
        if let cost = line.cost { spend(cost, from: origin) }
    }

    /// Counts what a request costs. The operator's own expressions are not counted.
    mutating func spend(_ cost: Growth, from source: Origin) {
        if source.object?.kind != .configMap { costs.append(Traced(cost, origin: source)) }
    }

    public static func == (a: BackendSettings, b: BackendSettings) -> Bool {
        a.balance == b.balance && a.options == b.options && a.httpOptions == b.httpOptions && a.rulesByPhase == b.rulesByPhase
            && a.serverOptions == b.serverOptions && a.replaceableServerOptions == b.replaceableServerOptions
            && a.serverLimit == b.serverLimit && a.serverCookies == b.serverCookies
            && a.effectiveSlotStep == b.effectiveSlotStep && a.snippet == b.snippet && a.userLists == b.userLists
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(balance)
        hasher.combine(options)
        hasher.combine(httpOptions)
        hasher.combine(rulesByPhase)
        hasher.combine(serverOptions)
        hasher.combine(replaceableServerOptions)
        hasher.combine(serverLimit)
        hasher.combine(serverCookies)
        hasher.combine(effectiveSlotStep)
        hasher.combine(snippet)
        hasher.combine(userLists)
    }

    /// Tells two settings apart in a backend's name; the same in every process.
    var id: String {
        let lines =
            ([balance].compactMap { $0 } + options + httpOptions + rules + serverOptions + replaceableServerOptions + snippet)
            .map(\.value.text)
        // Settings of servers only where there are some: names of backends should not change for want of any.
        let servers = [serverLimit.map { "maxconn \($0.value)" }, effectiveSlotStep.map { "slots \($0)" }].compactMap { $0 }
        return StableID.make(lines + userLists.map(\.name) + servers)
    }
}

/// Users and their password hashes (configuration manual, section 3.4 "Userlists").
public struct UserList: Hashable, Sendable {
    public let name: String
    /// User names and crypt(3) hashes.
    public let users: [String: CryptHash]
    public let origin: Origin

    public init(name: String, users: [String: CryptHash], origin: Origin) {
        self.name = name
        self.users = users
        self.origin = origin
    }

    public static func == (a: UserList, b: UserList) -> Bool { a.name == b.name && a.users == b.users }
    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(users)
    }
}
