/// Resolves scopes and runs the handlers.
struct HandlerRunner {
    let registry: AnnotationRegistry
    var environment: AnnotationEnvironment
    let objects: ObjectReader
    var refusals: Refusals
    private let idleForRoutes: IdleHandlers
    private let idleForTCPServices: IdleHandlers

    init(registry: AnnotationRegistry, environment: AnnotationEnvironment, objects: ObjectReader, refusals: Refusals) {
        self.registry = registry
        self.environment = environment
        self.objects = objects
        self.refusals = refusals
        idleForRoutes = IdleHandlers(count: registry.routeHandlers.count)
        idleForTCPServices = IdleHandlers(count: registry.tcpServiceHandlers.count)
    }

    func plan(_ context: RouteContext, sets: [(scope: Scope, set: AnnotationSet)]) -> RoutePlan {
        // Most objects have no annotations at all.
        plan(context, sets: sets.filter { !$0.set.entries.isEmpty }.sorted { $0.scope > $1.scope }, failures: [:])
    }

    /// The plan of routes that answer 503 and contribute nothing else.
    func closed(_ context: RouteContext, reason: String) -> RoutePlan {
        RoutePlan(
            contribution: RouteContribution(context: context, environment: environment, objects: objects), closedReason: reason)
    }

    /// - Parameter failures: what handlers' contributions failed with, by the handlers' places. Failed contributions leave
    ///   nothing behind, because all is made again without them: seldom, and nobody has to keep what was before each.
    private func plan(
        _ context: RouteContext, sets: [(scope: Scope, set: AnnotationSet)], failures: [Int: any Error]
    ) -> RoutePlan {
        var plan = RoutePlan(contribution: RouteContribution(context: context, environment: environment, objects: objects))
        let handlers = context.isTCPService ? registry.tcpServiceHandlers : registry.routeHandlers
        let idle = context.isTCPService ? idleForTCPServices : idleForRoutes
        for (place, isBusy) in idle.busy(sets).enumerated() where isBusy {
            let handler = handlers[place]
            let reference = handler.reference
            let values = AnnotationValues(
                sets: sets, route: context, environment: environment, unreadable: reference.unreadable, refusals: refusals)
            var failure = failures[place]
            do {
                if let setting = try handler.init(values) {
                    if failure == nil {
                        do { try contribute(setting, of: reference, values, to: &plan.contribution) } catch {
                            return self.plan(context, sets: sets, failures: failures.merging([place: error]) { $1 })
                        }
                    }
                } else {
                    idle.learn(place, from: values)
                }
            } catch { failure = error }
            values.noteFurtherFlaws(of: reference.keys, besides: failure)
            assert(
                values.asked.joined().allSatisfy { registry.isReadByRoutes($0) },
                "\(handler) reads a key of the whole HAProxy, whose changes leave routes as they are")
            if let failure { plan.recordFailure(failure, of: handler) }
            plan.findings += values.findings
            plan.inForce += values.inForce
        }
        if context.podsSpeakHTTP2, !plan.contribution.isTCP, !plan.contribution.backend.choosesServerProtocol {
            plan.contribution.backend.replaceableServer("proto h2", from: Origin(object: context.service))
        }
        for file in plan.contribution.files {
            guard let reason = refusals.refusal(of: file) else { continue }
            plan.closedReason = "HAProxy cannot load \(file.path): \(reason)"
            plan.findings.append(
                Finding(
                    .error, object: context.ingress ?? context.service,
                    "leads to \(file.path), which HAProxy cannot load: \(reason)"))
        }
        plan.findings += plan.contribution.findings
        return plan
    }

    /// - Throws: what the setting throws, and ``AnnotationError`` for lines that cannot be; the contribution is of no use then.
    private func contribute(
        _ setting: any RouteAnnotation, of reference: AnnotationReference, _ values: AnnotationValues,
        to contribution: inout RouteContribution
    ) throws {
        let origin = values.defaultOrigin(family: reference.family)
        let before = reference.isProtection && contribution.isTCP ? contribution : nil
        contribution.family = reference.family
        contribution.backend.origin = origin
        let counted = contribution.backend.costs.count
        try setting.contribute(to: &contribution)
        if let error = contribution.backend.unrepresentable { throw error }
        // Most settings have no expressions.
        if contribution.backend.costs.count > counted {
            do {
                try environment.expressionBudget.require(
                    contribution.backend.costs, after: counted, limits: environment.limits)
            } catch { throw values.quoted(error) }
        }
        if let condition = contribution.condition {
            try environment.expressionBudget.require(condition, limits: environment.limits)
        }
        if let condition = contribution.condition, Quoting.wordCount(of: condition.text) > ReaderLimits.words / 2 {
            throw AnnotationError(
                Finding(
                    .error, object: condition.origin.object, key: condition.origin.key, value: condition.acl.text,
                    "has more than the \(ReaderLimits.words / 2) words that a condition may have"))
        }
        if let before { try requireEnforceable(from: before, to: contribution, origin: origin) }
    }

    /// A protection that works on HTTP protects nothing where there are no requests.
    private func requireEnforceable(from before: RouteContribution, to after: RouteContribution, origin: Origin) throws {
        let added = after.rules.filter { !before.rules.contains($0) }
        let isEnforceable =
            added.allSatisfy { $0.rules.passthroughLines != nil && after.isPassthrough }
            && after.backend.rules.count == before.backend.rules.count
        guard !isEnforceable else { return }
        throw AnnotationError(
            Finding(
                .error, object: origin.object, key: origin.key,
                "cannot be enforced \(after.tcpReason)"))
    }

    /// Runs the handlers of the whole HAProxy.
    func global(_ set: AnnotationSet?) -> (contribution: GlobalContribution, findings: [Finding]) {
        var global = GlobalContribution(environment: environment, objects: objects)
        var findings: [Finding] = []
        for handler in registry.globalHandlers {
            let reference = handler.reference
            let values = AnnotationValues(
                sets: set.map { [(.configMap, $0)] } ?? [], route: nil, environment: environment,
                unreadable: reference.unreadable, refusals: refusals)
            let before = global
            var failure: (any Error)?
            do {
                if let setting = try handler.init(values) {
                    global.origin = values.defaultOrigin(family: reference.family)
                    global.unrepresentable = nil
                    try setting.contribute(to: &global)
                    if let error = global.unrepresentable { throw error }
                    try requireLoadable(global.files, origin: global.origin)
                }
            } catch {
                global = before
                var finding = (error as? AnnotationError)?.finding ?? Finding(.error, object: set?.object, "\(error)")
                if reference.isProtection {
                    global.close(handler.protectedFrontends, from: Origin(object: finding.object, key: finding.key))
                    finding.message += "; until it is mended, what it protects answers 503 to everything"
                }
                findings.append(finding)
                failure = error
            }
            values.noteFurtherFlaws(of: reference.keys, besides: failure)
            findings += values.findings
        }
        return (global, findings + global.findings)
    }

    /// HAProxy was shown these files before.
    private func requireLoadable(_ files: [ConfigurationFile], origin: Origin) throws {
        for file in files {
            guard let reason = refusals.refusal(of: file) else { continue }
            throw AnnotationError(
                Finding(
                    .error, object: origin.object, key: origin.key,
                    "leads to \(file.path), which HAProxy cannot load: \(reason)"))
        }
    }

    /// The class that an annotation of the Ingress names, and what is wrong with the annotation.
    func className(_ set: AnnotationSet) -> (name: String?, findings: [Finding]) {
        var findings: [Finding] = []
        for handler in registry.selectionHandlers {
            let values = AnnotationValues(
                sets: [(.ingress, set)], route: nil, environment: environment, unreadable: .countsAsAbsent,
                refusals: refusals)
            do {
                let selection = try handler.init(values)
                findings += values.findings
                if let selection { return (selection.className, findings) }
            } catch {
                findings += values.findings
                findings.append((error as? AnnotationError)?.finding ?? Finding(.error, object: set.object, "\(error)"))
            }
        }
        return (nil, findings)
    }
}

extension AnnotationValues {
    /// The error with the value of the key that it names.
    fileprivate func quoted(_ error: AnnotationError) -> AnnotationError {
        var finding = error.finding
        finding.value = read.first { $0.resolved.object == finding.object && $0.resolved.writtenKey == finding.key }?.resolved.raw
        return AnnotationError(finding)
    }

    /// Who is asked about lines that name no source: the value read at the nearest scope.
    func defaultOrigin(family: String) -> Origin {
        var nearest: Resolved<String>?
        for (_, resolved) in read where nearest.map({ resolved.scope > $0.scope }) ?? true { nearest = resolved }
        return nearest?.origin ?? Origin(key: family)
    }

    var inForce: [ValueInForce] {
        read.map { ValueInForce(key: $0.key, value: $0.resolved.raw, scope: $0.resolved.scope, object: $0.resolved.object) }
    }
}
