extension LiveAssembly {
    // MARK: - Winning and losing

    /// The route gets its place.
    func win(_ claim: RouteClaim) {
        claim.isInForce = true
        claim.planned.uses += 1
        if claim.planned.uses == 1 { engage(claim.planned, by: 1) }
        if !claim.host.isEmpty { addHost(claim) }
        let planned = claim.planned
        do {
            let resolved = try services.resolve(claim.service, port: claim.port)
            if let reason = planned.plan.closedReason {
                claim.unavailable = reason
            } else if planned.plan.contribution.isPassthrough, claim.place.map != "sni" {
                claim.unavailable = "TLS is passed through to the pods, which plain HTTP cannot reach"
            } else {
                claim.backend = backends.attach(claim, to: resolved)
                for file in planned.plan.contribution.files { files.add(file) }
            }
        } catch {
            claim.unavailable = error.reason
            var finding = claim.subject
            finding.message = error.reason
            finding.missing = error.object
            setFinding(finding, of: claim)
        }
        conditions.add(claim)
        normalizations.add(claim)
        touch(claim)
    }

    /// The route loses its place, or goes.
    func lose(_ claim: RouteClaim) {
        claim.isInForce = false
        conditions.remove(claim)
        normalizations.remove(claim)
        if let backend = claim.backend {
            for file in claim.planned.plan.contribution.files { files.remove(file.path) }
            backends.detach(claim, from: backend)
            claim.backend = nil
        }
        claim.unavailable = nil
        setFinding(nil, of: claim)
        if !claim.host.isEmpty { removeHost(claim) }
        claim.planned.uses -= 1
        if claim.planned.uses == 0 { engage(claim.planned, by: -1) }
        touch(claim)
    }

    private func addHost(_ claim: RouteClaim) {
        let host = SectionNames.hostKey(claim.host)
        maps.add("host", host, host)
    }

    private func removeHost(_ claim: RouteClaim) {
        let host = SectionNames.hostKey(claim.host)
        maps.remove("host", host, host)
    }

    /// Adds what a plan contributes to maps and frontends when the first route uses it, and takes it back after the last.
    private func engage(_ planned: PlannedContext, by difference: Int) {
        guard !planned.context.isTCPService else { return }
        if difference > 0 { planned.enter(&rules) } else { planned.leave(&rules) }
        guard !planned.settings.isEmpty else { return }
        func count(_ map: String, _ key: String, _ value: String) {
            if difference > 0 { maps.add(map, key, value) } else { maps.remove(map, key, value) }
        }
        for (name, value) in planned.plan.contribution.values { count(name, planned.settings, value) }
        for (name, entries) in planned.plan.contribution.sharedEntries {
            for (key, value) in entries { count(name, key, value) }
        }
        for entry in planned.plan.contribution.searchedEntries {
            searchedEntries.count(entry, by: difference, of: planned.user)
        }
    }

    func setFinding(_ finding: Finding?, of claim: RouteClaim) {
        if let old = claim.finding { findings.remove(old) }
        claim.finding = finding
        if let finding { findings.add(finding) }
    }

    private func touch(_ claim: RouteClaim) {
        touchedEntries.insert(claim.place.entry)
        touchedHosts.insert(SectionNames.hostKey(claim.host))
    }

    /// Tells a claim why it is not in force.
    private func tell(_ claim: RouteClaim, _ decision: RouteTable.Decision) {
        setFinding(refusal(of: claim, decision) ?? conflict(of: claim, decision), of: claim)
    }

    /// Another namespace decides.
    private func refusal(of claim: RouteClaim, _ decision: RouteTable.Decision) -> Finding? {
        guard let ingress = claim.ingress else { return nil }
        if claim.isHostWide, let owner = decision.reasons.hostOwner, owner.namespace != ingress.namespace {
            // One finding tells of passthrough.
            guard claim.order.rank != .passthroughRest else { return nil }
            return claim.place.map == "sni"
                ? Finding(
                    .error, object: ingress,
                    "asks for ssl-passthrough of host \(claim.host), about which the older \(owner) decides, so that this route of the host is closed",
                    expected: "a host of the namespace's own, or --host-ownership shared")
                : Finding(
                    .warning, object: ingress, key: "spec.defaultBackend",
                    "would take the rest of host \(claim.host), about which the older \(owner) decides",
                    expected: "a path of its own, or --host-ownership shared")
        }
        guard let holder = decision.reasons.holder, holder.namespace != ingress.namespace, let condition = claim.condition
        else { return nil }
        return Finding(
            .error, object: ingress,
            "takes requests for \(claim.whereabouts) that match \(condition.origin.key ?? "a condition"), where the older \(holder) of another namespace has all of them",
            expected: "a path of its own, or --host-ownership shared")
    }

    /// Another claim came first.
    private func conflict(of claim: RouteClaim, _ decision: RouteTable.Decision) -> Finding? {
        guard let ingress = claim.ingress, claim.order.rank != .passthroughRest,
            let holder = decision.owner.map({ $0.ingress ?? $0.service }) ?? decision.reasons.holder
        else { return nil }
        // A second path of a passed-through host, or a default backend beside the rule for "/", is no conflict.
        guard holder != ingress || (claim.place.map != "sni" && claim.pathType != nil) else { return nil }
        return Finding(
            .warning, object: ingress,
            holder == ingress
                ? "has two rules for \(claim.whereabouts); the first is in force"
                : "claims \(claim.whereabouts), which the older \(holder) has")
    }

    // MARK: - Settling

    /// Decides what was left open, and tells how the state differs from the one that was settled before.
    func settle() -> StateChange {
        var state = StateChange()
        decide(&state)
        collect(&state)
        return state
    }

    /// As ``settle()``, when everything was made anew.
    func settleAll() -> StateChange {
        var unused = StateChange()
        decide(&unused)
        _ = (maps.takeTouched(), files.takeTouched())
        touchedCertificates = []
        return StateChange(state)
    }

    private func decide(_ state: inout StateChange) {
        let renewedHosts = hosts.takeTouchedOwners()
        for host in renewedHosts {
            routes.renew(host: SectionNames.host(ofKey: host))
            certificates.renew(host: SectionNames.host(ofKey: host))
        }
        var passedHosts: Set<String> = []
        for decision in routes.settle(hosts) {
            if let loser = decision.loser, loser.isInForce { lose(loser) }
            if let winner = decision.winner {
                setFinding(nil, of: winner)
                win(winner)
            }
            for claim in decision.others { tell(claim, decision) }
            if decision.place.map == "sni" { passedHosts.insert(decision.place.key) }
        }
        hosts.settle(passedHosts, findings: &findings) { [routes, options] host in
            options.isHTTPSEnabled ? routes.owner(of: .passthrough(host))?.ingress : nil
        }
        normalizations.settle(renewedHosts, owners: hosts, maps: &maps, findings: &findings)
        settleCertificates()
        backends.touch(usersOf: rules.choose(within: options.environment.limits))
        let changes = backends.settle(within: options.environment.limits)
        for claim in changes.renamed { touch(claim) }
        findings.add(changes.newFindings)
        findings.remove(changes.goneFindings)
        searchedEntries.settle(&maps, &findings, within: options.environment.limits)
        settleEntries()
        settleSections(changes, &state)
    }

    private func settleEntries() {
        func plain(_ place: RoutingPlace) -> String? { routes.owner(of: place)?.value }
        let defaultPlace = RoutingPlace(map: "path-exact", key: SectionNames.defaultKey)
        let conditional = conditions.settle(
            hosts: touchedHosts, includesDefault: touchedEntries.contains(defaultPlace), within: options.environment,
            maps: &maps, plain: plain)
        settleExcess()
        func value(_ place: RoutingPlace) -> String? { conditions.value(at: place) ?? plain(place) }
        for entry in touchedEntries.union(conditional) {
            maps.set(entry.map, entry.key, to: value(entry))
            if let host = entry.wholeHost { touchedHosts.insert(host) }
        }
        for host in touchedHosts where !host.isEmpty && !host.hasPrefix(".") {
            // A host with one claim has no other path, so that one look-up is all that its requests need.
            let whole = RoutingPlace(host: host, path: "/", type: .prefix)
            // Where candidates have it, requests must not leave the rules that choose among them.
            let isWhole = maps.uses("host", host) == 1 && conditions.value(at: whole) == nil
            maps.set(SectionNames.wholeHostsMap, host, to: isWhole ? value(whole) : nil)
        }
        (touchedEntries, touchedHosts) = ([], [])
    }

    /// Tells routes with conditions that there is no room for them at a place.
    private func settleExcess() {
        let (limits, budget) = (options.environment.limits, options.environment.expressionBudget)
        func finding(_ excess: ConditionTable.Excess, of claim: RouteClaim) -> Finding? {
            claim.condition.map { condition in
                let (host, path) = (excess.place.host, excess.place.path)
                let place = "\(host.isEmpty ? "any host" : "host \(host)"), path \(path)"
                let problem =
                    switch excess.limit {
                    case .expressionTime:
                        """
                        can cost a request up to \(ExpressionBudget.words(budget.steps(condition.cost))), for which older conditions leave \
                        no room: all for \(place), may cost \(ExpressionBudget.words(budget.conditions))
                        """
                    default: "is one of too many conditions for \(place)"
                    }
                return Finding(
                    .error, object: condition.origin.object, key: condition.origin.key, value: condition.text,
                    "\(problem), so the Service gets no requests there; \(limits.description(of: excess.limit))")
            }
        }
        for change in conditions.takeExcessChanges() {
            let claim = change.claim
            if let old = change.old, claim.finding == finding(old, of: claim) { setFinding(nil, of: claim) }
            if let new = change.new, claim.finding == nil { setFinding(finding(new, of: claim), of: claim) }
        }
    }

    private func settleSections(_ changes: BackendTable.Changes, _ state: inout StateChange) {
        let common = backends.commonOptions
        let commonNames = common.map(\.name)
        for name in changes.goneNames {
            setBackend(name, to: nil, &state)
            setFindings([], ofBackend: name)
        }
        // Options that concern all backends are rare.
        for backend in changes.optionsChanged ? Array(backends.all) : changes.backends {
            let section = backend.section(
                commonOptions: commonNames, prefersIPv6: options.ipv4Address == nil, within: options.environment.limits,
                isInFrontends: rules.isInFrontends)
            setBackend(backend.name, to: section, &state)
            setFindings(
                backend.findings(within: options.environment.limits, isInFrontends: rules.isInFrontends), ofBackend: backend.name)
        }
        settleStickTables(&state)
        let rulesChanged = rules.takeRuleChange()
        for (name, list) in changes.lists {
            let section = list?.section
            guard userLists[name] != section else { continue }
            userLists[name] = section
            state.userLists.updateValue(section, forKey: name)
        }
        let usesPassthrough = maps.files["sni"]?.entries.isEmpty == false
        let settings = FrameSettings(
            usesPassthrough: usesPassthrough, usesDNS: backends.needResolvers, tcpServices: tcpServices,
            normalizesPaths: normalizations.isInUse)
        let conditionsChanged = conditions.takeRuleChange(within: options.environment.limits)
        if conditionsChanged {
            findings.remove(conditionFindings)
            conditionFindings = conditions.findings(within: options.environment.limits)
            findings.add(conditionFindings)
        }
        let isOther = conditionsChanged || changes.optionsChanged || settings != frameSettings || renewsFrame
        guard rulesChanged || isOther || frame.isEmpty else { return }
        if renewsFrame {
            state.keepsUnusedCertificates = !base.global.removesUnusedCertificates
            state.metricsAccess = base.global.metricsAccess
            state.bufferSize = base.handlers.environment.bufferSize
        }
        renewsFrame = false
        frameSettings = settings
        let ruleList = rules.inOrder
        inlinedSettings = base.global.allowsInlinedSettings ? InlinedSettings(ruleList) : .none
        state.rules = inlinedSettings
        let new = ConfigurationFrame(
            options: options, global: base.global, errorPages: base.errorPages, rules: ruleList,
            captureLengths: rules.captureLengths, conditions: conditions, commonOptions: common, usesPassthrough: usesPassthrough,
            usesDNS: backends.needResolvers, normalizesPaths: normalizations.isInUse, tcpServices: tcpServices
        ).sections
        for section in new { maps.mention(section, by: 1) }
        for section in frame { maps.mention(section, by: -1) }
        if new != frame { state.frame = new }
        frame = new
    }

    private func setFindings(_ new: [Finding], ofBackend name: String) {
        if let old = backendFindings[name] { findings.remove(old) }
        backendFindings[name] = new.isEmpty ? nil : new
        findings.add(new)
    }

    private func settleStickTables(_ state: inout StateChange) {
        let limits = options.environment.limits
        let tables = rules.takeTableChanges(within: limits)
        guard !tables.isEmpty else { return }
        for (name, definition) in tables {
            setBackend(name, to: definition.map { Section("backend \(name)", lines: [.init($0)]) }, &state)
        }
        findings.remove(tableFindings)
        tableFindings = rules.tables.findings(within: limits)
        findings.add(tableFindings)
    }

    private func setBackend(_ name: String, to section: Section?, _ state: inout StateChange) {
        let old = backendSections[name]
        maps.mention(section, by: 1)
        maps.mention(old, by: -1)
        backendSections[name] = section
        state.backends.updateValue(section, forKey: name)
    }

    private func collect(_ state: inout StateChange) {
        for (name, keys) in maps.takeTouched() {
            guard let file = maps.files[name] else {
                state.maps.updateValue(nil, forKey: name)
                continue
            }
            var entries: [String: String?] = [:]
            for key in keys { entries.updateValue(file.entries[key], forKey: key) }
            state.maps.updateValue(entries, forKey: name)
        }
        for path in files.takeTouched() { state.files.updateValue(files.files[path], forKey: path) }
        for path in touchedCertificates { state.certificates.updateValue(certificates.list.entries[path], forKey: path) }
        touchedCertificates = []
    }
}

/// What decides, beside the rules, which sections the frame has.
struct FrameSettings: Equatable {
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

extension RouteClaim {
    /// The place, in words.
    fileprivate var whereabouts: String { "\(host.isEmpty ? "any host" : "host \(host)"), path \(path)" }
}
