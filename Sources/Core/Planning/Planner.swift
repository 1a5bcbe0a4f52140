/// Works out what objects ask for. It reads the objects and what holds for all routes, and touches no table.
struct Planner {
    let registry: AnnotationRegistry
    let options: EngineOptions
    let objects: RecordingStore
    let base: GlobalPlan
    let services: ServiceResolution
    let annotations: ServiceAnnotations
    /// The contents of Secrets that are in use.
    let loadedSecrets: (ObjectKey) -> LoadedSecret?
    /// Seconds since 1970.
    let now: Int

    var store: ObjectStore { objects.store }
    var refusals: Refusals { objects.refusals }

    /// - Returns: nil when the object is gone, or another controller's.
    func plan(_ source: RouteSource) -> ObjectPlan? {
        let (made, secrets) = objects.recordingSecrets { () -> ObjectPlan? in
            switch source {
            case .ingress(let object): planIngress(object)
            case .operatorDefault: planOperatorDefault()
            case .tcpServices: planTCPServices()
            }
        }
        guard var plan = made else { return nil }
        plan.secrets = secrets
        plan.findings += plan.planned.flatMap(\.plan.findings)
        for service in plan.services { plan.findings += annotations.set(of: service, in: store)?.findings ?? [] }
        return plan
    }

    /// The handlers' work for an (Ingress, Service) pair, done once for an object.
    func plan(_ context: RouteContext, ingressSet: AnnotationSet?, in plan: inout ObjectPlan) -> PlannedContext {
        plan.services.insert(context.service)
        if let planned = plan.planned(for: context) { return planned }
        let planned = PlannedContext(handle(context, ingressSet), created: plan.created)
        plan.add(planned)
        return planned
    }

    private func handle(_ context: RouteContext, _ ingressSet: AnnotationSet?) -> RoutePlan {
        if let reason = refusals.refusal(of: context.ingress ?? context.service) ?? refusals.refusal(of: context.service) {
            return base.handlers.closed(context, reason: "is refused by HAProxy: \(reason)")
        }
        var sets: [(scope: Scope, set: AnnotationSet)] = []
        if let set = base.configMapSet { sets.append((.configMap, set)) }
        if let ingressSet { sets.append((.ingress, ingressSet)) }
        if let service = annotations.set(of: context.service, in: store) { sets.append((.service, service.set)) }
        return base.handlers.plan(context, sets: sets)
    }

    // MARK: - Ingresses

    private func planIngress(_ key: ObjectKey) -> ObjectPlan? {
        guard let ingress = store.ingresses[key], options.includes(namespace: key.namespace) else { return nil }
        var plan = ObjectPlan(.ingress(key))
        let (set, found) = registry.annotationSet(
            of: key, annotations: ingress.metadata.annotations, scope: .ingress, limits: options.environment.limits)
        let (named, problems) = base.handlers.className(set)
        switch base.classes.verdict(on: ingress, named: named) {
        case .another: return nil
        case .missing(let name):
            plan.findings = [
                Finding(
                    .warning, object: key, key: "spec.ingressClassName", value: name,
                    "names an IngressClass that does not exist; the Ingress is left to other controllers",
                    missing: ObjectKey(.ingressClass, namespace: "", name: name))
            ]
            return plan
        case .ours: break
        }
        plan.isOurs = true
        plan.findings = found + problems
        plan.hosts = Set(ingress.rules.compactMap(\.host).filter { !$0.isEmpty }.map(SectionNames.hostKey))
        plan.created = ingress.age
        var planner = IngressPlanner(self, plan, OwnIngress(ingress: ingress, set: set))
        planner.planRoutes()
        if refusals.refusal(of: key) == nil { planner.planCertificates() }
        return planner.plan
    }

    // MARK: - The operator's default backend

    private func planOperatorDefault() -> ObjectPlan? {
        guard let name = options.defaultBackendService else { return nil }
        var plan = ObjectPlan(.operatorDefault)
        let service = name.serviceKey
        let context = RouteContext(
            ingress: nil, service: service, hostHasTLS: false, externalName: services.externalName(service),
            podsSpeakHTTP2: services.podsSpeakHTTP2(service, port: options.defaultBackendPort))
        let planned = self.plan(context, ingressSet: nil, in: &plan)
        guard !planned.plan.isLeftOut else { return plan }
        let condition = planned.plan.contribution.condition
        plan.routes = [
            PlannedRoute(
                order: ClaimOrder(rank: .operatorDefault, created: "", object: service, index: 0),
                place: RoutingPlace(map: "path-exact", key: SectionNames.defaultKey, condition: condition?.id ?? ""), host: "",
                path: "/", pathType: nil, port: options.defaultBackendPort, planned: planned, condition: condition,
                subject: Finding(.error, object: service, ""))
        ]
        return plan
    }
}
