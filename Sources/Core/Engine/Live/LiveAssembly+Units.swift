extension LiveAssembly {
    /// Takes back all that a unit asked for.
    func retract(_ key: Unit.Key) {
        guard let unit = units[key] else { return }
        for claim in unit.claims {
            if claim.isInForce { lose(claim) }
            setFinding(nil, of: claim)
            routes.remove(claim)
        }
        if case .ingress(let ingress) = key {
            hosts.remove(ingress, created: unit.created, from: unit.hosts)
            certificates.takeBack(unit.certificates, from: ingress)
            for host in unit.certificateHosts { certificates.removeClaims(of: ingress, for: host) }
        }
        for secret in unit.certificateSecrets { certificates.giveBack(secret, findings: &findings) }
        forget(unit)
    }

    /// Plans a unit from the objects as they are now; nothing when its object is gone.
    func build(_ key: Unit.Key) {
        let (unit, secrets) = objects.recordingSecrets { () -> Unit? in
            switch key {
            case .ingress(let object): planIngress(object)
            case .operatorDefault: planOperatorDefault()
            case .tcpServices: planTCPServices()
            }
        }
        guard let unit else { return }
        unit.secrets = secrets
        unit.findings += unit.planned.flatMap(\.plan.findings)
        for service in unit.services { unit.findings += serviceSet(service)?.findings ?? [] }
        note(unit)
        for claim in unit.claims { routes.add(claim) }
    }

    // MARK: - Ingresses

    private func planIngress(_ key: ObjectKey) -> Unit? {
        guard let ingress = store.ingresses[key], options.includes(namespace: key.namespace)
        else { return nil }
        let unit = Unit(.ingress(key))
        let (set, found) = registry.annotationSet(
            of: key, annotations: ingress.metadata.annotations, scope: .ingress, limits: options.environment.limits)
        let (named, problems) = base.handlers.className(set)
        switch base.classes.verdict(on: ingress, named: named) {
        case .another: return nil
        case .missing(let name):
            unit.findings = [
                Finding(
                    .warning, object: key, key: "spec.ingressClassName", value: name,
                    "names an IngressClass that does not exist; the Ingress is left to other controllers",
                    missing: ObjectKey(.ingressClass, namespace: "", name: name))
            ]
            return unit
        case .ours: break
        }
        unit.isOurs = true
        unit.findings = found + problems
        unit.hosts = Set(ingress.rules.compactMap(\.host).filter { !$0.isEmpty }.map(SectionNames.hostKey))
        unit.created = ingress.age
        hosts.add(key, created: unit.created, to: unit.hosts)
        let own = OwnIngress(ingress: ingress, set: set)
        var planner = IngressPlanner(assembly: self, unit: unit, own: own)
        planner.planRoutes()
        if refusals.refusal(of: key) == nil { planner.planCertificates() }
        return unit
    }

    // MARK: - The operator's own

    private func planOperatorDefault() -> Unit? {
        guard let name = options.defaultBackendService else { return nil }
        let unit = Unit(.operatorDefault)
        let service = name.serviceKey
        let context = RouteContext(
            ingress: nil, service: service, hostHasTLS: false, externalName: services.externalName(service),
            podsSpeakHTTP2: services.podsSpeakHTTP2(service, port: options.defaultBackendPort))
        let planned = plan(context, ingressSet: nil, for: unit)
        guard !planned.plan.isLeftOut else { return unit }
        let condition = planned.plan.contribution.condition
        unit.claims = [
            RouteClaim(
                order: ClaimOrder(rank: .operatorDefault, created: "", object: service, index: 0),
                place: RoutingPlace(map: "path-exact", key: SectionNames.defaultKey, condition: condition?.id ?? ""), host: "",
                path: "/", pathType: nil, port: options.defaultBackendPort, planned: planned, condition: condition,
                subject: Finding(.error, object: service, ""))
        ]
        return unit
    }

    /// The format of log lines about connections of TCP services, as the Go controller reads it from their ConfigMap.
    private func tcpLogFormat(_ value: String?, object: ObjectKey, unit: Unit) -> Traced<Directive>? {
        guard let value else { return nil }
        func refuse(_ message: String) {
            unit.findings.append(
                Finding(
                    .error, object: object, key: TCPService.logFormatKey, value: value, message,
                    expected: "a log format of HAProxy's on one line", example: "%ci:%cp %b/%s %Tt %B"))
        }
        if let reason = refusals.refusal(of: object, key: TCPService.logFormatKey, value: value) {
            refuse("is refused by HAProxy: \(reason)")
            return nil
        }
        do {
            let format = try ValueType<String>.line.value(value.trimmingWhitespace)
            return Traced("log-format \(format)", origin: Origin(object: object, key: TCPService.logFormatKey))
        } catch {
            refuse((error as? ValueError)?.message ?? "\(error)")
            return nil
        }
    }

    /// Reads the ConfigMap of `--configmap-tcp-services`.
    private func planTCPServices() -> Unit? {
        tcpServices = []
        guard let object = options.tcpServicesConfigMap?.configMapKey else { return nil }
        dependents.tcpServices = object
        let unit = Unit(.tcpServices)
        guard let configMap = store.configMaps[object] else {
            unit.findings = [
                Finding(.warning, object: object, "does not exist; --configmap-tcp-services names it", missing: object)
            ]
            return unit
        }
        let taken = options.listeners
        let format = tcpLogFormat(configMap.data[TCPService.logFormatKey], object: object, unit: unit)
        for (key, value) in configMap.data where key != TCPService.logFormatKey {
            let service: TCPService
            do {
                service = try TCPService(
                    key: key, value: value, taken: taken, refusal: refusals.refusal(of: object, key: key, value: value))
            } catch {
                unit.findings.append(error.finding(object: object, key: key, value: value))
                continue
            }
            tcpServices.append(PlannedTCPService(service: service, origin: Origin(object: object, key: key), logFormat: format))
            let context = RouteContext(
                ingress: nil, service: service.service, hostHasTLS: false, externalName: services.externalName(service.service),
                isTCPService: true)
            let planned = plan(context, ingressSet: nil, for: unit)
            unit.claims.append(
                RouteClaim(
                    order: ClaimOrder(rank: .tcpService, created: "", object: object, index: service.port),
                    place: RoutingPlace(map: SectionNames.tcpServicesMap, key: String(service.port)), host: "", path: "",
                    pathType: nil, port: service.servicePort, planned: planned,
                    subject: Finding(
                        .error, object: object, key: key, value: value, "", expected: "a Service and a port that exist",
                        example: TCPService.example)))
        }
        tcpServices.sort { $0.service.port < $1.service.port }
        renewEndpointPolicy()
        return unit
    }

    // MARK: - Plans

    /// The handlers' work for an (Ingress, Service) pair, done once for a unit.
    func plan(_ context: RouteContext, ingressSet: AnnotationSet?, for unit: Unit) -> PlannedContext {
        unit.services.insert(context.service)
        if let planned = unit.plan(for: context) { return planned }
        if let reason = refusals.refusal(of: context.ingress ?? context.service) ?? refusals.refusal(of: context.service) {
            let planned = PlannedContext(
                base.handlers.closed(context, reason: "is refused by HAProxy: \(reason)"), created: unit.created)
            unit.add(planned)
            return planned
        }
        var sets: [(scope: Scope, set: AnnotationSet)] = []
        if let set = base.configMapSet { sets.append((.configMap, set)) }
        if let ingressSet { sets.append((.ingress, ingressSet)) }
        if let service = serviceSet(context.service) { sets.append((.service, service.set)) }
        let planned = PlannedContext(base.handlers.plan(context, sets: sets), created: unit.created)
        unit.add(planned)
        return planned
    }

    private func serviceSet(_ key: ObjectKey) -> (set: AnnotationSet, findings: [Finding])? {
        if let known = serviceSets[key] { return known }
        guard let service = store.services[key] else { return nil }
        let result = registry.annotationSet(
            of: key, annotations: service.metadata.annotations, scope: .service, limits: options.environment.limits)
        serviceSets[key] = result
        return result
    }
}
