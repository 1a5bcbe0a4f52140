extension AssemblyTables {
    // MARK: - Winning and losing

    /// The route gets its place.
    private mutating func win(_ claim: RouteClaim, _ services: ServiceResolution) {
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
    mutating func lose(_ claim: RouteClaim) {
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

    private mutating func addHost(_ claim: RouteClaim) {
        let host = SectionNames.hostKey(claim.host)
        maps.add("host", host, host)
    }

    private mutating func removeHost(_ claim: RouteClaim) {
        let host = SectionNames.hostKey(claim.host)
        maps.remove("host", host, host)
    }

    /// Adds what a plan contributes to maps and frontends when the first route uses it, and takes it back after the last.
    private mutating func engage(_ planned: PlannedContext, by difference: Int) {
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

    mutating func setFinding(_ finding: Finding?, of claim: RouteClaim) {
        if let old = claim.finding { findings.remove(old) }
        claim.finding = finding
        if let finding { findings.add(finding) }
    }

    private mutating func touch(_ claim: RouteClaim) {
        touched.entries.insert(claim.place.entry)
        touched.hosts.insert(SectionNames.hostKey(claim.host))
    }

    // MARK: - Reconciling

    /// Decides what was left open, and tells how the state differs from the one that was reconciled before.
    mutating func reconcile(_ context: Context) -> StateChange {
        var state = StateChange()
        decide(&state, context)
        collect(&state)
        return state
    }

    /// As ``reconcile(_:)``, when everything was made anew.
    mutating func reconcileAll(_ context: Context) -> StateChange {
        var unused = StateChange()
        decide(&unused, context)
        _ = (maps.takeTouched(), files.takeTouched())
        touched.certificates = []
        return StateChange(state(context.base))
    }

    private mutating func decide(_ state: inout StateChange, _ context: Context) {
        let limits = context.options.environment.limits
        let isHTTPSEnabled = context.options.isHTTPSEnabled
        let renewedHosts = hosts.takeTouchedOwners()
        for host in renewedHosts {
            routes.renew(host: SectionNames.host(ofKey: host))
            certificates.renew(host: SectionNames.host(ofKey: host))
        }
        var passedHosts: Set<String> = []
        for decision in routes.reconcile(hosts) {
            if let loser = decision.loser, loser.isInForce { lose(loser) }
            if let winner = decision.winner {
                setFinding(nil, of: winner)
                win(winner, context.services)
            }
            for claim in decision.others { setFinding(decision.finding(about: claim), of: claim) }
            if decision.place.map == "sni" { passedHosts.insert(decision.place.key) }
        }
        hosts.reconcile(passedHosts, findings: &findings) { [routes] host in
            isHTTPSEnabled ? routes.owner(of: .passthrough(host))?.ingress : nil
        }
        normalizations.reconcile(renewedHosts, owners: hosts, maps: &maps, findings: &findings)
        reconcileCertificates(context)
        backends.touch(usersOf: rules.choose(within: limits))
        let changes = backends.reconcile(within: limits)
        for claim in changes.renamed { touch(claim) }
        findings.add(changes.newFindings)
        findings.remove(changes.goneFindings)
        searchedEntries.reconcile(&maps, &findings, within: limits)
        reconcileEntries(context.options.environment)
        reconcileSections(changes, &state, context)
    }

    private mutating func reconcileEntries(_ environment: AnnotationEnvironment) {
        let routes = routes
        func plain(_ place: RoutingPlace) -> String? { routes.owner(of: place)?.value }
        let defaultPlace = RoutingPlace(map: "path-exact", key: SectionNames.defaultKey)
        let conditional = conditions.reconcile(
            hosts: touched.hosts, includesDefault: touched.entries.contains(defaultPlace), within: environment, maps: &maps,
            plain: plain)
        for change in conditions.takeExcessChanges() {
            let claim = change.claim
            if let old = change.old?.finding(about: claim, environment), claim.finding == old { setFinding(nil, of: claim) }
            if let new = change.new, claim.finding == nil { setFinding(new.finding(about: claim, environment), of: claim) }
        }
        for entry in touched.entries.union(conditional) {
            maps.set(entry.map, entry.key, to: conditions.value(at: entry) ?? plain(entry))
            if let host = entry.wholeHost { touched.hosts.insert(host) }
        }
        for host in touched.hosts where !host.isEmpty && !host.hasPrefix(".") {
            // A host with one claim has no other path, so that one look-up is all that its requests need.
            let whole = RoutingPlace(host: host, path: "/", type: .prefix)
            // Where candidates have it, requests must not leave the rules that choose among them.
            let isWhole = maps.uses("host", host) == 1 && conditions.value(at: whole) == nil
            maps.set(SectionNames.wholeHostsMap, host, to: isWhole ? plain(whole) : nil)
        }
        (touched.entries, touched.hosts) = ([], [])
    }

    private mutating func reconcileSections(_ changes: BackendTable.Changes, _ state: inout StateChange, _ context: Context) {
        let limits = context.options.environment.limits
        sections.reconcile(
            changes, backends: backends, rules: rules, prefersIPv6: context.options.ipv4Address == nil, within: limits,
            maps: &maps,
            findings: &findings, &state)
        sections.reconcileStickTables(
            rules.takeTableChanges(within: limits), rules.tables, within: limits, maps: &maps, findings: &findings, &state)
        let rulesChanged = rules.takeRuleChange()
        let conditionsChanged = conditions.takeRuleChange(within: limits)
        if conditionsChanged { sections.set(conditionFindings: conditions.findings(within: limits), findings: &findings) }
        let settings = StaticSectionSettings(
            usesPassthrough: maps.files["sni"]?.entries.isEmpty == false, usesDNS: backends.needResolvers,
            tcpServices: tcpServices,
            normalizesPaths: normalizations.isInUse)
        let isOther = rulesChanged || conditionsChanged || changes.optionsChanged
        guard sections.mustRenewStaticSections(settings) || isOther else { return }
        let ruleList = rules.inOrder
        let new = StaticSections(
            options: context.options, global: context.base.global, errorPages: context.base.errorPages, rules: ruleList,
            captureLengths: rules.captureLengths, conditions: conditions, commonOptions: backends.commonOptions,
            usesPassthrough: settings.usesPassthrough, usesDNS: settings.usesDNS, normalizesPaths: settings.normalizesPaths,
            tcpServices: settings.tcpServices
        ).sections
        sections.renewStaticSections(new, settings, ruleList, context.base, maps: &maps, &state)
    }

    private mutating func collect(_ state: inout StateChange) {
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
        for path in touched.certificates { state.certificates.updateValue(certificates.list.entries[path], forKey: path) }
        touched.certificates = []
    }
}
