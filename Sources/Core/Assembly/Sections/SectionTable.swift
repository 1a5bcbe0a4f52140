/// The sections as they were reconciled last, and what is wrong with them.
struct SectionTable {
    /// The sections that there are however many routes there are.
    private(set) var staticSections: [Section] = []
    private var staticSettings = StaticSectionSettings()
    /// Whether they may be others.
    var renewsStaticSections = false
    private(set) var inlinedSettings = InlinedSettings.none
    private(set) var userLists: [String: Section] = [:]
    private(set) var backends: [String: Section] = [:]
    /// By the backend's name.
    private var backendFindings: [String: [Finding]] = [:]
    private var tableFindings: [Finding] = []
    private var conditionFindings: [Finding] = []

    /// Renders the backends and user lists that changed.
    mutating func reconcile(
        _ changes: BackendTable.Changes, backends table: BackendTable, rules: RuleTable, prefersIPv6: Bool,
        within limits: ResourceLimits, maps: inout MapTable, findings: inout FindingTable, _ state: inout StateChange
    ) {
        for name in changes.goneNames {
            setBackend(name, to: nil, maps: &maps, &state)
            set([], ofBackend: name, findings: &findings)
        }
        let commonNames = table.commonOptions.map(\.name)
        // Options that concern all backends are rare.
        for backend in changes.optionsChanged ? Array(table.all) : changes.backends {
            let section = backend.section(
                commonOptions: commonNames, prefersIPv6: prefersIPv6, within: limits, isInFrontends: rules.isInFrontends)
            setBackend(backend.name, to: section, maps: &maps, &state)
            set(
                backend.findings(within: limits, isInFrontends: rules.isInFrontends), ofBackend: backend.name,
                findings: &findings)
        }
        for (name, list) in changes.lists {
            let section = list?.section
            guard userLists[name] != section else { continue }
            userLists[name] = section
            state.userLists.updateValue(section, forKey: name)
        }
    }

    /// Renders the stick tables that changed; nil is one that is gone.
    mutating func reconcileStickTables(
        _ changes: [String: Directive?], _ tables: StickTables, within limits: ResourceLimits, maps: inout MapTable,
        findings: inout FindingTable, _ state: inout StateChange
    ) {
        guard !changes.isEmpty else { return }
        for (name, definition) in changes {
            let section = definition.map { Section("backend \(name)", lines: [.init($0)]) }
            setBackend(name, to: section, maps: &maps, &state)
        }
        findings.remove(tableFindings)
        tableFindings = tables.findings(within: limits)
        findings.add(tableFindings)
    }

    private mutating func setBackend(
        _ name: String, to section: Section?, maps: inout MapTable, _ state: inout StateChange
    ) {
        maps.mention(section, by: 1)
        maps.mention(backends[name], by: -1)
        backends[name] = section
        state.backends.updateValue(section, forKey: name)
    }

    private mutating func set(_ new: [Finding], ofBackend name: String, findings: inout FindingTable) {
        if let old = backendFindings[name] { findings.remove(old) }
        backendFindings[name] = new.isEmpty ? nil : new
        findings.add(new)
    }

    mutating func set(conditionFindings new: [Finding], findings: inout FindingTable) {
        findings.remove(conditionFindings)
        conditionFindings = new
        findings.add(new)
    }

    // MARK: - Static sections

    func mustRenewStaticSections(_ settings: StaticSectionSettings) -> Bool {
        settings != staticSettings || renewsStaticSections || staticSections.isEmpty
    }

    mutating func renewStaticSections(
        _ new: [Section], _ settings: StaticSectionSettings, _ rules: [OwnedRules], _ base: GlobalPlan, maps: inout MapTable,
        _ state: inout StateChange
    ) {
        if renewsStaticSections {
            state.keepsUnusedCertificates = !base.global.removesUnusedCertificates
            state.metricsAccess = base.global.metricsAccess
            state.bufferSize = base.handlers.environment.bufferSize
        }
        renewsStaticSections = false
        staticSettings = settings
        inlinedSettings = base.global.allowsInlinedSettings ? InlinedSettings(rules) : .none
        state.rules = inlinedSettings
        for section in new { maps.mention(section, by: 1) }
        for section in staticSections { maps.mention(section, by: -1) }
        if new != staticSections { state.staticSections = new }
        staticSections = new
    }
}

/// What decides, beside the rules, which static sections there are.
struct StaticSectionSettings: Equatable {
    var usesPassthrough = false
    var usesDNS = false
    var tcpServices: [PlannedTCPService] = []
    var normalizesPaths = false
}

extension UserList {
    fileprivate var section: Section {
        var section = Section("userlist \(name)", origin: origin)
        for (user, hash) in users.sorted(by: { $0.key < $1.key }) {
            section.add("user \(user) password \(hash.text)", origin: origin)
        }
        return section
    }
}
