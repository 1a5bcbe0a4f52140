/// The desired state of a store of objects, kept up to date: a changed object costs what depends on it, not what there is.
///
/// Each Ingress is a ``Unit`` that plans its routes and certificates by itself and claims places for them. Tables decide who has a
/// place, count who uses what, and remember what they touched; from that the change of the state is made.
public final class LiveAssembly {
    public private(set) var engine: Engine
    let objects: RecordingStore
    public private(set) var refusals: Refusals {
        didSet { objects.refusals = refusals }
    }
    var now = 0
    var base: AssemblyBase

    var units: [Unit.Key: Unit] = [:]
    var dependents = Dependents()
    var hosts: HostTable
    var routes: RouteTable
    var conditions = ConditionTable()
    var normalizations = NormalizationTable()
    var backends = BackendTable()
    var rules = RuleTable()
    var maps = MapTable()
    var searchedEntries = SearchedEntries()
    var files = FileTable()
    var certificates = CertificateTable()
    var findings = FindingTable()
    var ours: Set<ObjectKey> = []

    /// What is wrong with backends, by name.
    var backendFindings: [String: [Finding]] = [:]
    /// What is wrong with stick tables.
    var tableFindings: [Finding] = []
    /// What is wrong with conditions of routes.
    var conditionFindings: [Finding] = []
    var frame: [Section] = []
    var inlinedSettings = InlinedSettings.none
    var userLists: [String: Section] = [:]
    var backendSections: [String: Section] = [:]
    var frameSettings = FrameSettings()
    var tcpServices: [PlannedTCPService] = []
    private(set) var endpointPolicy: EndpointPolicy
    /// Whether servers may be refused now that were not, or the other way round.
    private var hasNewPolicy = false
    private var replicas = ReplicaAddresses()
    var defaults = DefaultCertificates()
    /// What was touched and is not settled yet.
    var touchedEntries: Set<RoutingPlace> = []
    var touchedHosts: Set<String> = []
    var touchedCertificates: Set<String> = []
    /// Whether Ingresses that were touched were ours before.
    private var ownedBefore: [ObjectKey: Bool] = [:]

    /// The Secrets that were there when everything was made anew, and those that the whole HAProxy needs.
    var rebuiltSecrets: Set<ObjectKey> = []
    /// What is told about objects that HAProxy refused as a whole.
    private var refusedObjects: [ObjectKey: Finding] = [:]
    private var secondChances: Set<ObjectKey> = []
    private var changedObjects: Set<ObjectKey> = []
    private var changedEndpoints: Set<ObjectKey> = []
    /// Units to be planned anew although no object changed that they depend on.
    private var changedUnits: Set<Unit.Key> = []
    private var needsRebuild = true
    /// Whether what handlers of routes find in the controller's ConfigMap is another although the ConfigMap is not.
    private var replansRoutes = false
    /// Whether the sections that hold for all routes may be others.
    var renewsFrame = false
    /// The annotations of Services in use.
    var serviceSets: [ObjectKey: (set: AnnotationSet, findings: [Finding])] = [:]

    var options: EngineOptions { engine.options }
    var registry: AnnotationRegistry { engine.registry }
    public var store: ObjectStore { objects.store }
    var services: ServiceResolution {
        ServiceResolution(store: store, options: options, policy: endpointPolicy, refusals: refusals)
    }

    public convenience init(_ engine: Engine, store: ObjectStore = ObjectStore(), refusals: Refusals = Refusals()) {
        self.init(engine, store: store, refusals: refusals, remembering: CertificateMemory())
    }

    /// - Parameter certificates: what Secrets held before.
    init(_ engine: Engine, store: ObjectStore, refusals: Refusals, remembering certificates: CertificateMemory) {
        self.engine = engine
        objects = RecordingStore(store)
        objects.refusals = refusals
        objects.certificates = certificates
        objects.certificates.maximumRSABits = engine.options.environment.limits[.rsaBits]
        self.refusals = refusals
        base = AssemblyBase(engine, objects, refusals)
        hosts = HostTable(engine.options.hostOwnership)
        routes = RouteTable(engine.options.hostOwnership)
        endpointPolicy = EndpointPolicy(engine.options)
        renewEndpointPolicy()
        if let namespace = engine.options.ownNamespace { readReplicas(store.servicesWithPods(in: namespace)) }
    }

    // MARK: - What changes

    /// - Returns: whether that changed anything: an API server also tells of changes in parts that nothing reads.
    @discardableResult
    public func upsert(_ object: KubernetesObject) -> Bool {
        note(objects.store.upsert(object), object.key)
    }

    /// How an object takes part.
    public struct Standing: Equatable, Sendable {
        /// nil when it is not there.
        public let version: KubernetesObject?
        /// Why it is left out; nil when it is not.
        public let refusal: String?

        public init(_ version: KubernetesObject?, refusal: String? = nil) { (self.version, self.refusal) = (version, refusal) }
    }

    public func standing(of key: ObjectKey) -> Standing { Standing(store.object(key), refusal: refusals.refusal(of: key)) }

    /// Puts an object back where it stood, as if what came later had never come, until it is given back.
    public func takeBack(_ key: ObjectKey, to standing: Standing) {
        if let secret = store.secrets[key] { objects.certificates.unlearn(key, secret) }
        guard let version = standing.version else {
            remove(key)
            return
        }
        upsert(version)
        guard let reason = standing.refusal, refusals.refusal(of: key) == nil else { return }
        refusals.refuse(version, reason: reason, isProvisional: true)
        noteRefusal(ofObject: key)
    }

    /// Puts a version in force that was taken back.
    ///
    /// - Parameter version: nil for an object that is gone.
    public func giveBack(_ key: ObjectKey, _ version: KubernetesObject?) {
        if let version { upsert(version) } else { remove(key) }
        if refusals.endProvisional(key) { noteRefusal(ofObject: key) }
    }

    /// - Returns: whether it was there.
    @discardableResult
    public func remove(_ key: ObjectKey) -> Bool {
        note(objects.store.remove(key), key)
    }

    private func note(_ effect: ObjectStore.Effect, _ key: ObjectKey) -> Bool {
        switch effect {
        case .none: return false
        case .object:
            changedObjects.insert(key)
            serviceSets[key] = nil
            if key.kind == .service { readReplicas([key]) }
            // An Ingress may have been refused for what it names.
            for case .ingress(let ingress) in dependents.units(of: [key]) where ingress != key {
                if refusals.refusal(of: ingress) != nil { secondChances.insert(ingress) }
            }
            if key.kind == .secret, store.secrets[key] == nil { objects.certificates.forget(key) }
        case .endpoints(let services):
            changedEndpoints.formUnion(services)
            readReplicas(services)
        case .protocols(let services):
            changedEndpoints.formUnion(services)
            changedObjects.formUnion(services)
            readReplicas(services)
        }
        if refusals.noteChange(of: key, to: store.object(key)) { noteRefusal(ofObject: key) }
        return true
    }

    /// HAProxy refuses what a version of an object leads to.
    public func refuse(_ object: KubernetesObject, reason: String) {
        let isInForce = store.object(object.key) == object
        refusals.refuse(object, reason: reason, isInForce: isInForce)
        noteRefusal(ofObject: object.key)
    }

    /// An object may be tried again.
    public func lift(_ object: ObjectKey) {
        if refusals.lift(object) { noteRefusal(ofObject: object) }
    }

    /// The refused objects that name others which have changed since the last call: HAProxy may take them now.
    public func takeSecondChances() -> [KubernetesObject] {
        defer { secondChances = [] }
        return secondChances.filter { refusals.refusal(of: $0) != nil }.sorted().compactMap(store.object)
    }

    /// Forgets what HAProxy refused of versions of an object that will not come back.
    ///
    /// - Parameter waiting: a version that is not in force yet.
    public func forgetRefusals(of object: ObjectKey, waiting: KubernetesObject?) {
        refusals.forget(object, except: [store.object(object), waiting].compactMap(\.self))
    }

    private func noteRefusal(ofObject object: ObjectKey) {
        base.handlers.refusals = refusals
        if let finding = refusedObjects.removeValue(forKey: object) { findings.remove(finding) }
        if let reason = refusals.refusal(of: object) {
            let finding = Finding(
                .error, object: object, "leads to a configuration that HAProxy refuses, and is left out: \(reason)")
            refusedObjects[object] = finding
            findings.add(finding)
        }
        if let service = store.service(ofEndpoints: object), object.kind == .endpointSlice || object.kind == .endpoints {
            changedEndpoints.insert(service)
        } else {
            changedObjects.insert(object)
        }
    }

    /// HAProxy refuses a value, until it changes.
    public func refuse(_ object: ObjectKey, key: String, value: String, reason: String) {
        refusals.refuse(object, key: key, value: value, reason: reason)
        noteRefusal(of: object, key: key)
    }

    /// HAProxy cannot load a file.
    public func refuse(_ file: ConfigurationFile, reason: String) {
        refusals.refuse(file, reason: reason)
        base.handlers.refusals = refusals
        changedUnits.formUnion(dependents.units(ofFile: file.path))
        if let secret = certificates.secret(ofFile: file.path) { changedObjects.insert(secret) }
        // The operator's.
        if file.path == CertificateTable.defaultPath || defaults.listed.contains(file.path)
            || base.files.contains(where: { $0.path == file.path })
        {
            needsRebuild = true
        }
    }

    /// HAProxy refuses a part of what was asked for.
    ///
    /// - Parameter version: the version of the element's object that HAProxy was asked about.
    public func refuse(_ element: Trial.Element, version: KubernetesObject?, reason: String) {
        switch element {
        case .object: if let version { refuse(version, reason: reason) }
        case .value(let object, let key, let value): refuse(object, key: key, value: value, reason: reason)
        case .file(let file): refuse(file, reason: reason)
        }
    }

    /// A refused value may be tried again.
    public func lift(_ object: ObjectKey, key: String, value: String) {
        refusals.lift(object, key: key, value: value)
        noteRefusal(of: object, key: key)
    }

    private func noteRefusal(of object: ObjectKey, key: String) {
        base.handlers.refusals = refusals
        changedObjects.insert(object)
        if object == options.configMap.configMapKey, registry.isReadByRoutes(key) { replansRoutes = true }
    }

    /// So many controllers serve the same Ingresses side by side, this one included.
    ///
    /// - Returns: whether that is another number than before.
    public func share(among replicas: Int) -> Bool {
        guard replicas != options.environment.controllerReplicas else { return false }
        engine.options.environment.controllerReplicas = replicas
        needsRebuild = true
        return true
    }

    // MARK: - Where no server may be

    /// This host has these addresses.
    ///
    /// - Returns: whether they have changed.
    public func listens(at addresses: Set<IPAddress>) -> Bool {
        guard addresses != options.ownAddresses else { return false }
        engine.options.ownAddresses = addresses
        findReplicas()
        return true
    }

    private func findReplicas() {
        let (pods, services) = replicas.addresses(beside: options.ownAddresses)
        (engine.options.replicaAddresses, engine.options.replicaServices) = (pods, services)
        renewEndpointPolicy()
    }

    /// Services or their pods have changed, and replicas of this controller may be among them.
    private func readReplicas(_ services: Set<ObjectKey>) {
        let own = services.filter { $0.namespace == options.ownNamespace }
        guard !own.isEmpty else { return }
        for service in own { replicas.note(service, store.services[service], store.slices(of: service)) }
        findReplicas()
    }

    /// Works out where no server may be.
    func renewEndpointPolicy() {
        var options = options
        options.ownListeners += base.global.snippetListeners
        let policy = EndpointPolicy(options, tcpPorts: Set(tcpServices.map(\.service.port)))
        guard policy != endpointPolicy else { return }
        endpointPolicy = policy
        hasNewPolicy = true
    }

    /// Has a new policy decide about servers that are there already.
    private func applyEndpointPolicy() {
        hasNewPolicy = false
        // A name that is an address is no server where it is refused.
        let addresses = store.services.lazy.filter { $0.value.namesAddress }.map(\.key)
        for unit in dependents.units(of: Set(addresses)) {
            retract(unit)
            build(unit)
        }
        changedEndpoints.formUnion(backends.services)
    }

    // MARK: - Updating

    /// What an update led to.
    public struct Update: Sendable {
        public var state = StateChange()
        public var newFindings: [Finding] = []
        public var goneFindings: [Finding] = []
        /// The Ingresses that are ours and were not, and those that are ours no more.
        public var ownership: [ObjectKey: Bool] = [:]
    }

    /// Takes in what changed since the last call.
    ///
    /// - Parameter now: seconds since 1970, for the validity of certificates.
    public func update(now: Int) -> Update {
        self.now = now
        let rebuilds = needsRebuild || now >= base.nextValidityChange
        if rebuilds { buildAll() } else { rebuildConcerned() }
        forgetUnusedCertificates(rebuilds)
        (changedObjects, changedEndpoints, changedUnits, needsRebuild, replansRoutes) = ([], [], [], false, false)
        var update = Update()
        update.state = rebuilds ? settleAll() : settle()
        (update.newFindings, update.goneFindings) = findings.takeChanges()
        for (key, before) in ownedBefore where ours.contains(key) != before { update.ownership[key] = !before }
        ownedBefore = [:]
        return update
    }

    /// Plans anew what depends on the objects that changed.
    private func rebuildConcerned() {
        let effect =
            changedObjects.lazy.map { [self] key in
                base.effect(of: key, in: store, options: options, registry: registry)
            }.max() ?? .none
        if effect > .none { renewBase() }
        let concerned = dependents.units(of: changedObjects).union(changedUnits)
        for key in concerned { retract(key) }
        if effect == .routes || replansRoutes {
            // One after the other, so that each takes the memory of the one before. None of them depends on an object that changed.
            let all = Set(units.keys).union(store.ingresses.keys.map { .ingress($0) })
            for key in all where !concerned.contains(key) {
                retract(key)
                build(key)
            }
        }
        for key in concerned { build(key) }
        if hasNewPolicy { applyEndpointPolicy() }
        let services = services
        for service in changedEndpoints { backends.refreshServers(of: service, services) }
    }

    private func forgetUnusedCertificates(_ looksAtAll: Bool) {
        // The command line's Secret is asked for later.
        func isUsed(_ secret: ObjectKey) -> Bool { names(secret) || secret == options.defaultCertificate?.secretKey }
        let unnamed = dependents.takeUnnamedSecrets()
        guard !looksAtAll else { return objects.certificates.forget(except: isUsed) }
        for secret in unnamed where !isUsed(secret) { objects.certificates.forget(secret) }
    }

    private func buildAll() {
        findings.removeAll()
        for finding in refusedObjects.values { findings.add(finding) }
        (backendFindings, tableFindings, conditionFindings) = ([:], [], [])
        for key in ours where ownedBefore[key] == nil { ownedBefore[key] = true }
        rebuiltSecrets.formUnion(store.secrets.keys)
        rebuiltSecrets.formUnion(dependents.takeTouchedSecrets())
        (units, dependents, ours) = ([:], Dependents(), [])
        (hosts, routes) = (HostTable(options.hostOwnership), RouteTable(options.hostOwnership))
        (conditions, backends, rules) = (ConditionTable(), BackendTable(), RuleTable())
        (normalizations, searchedEntries) = (NormalizationTable(), SearchedEntries())
        (files, certificates, defaults) = (FileTable(), CertificateTable(), DefaultCertificates())
        (frame, userLists, backendSections) = ([], [:], [:])
        (touchedEntries, touchedHosts, touchedCertificates) = ([], [], [])
        buildBase()
        for key in store.ingresses.keys { build(.ingress(key)) }
        build(.operatorDefault)
        build(.tcpServices)
        hasNewPolicy = false
    }

    private func buildBase() {
        maps = MapTable(permanent: ["host", SectionNames.wholeHostsMap, "path-exact", "path-prefix"])
        base = makeBase()
        renewEndpointPolicy()
        enterBase()
    }

    private func makeBase() -> AssemblyBase {
        let (base, secrets) = objects.recordingSecrets { AssemblyBase(engine, objects, refusals) }
        var made = base
        made.secrets = secrets
        rebuiltSecrets.formUnion(secrets)
        return made
    }

    private func enterBase() {
        for (name, entries) in base.global.mapEntries {
            for (key, value) in entries { maps.add(name, key, value) }
        }
        for file in base.files { files.add(file) }
        findings.add(base.findings)
    }

    /// Puts what holds for all routes in place of what held before. Routes that it makes others are planned anew by the caller.
    private func renewBase() {
        let old = base
        for file in old.files { files.remove(file.path) }
        findings.remove(old.findings)
        rebuiltSecrets.formUnion(old.secrets)
        dependents.noteUnnamed(old.secrets)
        giveBackCommandLineCertificate()
        base = makeBase()
        base.nextValidityChange = old.nextValidityChange
        if base.handlers.environment != old.handlers.environment { replansRoutes = true }
        renewEndpointPolicy()
        enterBase()
        for (name, entries) in old.global.mapEntries {
            for (key, value) in entries { maps.remove(name, key, value) }
        }
        renewsFrame = true
    }

    // MARK: - Secrets

    /// The Secrets that something names since the last call, or names no more, whether they exist or not.
    public func takeSecretChanges() -> Set<ObjectKey> {
        defer { rebuiltSecrets = [] }
        return dependents.takeTouchedSecrets().union(rebuiltSecrets)
    }

    /// Whether something names a Secret.
    public func names(_ secret: ObjectKey) -> Bool { base.secrets.contains(secret) || dependents.names(secret) }

    /// The Ingresses that an object has a part in.
    public func ingresses(dependingOn objects: Set<ObjectKey>) -> Set<ObjectKey> {
        let named = Set(objects.map { store.service(ofEndpoints: $0) ?? $0 })
        return dependents.units(of: named).reduce(into: []) { found, unit in
            if case .ingress(let key) = unit { found.insert(key) }
        }
    }

    /// The objects that an Ingress names: Services with what tells their pods, and Secrets.
    func objectsNamed(by ingress: ObjectKey) -> Set<ObjectKey> {
        guard let unit = units[.ingress(ingress)] else { return [] }
        return unit.services.union(unit.secrets).union(unit.services.flatMap(store.endpointObjects))
    }

    // MARK: - Units

    func note(_ unit: Unit) {
        units[unit.key] = unit
        dependents.add(unit)
        findings.add(unit.findings)
        guard unit.isOurs, case .ingress(let key) = unit.key else { return }
        ours.insert(key)
        if ownedBefore[key] == nil { ownedBefore[key] = false }
    }

    func forget(_ unit: Unit) {
        units[unit.key] = nil
        dependents.remove(unit)
        findings.remove(unit.findings)
        guard unit.isOurs, case .ingress(let key) = unit.key else { return }
        ours.remove(key)
        if ownedBefore[key] == nil { ownedBefore[key] = true }
    }

    /// Why no routing map can have a place; nil when one can.
    func problem(of place: RoutingPlace) -> String? {
        // A route's value names a backend, settings and candidates.
        let longest = String(repeating: "x", count: 400)
        return MapFile.problem(key: place.key, value: longest, base.handlers.environment.readerLimits)
    }

    // MARK: - Results

    /// The whole desired state.
    public var state: DesiredState {
        var state = DesiredState()
        (state.frame, state.userLists, state.backends) = (frame, userLists, backendSections)
        state.rules = inlinedSettings
        (state.maps, state.files, state.certificateList) = (maps.files, files.files, certificates.list)
        state.keepsUnusedCertificates = !base.global.removesUnusedCertificates
        state.metricsAccess = base.global.metricsAccess
        state.bufferSize = base.handlers.environment.bufferSize
        return state
    }

    /// The Ingresses that are ours.
    public var ingresses: Set<ObjectKey> { ours }
    public var allFindings: [Finding] { findings.all }

    /// Everything at once, for looking at.
    public var assembly: Assembly {
        var values: [RouteContext: [ValueInForce]] = [:]
        for unit in units.values {
            for planned in unit.planned { values[planned.context] = planned.plan.inForce }
        }
        let routes = routes.inForce.filter { !$0.isTCPService }.map(\.route)
        return Assembly(
            state: state, routes: routes.inMatchingOrder, findings: findings.all, valuesInForce: values,
            rules: rules.inOrder.map(\.rules), closedFrontends: Set(base.global.closed.keys))
    }
}

/// The objects, and which Secrets were asked for.
final class RecordingStore {
    var store: ObjectStore
    var refusals = Refusals()
    private var secrets: Set<ObjectKey> = []
    /// What Secrets in use hold or held.
    var certificates = CertificateMemory()

    init(_ store: ObjectStore) {
        self.store = store
    }

    func secret(_ key: ObjectKey) -> Secret? {
        secrets.insert(key)
        return store.secrets[key]
    }

    /// - Returns: the Secrets that were asked for meanwhile, whether they exist or not.
    func recordingSecrets<Result>(_ work: () -> Result) -> (Result, Set<ObjectKey>) {
        secrets = []
        let result = work()
        return (result, secrets)
    }
}
