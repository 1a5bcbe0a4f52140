/// The desired state of a store of objects, kept up to date: a changed object costs what depends on it, not what there is.
///
/// A ``Planner`` works out what each object asks for; the tables here decide who has a place, count who uses what, and remember what
/// they touched; from that the change of the state is made.
public final class Assembler {
    public private(set) var engine: Engine
    let objects: RecordingStore
    public internal(set) var refusals: Refusals {
        didSet { objects.refusals = refusals }
    }
    private let serviceAnnotations: ServiceAnnotations
    var base: GlobalPlan
    var tables: AssemblyTables
    private var ownAddresses: OwnAddresses
    /// When the update under way began, in seconds since 1970.
    private var now = 0

    var changes = Changes()
    /// Whether Ingresses that were touched were ours before.
    private var ownedBefore: [ObjectKey: Bool] = [:]
    /// The Secrets that were there when everything was made anew, and those that the whole HAProxy needs.
    private var rebuiltSecrets: Set<ObjectKey> = []
    /// What is told about objects that HAProxy refused as a whole.
    var refusedObjects: [ObjectKey: Finding] = [:]
    /// Refused objects that name others which have changed.
    var secondChances: Set<ObjectKey> = []

    /// What changed since the last update.
    struct Changes {
        var objects: Set<ObjectKey> = []
        /// The Services whose pods are others.
        var endpoints: Set<ObjectKey> = []
        /// To be planned anew although no object changed that they depend on.
        var sources: Set<RouteSource> = []
        /// Whether everything has to be made anew.
        var isRebuild = true
        /// Whether what handlers of routes find in the controller's ConfigMap is another although the ConfigMap is not.
        var replansRoutes = false
    }

    var options: EngineOptions { engine.options }
    var registry: AnnotationRegistry { engine.registry }
    public var store: ObjectStore { objects.store }
    private var services: ServiceResolution {
        ServiceResolution(store: store, options: options, policy: ownAddresses.policy, refusals: refusals)
    }
    private var planner: Planner {
        Planner(
            registry: registry, options: options, objects: objects, base: base, services: services,
            annotations: serviceAnnotations,
            loadedSecrets: { [unowned self] in tables.certificates.loaded($0) }, now: now)
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
        base = GlobalPlan(engine.registry, engine.options, objects)
        serviceAnnotations = ServiceAnnotations(engine.registry, engine.options.environment.limits)
        tables = AssemblyTables(engine.options)
        ownAddresses = OwnAddresses(engine.options)
        if let namespace = engine.options.ownNamespace {
            _ = ownAddresses.read(store.servicesWithPods(in: namespace), in: store, engine.options)
        }
        renewEndpointPolicy()
    }

    // MARK: - What changes

    /// - Returns: whether that changed anything: an API server also tells of changes in parts that nothing reads.
    @discardableResult
    public func upsert(_ object: KubernetesObject) -> Bool {
        recordChange(objects.store.upsert(object), object.key)
    }

    /// - Returns: whether it was there.
    @discardableResult
    public func remove(_ key: ObjectKey) -> Bool {
        recordChange(objects.store.remove(key), key)
    }

    private func recordChange(_ effect: ObjectStore.Effect, _ key: ObjectKey) -> Bool {
        switch effect {
        case .none: return false
        case .object:
            changes.objects.insert(key)
            serviceAnnotations.forget(key)
            if key.kind == .service { readOwnServices([key]) }
            // An Ingress may have been refused for what it names.
            for case .ingress(let ingress) in tables.dependents.sources(of: [key]) where ingress != key {
                if refusals.refusal(of: ingress) != nil { secondChances.insert(ingress) }
            }
            if key.kind == .secret, store.secrets[key] == nil { objects.certificates.forget(key) }
        case .endpoints(let services):
            changes.endpoints.formUnion(services)
            readOwnServices(services)
        case .protocols(let services):
            changes.endpoints.formUnion(services)
            changes.objects.formUnion(services)
            readOwnServices(services)
        }
        if refusals.noteChange(of: key, to: store.object(key)) { noteRefusal(ofObject: key) }
        return true
    }

    /// So many controllers serve the same Ingresses side by side, this one included.
    ///
    /// - Returns: whether that is another number than before.
    public func share(among replicas: Int) -> Bool {
        guard replicas != options.environment.controllerReplicas else { return false }
        engine.options.environment.controllerReplicas = replicas
        changes.isRebuild = true
        return true
    }

    // MARK: - Where no server may be

    /// This host has these addresses.
    ///
    /// - Returns: whether they have changed.
    public func listens(at addresses: Set<IPAddress>) -> Bool {
        guard addresses != options.ownAddresses else { return false }
        engine.options.ownAddresses = addresses
        renewEndpointPolicy()
        return true
    }

    /// Services or their pods have changed, and replicas of this controller may be among them.
    private func readOwnServices(_ services: Set<ObjectKey>) {
        if ownAddresses.read(services, in: store, options) { renewEndpointPolicy() }
    }

    private func renewEndpointPolicy() {
        ownAddresses.renewPolicy(
            options, listeners: base.global.snippetListeners, tcpPorts: Set(tables.tcpServices.map(\.service.port)))
    }

    /// Has a new policy decide about servers that are there already.
    private func applyEndpointPolicy() {
        // A name that is an address is no server where it is refused.
        let addresses = store.services.lazy.filter { $0.value.namesAddress }.map(\.key)
        for source in tables.dependents.sources(of: Set(addresses)) { replan(source) }
        changes.endpoints.formUnion(tables.backends.services)
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
        let rebuilds = changes.isRebuild || now >= base.nextValidityChange
        if rebuilds { buildAll() } else { rebuildConcerned() }
        planCommandLineCertificate()
        forgetUnusedCertificates(rebuilds)
        changes = Changes(isRebuild: false)
        let context = AssemblyTables.Context(options: options, base: base, services: services, refusals: refusals)
        var update = Update()
        update.state = rebuilds ? tables.reconcileAll(context) : tables.reconcile(context)
        (update.newFindings, update.goneFindings) = tables.findings.takeChanges()
        for (key, before) in ownedBefore where ingresses.contains(key) != before { update.ownership[key] = !before }
        ownedBefore = [:]
        return update
    }

    /// Plans anew what depends on the objects that changed.
    private func rebuildConcerned() {
        let effect =
            changes.objects.lazy.map { [self] key in
                base.effect(of: key, in: store, options: options, registry: registry)
            }.max() ?? .none
        if effect > .none { renewBase() }
        let concerned = tables.dependents.sources(of: changes.objects).union(changes.sources)
        for source in concerned { retract(source) }
        if effect == .routes || changes.replansRoutes {
            // One after the other, so that each takes the memory of the one before. None of them depends on an object that changed.
            let all = Set(tables.plans.keys).union(store.ingresses.keys.map { .ingress($0) })
            for source in all where !concerned.contains(source) { replan(source) }
        }
        for source in concerned { build(source) }
        if ownAddresses.takeNewPolicy() { applyEndpointPolicy() }
        let services = services
        for service in changes.endpoints { tables.backends.refreshServers(of: service, services) }
    }

    private func buildAll() {
        for key in ingresses where ownedBefore[key] == nil { ownedBefore[key] = true }
        rebuiltSecrets.formUnion(store.secrets.keys)
        rebuiltSecrets.formUnion(tables.dependents.takeTouchedSecrets())
        var findings = tables.findings
        findings.removeAll()
        for finding in refusedObjects.values { findings.add(finding) }
        tables = AssemblyTables(options)
        tables.findings = findings
        base = makeBase()
        tables.enter(base)
        renewEndpointPolicy()
        for key in store.ingresses.keys { build(.ingress(key)) }
        build(.operatorDefault)
        build(.tcpServices)
        _ = ownAddresses.takeNewPolicy()
    }

    private func makeBase() -> GlobalPlan {
        let (base, secrets) = objects.recordingSecrets { GlobalPlan(registry, options, objects) }
        var made = base
        made.secrets = secrets
        rebuiltSecrets.formUnion(secrets)
        return made
    }

    /// Puts what holds for all routes in place of what held before. Routes for which it is another are planned anew by the caller.
    private func renewBase() {
        let old = base
        rebuiltSecrets.formUnion(old.secrets)
        base = makeBase()
        base.nextValidityChange = old.nextValidityChange
        if base.handlers.environment != old.handlers.environment { changes.replansRoutes = true }
        tables.enter(base, inPlaceOf: old)
        renewEndpointPolicy()
    }

    /// Reads the Secret of `--default-ssl-certificate`, where its certificate is the default one. Another version of the Secret makes a new
    /// base, so the plan holds until then.
    private func planCommandLineCertificate() {
        guard tables.defaultCertificates.commandLine == nil, base.global.defaultCertificates.isEmpty,
            let secret = options.defaultCertificate?.secretKey
        else { return }
        var plan = ObjectPlan(.operatorDefault)
        let loaded = planner.certificates(of: secret, for: secret, field: "--default-ssl-certificate", in: &plan)
        base.nextValidityChange = min(base.nextValidityChange, loaded.nextValidityChange)
        base.secrets.insert(secret)
        rebuiltSecrets.insert(secret)
        tables.setCommandLineCertificate(plan)
    }

    // MARK: - Plans

    /// Plans a source from the objects as they are now, and enters the plan; nothing when its object is gone.
    private func build(_ source: RouteSource) {
        guard let plan = planner.plan(source) else { return }
        tables.enter(plan)
        for (_, loaded) in plan.certificates.secrets {
            base.nextValidityChange = min(base.nextValidityChange, loaded.nextValidityChange)
        }
        if source == .tcpServices { renewEndpointPolicy() }
        noteOwnership(of: plan, before: false)
    }

    private func retract(_ source: RouteSource) {
        if let plan = tables.retract(source) { noteOwnership(of: plan, before: true) }
    }

    private func replan(_ source: RouteSource) {
        retract(source)
        build(source)
    }

    private func noteOwnership(of plan: ObjectPlan, before: Bool) {
        guard plan.isOurs, case .ingress(let key) = plan.source, ownedBefore[key] == nil else { return }
        ownedBefore[key] = before
    }

    // MARK: - Secrets

    /// The Secrets that something names since the last call, or names no more, whether they exist or not.
    public func takeSecretChanges() -> Set<ObjectKey> {
        defer { rebuiltSecrets = [] }
        return tables.dependents.takeTouchedSecrets().union(rebuiltSecrets)
    }

    /// Whether something names a Secret.
    public func names(_ secret: ObjectKey) -> Bool { base.secrets.contains(secret) || tables.dependents.names(secret) }

    /// The Ingresses that an object has a part in.
    public func ingresses(dependingOn objects: Set<ObjectKey>) -> Set<ObjectKey> {
        let named = Set(objects.map { store.service(ofEndpoints: $0) ?? $0 })
        return tables.dependents.sources(of: named).reduce(into: []) { found, source in
            if case .ingress(let key) = source { found.insert(key) }
        }
    }

    /// The objects that an Ingress names: Services with what tells their pods, and Secrets.
    func objectsNamed(by ingress: ObjectKey) -> Set<ObjectKey> {
        guard let plan = tables.plans[.ingress(ingress)] else { return [] }
        return plan.services.union(plan.secrets).union(plan.services.flatMap(store.endpointObjects))
    }

    private func forgetUnusedCertificates(_ looksAtAll: Bool) {
        // The command line's Secret is asked for later.
        func isUsed(_ secret: ObjectKey) -> Bool { names(secret) || secret == options.defaultCertificate?.secretKey }
        let unnamed = tables.dependents.takeUnnamedSecrets()
        guard !looksAtAll else { return objects.certificates.forget(except: isUsed) }
        for secret in unnamed where !isUsed(secret) { objects.certificates.forget(secret) }
    }

    // MARK: - Results

    /// The whole desired state.
    public var state: DesiredState { tables.state(base) }

    /// The Ingresses that are ours.
    public var ingresses: Set<ObjectKey> { tables.ingresses }
    public var allFindings: [Finding] { tables.findings.all }

    /// Everything at once, for looking at.
    public var assembly: AssemblyReport {
        var values: [RouteContext: [ValueInForce]] = [:]
        for plan in tables.plans.values {
            for planned in plan.planned { values[planned.context] = planned.plan.inForce }
        }
        let routes = tables.routes.inForce.filter { !$0.isTCPService }.map(\.route)
        return AssemblyReport(
            state: state, routes: routes.inMatchingOrder, findings: allFindings, valuesInForce: values,
            rules: tables.rules.inOrder.map(\.rules), closedFrontends: Set(base.global.closed.keys))
    }
}
