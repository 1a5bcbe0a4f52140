/// What handlers contribute for the routes of one (Ingress, Service) pair.
public struct RouteContribution {
    public let context: RouteContext
    public let environment: AnnotationEnvironment
    /// The backend behind the route.
    public var backend = BackendSettings()
    /// TLS is not ended here: it goes through to the pod, chosen by SNI.
    public var isPassthrough = false
    /// HAProxy sees connections and no requests: TLS goes through to the pod, or the route is a TCP service.
    public var isTCP: Bool { isPassthrough || context.isTCPService }
    /// Why, to follow what is impossible then.
    public var tcpReason: String {
        isPassthrough
            ? "where ssl-passthrough hides the requests from HAProxy" : "for a TCP service, of which HAProxy reads no requests"
    }
    /// The Ingress has a backend of its own even where its settings equal another's.
    public var isStandalone = false
    /// What requests have to match beside host and path; the others go where they would go without this route.
    public var condition: RouteCondition? {
        get { storedCondition }
        set { storedCondition = newValue }
    }
    @Rare private var storedCondition: RouteCondition?
    @Rare private(set) var pathNormalization: PathNormalizationWish?

    private let objects: ObjectReader
    private(set) var values: [String: String] = [:]
    private(set) var rules: [OwnedRules] = []
    private(set) var sharedEntries: [String: [String: String]] = [:]
    private(set) var searchedEntries: [WantedEntry] = []
    private(set) var stickTables: [StickTable] = []
    private(set) var files: [ConfigurationFile] = []
    private(set) var findings: [Finding] = []
    var family = ""

    init(context: RouteContext, environment: AnnotationEnvironment, objects: ObjectReader) {
        self.context = context
        self.environment = environment
        self.objects = objects
    }

    /// Asks for one spelling of the paths of all requests to the hosts of the route.
    ///
    /// - Parameter forEverybody: whether that is the operator's wish for all hosts.
    public mutating func normalizePaths(_ mode: PathNormalizationMode, from source: Origin, forEverybody: Bool) {
        pathNormalization = PathNormalizationWish(mode: mode, origin: source, isOperators: forEverybody)
    }

    /// Makes sure that fixed rules are in the frontends.
    ///
    /// - Parameters:
    ///   - source: who wrote a part of them that only HAProxy can judge, such as a sample expression.
    ///   - isOperators: whether the operator chose what the rules are about: then they are in the frontends, however many there are.
    public mutating func use(_ fixed: FrontendRules, from source: Origin? = nil, isOperators: Bool = false) {
        var owned = OwnedRules(
            family: fixed.id == FrontendRules.source.id ? "" : family, rules: fixed, authors: source.map { [$0] } ?? [])
        for line in fixed.lines + (fixed.backendLines ?? []) + (fixed.passthroughLines ?? []) + (fixed.exit?.lines ?? []) {
            guard let flaw = line.flaw else { continue }
            let origin = source ?? backend.origin
            backend.unrepresentable = AnnotationError(
                Finding(.error, object: origin.object, key: origin.key, value: flaw.value, flaw.problem))
            return
        }
        owned.isOperators = isOperators
        guard !rules.contains(owned) else { return }
        rules.append(owned)
        for cost in (fixed.lines + (fixed.backendLines ?? []) + (fixed.exit?.lines ?? [])).compactMap(\.cost) {
            backend.spend(cost, from: source ?? backend.origin)
        }
    }

    /// Sets this route's entry in the map that fixed rules read with `routeValue:`.
    ///
    /// - Throws: ``AnnotationError`` when the value is empty or holds control characters, which no map file can carry.
    public mutating func set(_ name: String, to value: String) throws {
        // The settings' id is no longer than this.
        try require(MapFile.problem(key: Self.placeholderID, value: value, environment.readerLimits), value)
        values[name] = value
    }

    /// Sets this route's entry to a list of networks. Fixed rules look the client up with
    /// `var(txn.NAME),concat(:,txn.source),map_beg(maps/addresses.map)` after ``FrontendRules/source``.
    public mutating func set(_ name: String, to list: AddressList) {
        values[name] = list.id
        for (key, value) in list.entries { sharedEntries["addresses", default: [:]][key] = value }
    }

    /// Adds an entry to a map that is not looked up by route. The key must tell whose it is, for instance by beginning with an
    /// id made of the setting with ``StableID``.
    ///
    /// - Throws: ``AnnotationError`` when the key holds white space, or either holds control characters or is empty.
    public mutating func addEntry(to map: String, key: String, value: String) throws {
        try require(MapFile.problem(key: key, value: value, environment.readerLimits), value)
        sharedEntries[map, default: [:]][key] = value
    }

    /// Adds an entry to a map that HAProxy searches from end to end (`map_reg`). There is room for few, the oldest first: the entry of a
    /// younger route may be missing, which its owner is told. The key must tell whose it is.
    ///
    /// - Parameter steps: how many steps the comparison with a request takes at most; see ``ExpressionBudget``.
    /// - Throws: ``AnnotationError`` when the key holds white space, or either holds control characters or is empty.
    public mutating func addSearchedEntry<Value>(
        to map: String, key: String, value: String, costing steps: Double, from source: Resolved<Value>
    ) throws {
        try require(MapFile.problem(key: key, value: value, environment.readerLimits), value)
        backend.spend(Growth([steps]), from: source.origin)
        let wanted = WantedEntry(
            entry: SearchedEntry(map: map, key: key, value: value), origin: source.origin, raw: source.raw,
            isOperators: source.scope <= .configMap)
        if !searchedEntries.contains(wanted) { searchedEntries.append(wanted) }
    }

    private static let placeholderID = String(repeating: "0", count: 64)

    private func require(_ problem: String?, _ value: String) throws {
        guard let problem else { return }
        throw AnnotationError(
            Finding(.error, object: backend.origin.object, key: backend.origin.key, value: value, problem))
    }

    /// The networks that a value stands for.
    ///
    /// - Throws: ``AnnotationError`` when it names a pattern file that there is not, or one that holds other things.
    public func addresses(_ source: Resolved<AddressSource>) throws -> AddressList {
        switch source.value {
        case .networks(let networks):
            try source.require(networks.count, "networks", within: .addressListEntries, of: environment.limits)
            return AddressList(networks)
        case .patternFile(let name):
            guard let text = objects.patternFile(name) else {
                throw source.error("there is no pattern file \(name)").about(missing: objects.missingPatterns)
            }
            do { return AddressList(try AddressList.networks(inPatternFile: text)) } catch let error as ValueError {
                throw source.error("pattern file \(name) \(error.message)")
            }
        }
    }

    /// Makes sure that a stick table exists.
    public mutating func use(_ table: StickTable) {
        if !stickTables.contains(table) { stickTables.append(table) }
    }

    /// Makes sure that a file exists and returns its path for the lines that name it.
    public mutating func file(_ file: ConfigurationFile) -> String {
        if !files.contains(file) { files.append(file) }
        return file.path
    }

    /// Puts equal ones in the place of rules and stick tables.
    mutating func share(rules shared: (OwnedRules) -> FrontendRules, stickTables sharedTable: (StickTable) -> StickTable) {
        for index in rules.indices { rules[index].rules = shared(rules[index]) }
        for index in stickTables.indices { stickTables[index] = sharedTable(stickTables[index]) }
    }

    /// The Secret that a value names.
    ///
    /// - Throws: ``AnnotationError`` when there is none, or when it is in another namespace that the operator did not share.
    public func secret(_ reference: Resolved<SecretReference>) throws -> Secret { try objects.secret(reference) }

    /// The certificates that a Secret holds, to be shown. In place of one that an update broke it is the last one that could be
    /// used, and the Secret's owner is told.
    ///
    /// - Parameters:
    ///   - parts: the parts of the Secret that are looked at; nil for all that there are.
    ///   - file: the file that HAProxy gets for a certificate.
    /// - Throws: ``AnnotationError`` when there is none that can be used, and as ``secret(_:)`` does.
    public mutating func certificates(
        _ reference: Resolved<SecretReference>, parts: [SecretPart]? = nil, file: (CertificateBundle) -> ConfigurationFile
    ) throws -> [CertificateBundle] {
        let (bundles, problem) = try objects.certificates(reference, parts: parts, file: file)
        if let problem { findings.append(problem) }
        return bundles
    }

    /// Tells the owner of an object that a part of it is left out.
    public mutating func note(_ finding: Finding) { findings.append(finding) }

    /// Tells the owner of a value about something that is odd but not wrong.
    public mutating func warn<Value>(_ about: Resolved<Value>, _ message: String) {
        findings.append(Finding(.warning, object: about.object, key: about.writtenKey, value: about.raw, message))
    }
}

/// Fixed rules and the family that contributed them. Who asked for them does not tell rules apart.
struct OwnedRules: Hashable, Sendable, Comparable {
    let family: String
    fileprivate(set) var rules: FrontendRules
    /// Who wrote a part of the rules that HAProxy may refuse.
    var authors: [Origin] = []
    /// Whether the operator chose what the rules are about.
    var isOperators = false

    static func == (a: OwnedRules, b: OwnedRules) -> Bool { a.family == b.family && a.rules == b.rules }

    func hash(into hasher: inout Hasher) {
        hasher.combine(family)
        hasher.combine(rules)
    }

    static func < (a: OwnedRules, b: OwnedRules) -> Bool {
        (a.rules.phase, a.family, a.rules.id) < (b.rules.phase, b.family, b.rules.id)
    }
}
