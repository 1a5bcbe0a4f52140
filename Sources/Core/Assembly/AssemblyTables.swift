/// Who claims what, who has it, and what HAProxy's sections, maps and files are by that. Plans are entered and retracted; `reconcile` decides
/// what they left open. A value, so that building everything anew begins with a fresh one.
///
/// It has more tables than other types have properties: each is a type of its own, and only the decisions about routes concern several.
struct AssemblyTables {
    /// What was entered, but for the routes, which are claims now.
    private(set) var plans: [RouteSource: ObjectPlan] = [:]
    private var claims: [RouteSource: [RouteClaim]] = [:]
    /// The Ingresses that are ours.
    private(set) var ingresses: Set<ObjectKey> = []
    var dependents: Dependents
    var findings = FindingTable()

    // Claims.
    var hosts: HostTable
    var routes: RouteTable
    var conditions = ConditionTable()
    var normalizations = NormalizationTable()
    var certificates = CertificateTable()
    var defaultCertificates = DefaultCertificates()
    var touched = Touched()

    // Contents.
    var backends = BackendTable()
    var rules = RuleTable()
    var searchedEntries = SearchedEntries()
    var maps = MapTable(permanent: ["host", SectionNames.wholeHostsMap, "path-exact", "path-prefix"])
    var files = FileTable()
    var sections = SectionTable()

    /// Places that may have other values than before.
    struct Touched {
        var entries: Set<RoutingPlace> = []
        var hosts: Set<String> = []
        /// The files of certificates.
        var certificates: Set<String> = []
    }

    /// What decisions go by, beside the tables.
    struct Context {
        let options: EngineOptions
        let base: GlobalPlan
        let services: ServiceResolution
        let refusals: Refusals
    }

    init(_ options: EngineOptions) {
        dependents = Dependents(tcpServices: options.tcpServicesConfigMap?.configMapKey)
        hosts = HostTable(options.hostOwnership)
        routes = RouteTable(options.hostOwnership)
    }

    /// The TCP services that the operator's ConfigMap asks for, by port.
    var tcpServices: [PlannedTCPService] { plans[.tcpServices]?.tcpServices ?? [] }

    // MARK: - Plans

    mutating func enter(_ plan: ObjectPlan) {
        let claims = plan.routes.map(RouteClaim.init)
        self.claims[plan.source] = claims.isEmpty ? nil : claims
        plans[plan.source] = plan
        plans[plan.source]?.routes = []
        dependents.add(plan)
        findings.add(plan.findings)
        enterSecrets(of: plan)
        if case .ingress(let ingress) = plan.source, plan.isOurs {
            ingresses.insert(ingress)
            hosts.add(ingress, created: plan.created, to: plan.hosts)
            let member = HostTable.Member(created: plan.created, ingress: ingress)
            for file in plan.certificates.files {
                certificates.bring(file.path, names: file.names, algorithm: file.algorithm, by: member)
            }
            for claim in plan.certificates.claims { certificates.add(claim) }
        }
        for claim in claims { routes.add(claim) }
    }

    /// Takes back all that a source asked for.
    ///
    /// - Returns: its plan; nil where it had none.
    @discardableResult
    mutating func retract(_ source: RouteSource) -> ObjectPlan? {
        guard let plan = plans.removeValue(forKey: source) else { return nil }
        for claim in claims.removeValue(forKey: source) ?? [] {
            if claim.isInForce { lose(claim) }
            setFinding(nil, of: claim)
            routes.remove(claim)
        }
        if case .ingress(let ingress) = source, plan.isOurs {
            ingresses.remove(ingress)
            hosts.remove(ingress, created: plan.created, from: plan.hosts)
            certificates.takeBack(Set(plan.certificates.files.map(\.path)), from: ingress)
            for host in Set(plan.certificates.claims.map(\.host)) { certificates.removeClaims(of: ingress, for: host) }
        }
        giveBackSecrets(of: plan)
        dependents.remove(plan)
        findings.remove(plan.findings)
        return plan
    }

    private mutating func enterSecrets(of plan: ObjectPlan) {
        for (key, loaded) in plan.certificates.secrets { certificates.use(key, loaded, findings: &findings) }
    }

    private mutating func giveBackSecrets(of plan: ObjectPlan) {
        for (key, _) in plan.certificates.secrets { certificates.giveBack(key, findings: &findings) }
    }

    // MARK: - What holds for all routes

    /// Enters what holds for all routes in place of what held before. Routes for which it is another are planned anew by the caller.
    mutating func enter(_ base: GlobalPlan, inPlaceOf old: GlobalPlan? = nil) {
        for file in old?.files ?? [] { files.remove(file.path) }
        findings.remove(old?.findings ?? [])
        dependents.noteUnnamed(old?.secrets ?? [])
        setCommandLineCertificate(nil)
        for (name, entries) in base.global.mapEntries {
            for (key, value) in entries { maps.add(name, key, value) }
        }
        for file in base.files { files.add(file) }
        findings.add(base.findings)
        for (name, entries) in old?.global.mapEntries ?? [:] {
            for (key, value) in entries { maps.remove(name, key, value) }
        }
        sections.renewsStaticSections = true
    }

    /// - Parameter plan: names the Secret of `--default-ssl-certificate`.
    mutating func setCommandLineCertificate(_ plan: ObjectPlan?) {
        if let old = defaultCertificates.commandLine {
            findings.remove(old.findings)
            giveBackSecrets(of: old)
        }
        (defaultCertificates.commandLine, defaultCertificates.areListed) = (plan, false)
        guard let plan else { return }
        findings.add(plan.findings)
        enterSecrets(of: plan)
    }

    // MARK: - Results

    func state(_ base: GlobalPlan) -> DesiredState {
        var state = DesiredState()
        (state.staticSections, state.userLists, state.backends) = (sections.staticSections, sections.userLists, sections.backends)
        state.rules = sections.inlinedSettings
        (state.maps, state.files, state.certificateList) = (maps.files, files.files, certificates.list)
        state.keepsUnusedCertificates = !base.global.removesUnusedCertificates
        state.metricsAccess = base.global.metricsAccess
        state.bufferSize = base.handlers.environment.bufferSize
        return state
    }
}
