/// One pass from objects to the desired state.
struct AssemblyRun {
    let engine: Engine
    let store: ObjectStore
    let now: Int
    let handlers: HandlerRun
    let services: ServiceResolution
    let configMapSet: AnnotationSet?
    let lookups = Lookups()
    var registry: AnnotationRegistry { engine.registry }
    var options: EngineOptions { engine.options }

    var state = DesiredState()
    var findings: [Finding] = []
    var routes: [PlannedRoute] = []
    var tcpServices: [PlannedTCPService] = []
    var plans: [RouteContext: RoutePlan] = [:]
    /// The rules that choose among routes with conditions.
    var conditionRules: [Section.Line] = []
    private var serviceSets: [ObjectKey: AnnotationSet] = [:]

    /// A route whose backend has no name yet.
    struct PlannedRoute {
        let ingress: ObjectKey?
        let host: String
        let path: String
        let pathType: PathType?
        let service: ObjectKey
        let port: PortReference?
        let context: RouteContext
        /// Where the route stands in a map: `path-exact`, `path-prefix` or `sni`, and the key there.
        let map: String
        let key: String
        let condition: RouteCondition?
        var backend: Backends.Identity?
        var unavailable: String?
    }

    init(engine: Engine, store: ObjectStore, refusals: Refusals, now: Int) {
        self.engine = engine
        self.store = store
        self.now = now
        let options = engine.options
        let patterns = options.patternFilesConfigMap.flatMap {
            store.configMaps[ObjectKey(.configMap, namespace: $0.namespace, name: $0.name)]
        }
        handlers = HandlerRun(
            registry: engine.registry, environment: options.environment,
            objects: ObjectReader(
                secret: { [lookups] in lookups.secret($0, in: store) }, patternFile: { patterns?.data[$0] },
                sharedNamespaces: options.sharedSecretNamespaces),
            refusals: refusals)
        services = ServiceResolution(store: store, options: options)
        let key = ObjectKey(.configMap, namespace: options.configMap.namespace, name: options.configMap.name)
        if let configMap = store.configMaps[key] {
            let (set, found) = engine.registry.configMapSet(configMap, object: key)
            configMapSet = set
            findings = found
        } else {
            configMapSet = nil
        }
        for (name, text) in patterns?.data ?? [:] where name.isFileName {
            let file = ConfigurationFile(path: "patterns/\(name)", content: Array(text.utf8), kind: .plain)
            state.files[file.path] = file
        }
    }

    mutating func run() -> Assembly {
        let (global, globalFindings) = handlers.global(configMapSet)
        findings += globalFindings
        for file in global.files { state.files[file.path] = file }

        var claims = Claims()
        var certificates = Certificates(
            secret: { [lookups, store] in lookups.secret($0, in: store) }, options: options, now: now,
            refusals: handlers.refusals)
        let ingresses = ownIngresses()
        for own in ingresses {
            planRules(own, claims: &claims)
            certificates.add(own.ingress, key: own.set.object)
        }
        for own in ingresses { planDefault(own, claims: &claims) }
        planDefaultBackend(claims: &claims)

        var backends = Backends()
        for index in routes.indices { routes[index] = resolve(routes[index], in: &backends) }
        planTCPServices(in: &backends)
        let names = backends.names()

        let finished = routes.map { finish($0, names: names) }
        fillMaps(finished, global: global)
        fillTCPServicesMap(names: names)
        addDefaultCertificate(global, certificates: &certificates)
        state.certificateList = certificates.list
        for file in certificates.files { state.files[file.path] = file }
        state.keepsUnusedCertificates = !global.removesUnusedCertificates
        addSections(global: global, backends: backends, names: names)
        return Assembly(
            state: state, routes: Self.inMatchingOrder(finished), findings: sortedFindings(),
            valuesInForce: plans.mapValues(\.inForce), secrets: lookups.secrets, ingresses: ingresses.map(\.set.object))
    }

    /// Our Ingresses, older ones first: what they claim is theirs.
    private mutating func ownIngresses() -> [OwnIngress] {
        let classes = IngressClasses(registry: registry, options: options, classes: store.ingressClasses)
        let sorted = store.ingresses.values.filter { options.includes(namespace: $0.metadata.namespace) }.sorted { a, b in
            // Without a creation time an object counts as new.
            (a.metadata.creationTimestamp ?? "~", a.metadata.namespace, a.metadata.name)
                < (b.metadata.creationTimestamp ?? "~", b.metadata.namespace, b.metadata.name)
        }
        var own: [OwnIngress] = []
        for ingress in sorted {
            let key = KubernetesObject.ingress(ingress).key
            let (set, found) = registry.annotationSet(of: key, annotations: ingress.metadata.annotations, scope: .ingress)
            let (named, problems) = handlers.className(set)
            switch classes.verdict(on: ingress, named: named) {
            case .ours:
                findings += found + problems
                own.append(OwnIngress(ingress: ingress, set: set))
            case .another: break
            case .missing(let name):
                findings.append(
                    Finding(
                        .warning, object: key, key: "spec.ingressClassName", value: name,
                        "names an IngressClass that does not exist; the Ingress is left to other controllers"))
            }
        }
        return own
    }

    /// The handlers' work for an (Ingress, Service) pair, done once.
    mutating func plan(_ context: RouteContext, ingressSet: AnnotationSet?) -> RoutePlan {
        if let plan = plans[context] { return plan }
        var sets: [(scope: Scope, set: AnnotationSet)] = []
        if let configMapSet { sets.append((.configMap, configMapSet)) }
        if let ingressSet { sets.append((.ingress, ingressSet)) }
        if let serviceSet = serviceSet(context.service) { sets.append((.service, serviceSet)) }
        let plan = handlers.plan(context, sets: sets)
        findings += plan.findings
        plans[context] = plan
        return plan
    }

    private mutating func serviceSet(_ key: ObjectKey) -> AnnotationSet? {
        if let set = serviceSets[key] { return set }
        guard let service = store.services[key] else { return nil }
        let (set, found) = registry.annotationSet(of: key, annotations: service.metadata.annotations, scope: .service)
        serviceSets[key] = set
        findings += found
        return set
    }

    private func sortedFindings() -> [Finding] {
        // A value of the ConfigMap that many routes trip over is one finding.
        Set(findings).sorted { a, b in
            (a.object?.description ?? "", a.key ?? "", a.message) < (b.object?.description ?? "", b.key ?? "", b.message)
        }
    }

    /// As requests are matched. Of the routes at one place those with a condition come first, in the order of their Ingresses.
    private static func inMatchingOrder(_ routes: [Route]) -> [Route] {
        func rank(_ route: Route) -> (Int, String, Int, Int, String, Int) {
            let host = route.host.isEmpty ? 2 : route.host.hasPrefix("*") ? 1 : 0
            let type = route.pathType == .exact ? 0 : route.pathType == nil ? 2 : 1
            // `/a` and `/a/` are one prefix.
            let path = route.pathType == .exact || route.path.hasSuffix("/") ? route.path : route.path + "/"
            return (host, route.host, type, -path.utf8.count, path, route.condition == nil ? 1 : 0)
        }
        let ranked = routes.enumerated().map { (index: $0, route: $1, rank: rank($1)) }
        return ranked.sorted { a, b in a.rank == b.rank ? a.index < b.index : a.rank < b.rank }.map(\.route)
    }
}
