import Core

extension Applier {
    /// Keeps the target as what ``load()`` is to load; later changes do not touch it.
    func prepareLoad() async {
        await begin()
        defer { end() }
        let reasons = running == nil ? [ReloadReason(.start, "start")] : reloadReasons
        prepared = reasons.map { (target, $0) }
        (changedSinceCandidate, hasCandidate) = (ChangedParts(), prepared != nil)
        for section in running?.newBackends(in: target, changed) ?? [] where reasons != nil { reserve.note(section) }
    }

    /// Has HAProxy load what was prepared once its check passes. While HAProxy looks at the files, runtime updates go on.
    func load() async -> Outcome {
        guard loadedByRestart == nil else { return .failed("HAProxy is being started again") }
        guard let (state, reasons) = prepared else { return .unchanged }
        prepared = nil
        // A check that a reload could not follow would be for nothing.
        if running != nil, let wait = budget.wait(now: .now) {
            hasCandidate = false
            return .deferred(wait)
        }
        var candidate = Candidate(state, reserve: reserve, inliningLimit: inliningLimit, refusedSettings: refusedSettings)
        let rejected = await examine(&candidate)
        await begin()
        defer { end() }
        hasCandidate = false
        if let rejected { return rejected }
        let taken = await takenListeners(candidate.state)
        guard taken.isEmpty else { return .refused(taken) }
        guard loadedByRestart == nil else { return .failed("HAProxy is being started again") }
        return running == nil ? await start(candidate) : await reload(candidate, reasons)
    }

    /// Why nothing but a reload brings HAProxy to the target; nil when it does not take one.
    private var reloadReasons: [ReloadReason]? {
        guard let difference = running?.difference(to: target, in: changed) else { return nil }
        if case .reload(let reasons) = difference { return reasons }
        return unfinished.map { [$0] }
    }

    private func start(_ candidate: Candidate) async -> Outcome {
        do { try files.write(candidate.state, rendered: candidate.files) } catch { return .failed("\(error)") }
        do {
            try await process.start()
        } catch {
            if case .notReady(_, let output) = error {
                let refused = Self.refusals(output, candidate.state)
                if !refused.isEmpty { return .refused(refused) }
                if let shortage = DescriptorShortage(in: output) { return .failed(shortage.description) }
            }
            return .failed(error.description)
        }
        loaded(candidate.state)
        return .reloaded([ReloadReason(.start, "start")])
    }

    private func reload(_ candidate: Candidate, _ reasons: [ReloadReason]) async -> Outcome {
        budget.spend(now: .now)
        do { try files.write(candidate.state, rendered: candidate.files) } catch { return .failed("\(error)") }
        switch await process.reload() {
        case .reloaded:
            loaded(candidate.state)
            metrics.countReload(reasons)
            // What came while HAProxy looked at the files.
            if !changed.isEmpty { await updateServers() }
            return .reloaded(reasons)
        case .failed(let reason, let output):
            do { try files.restore() } catch {
                logger.error("cannot restore the files in force", metadata: ["error": "\(error)"])
            }
            metrics.countFailedReload()
            for line in output { logger.warning("haproxy: \(line)") }
            let refused = Self.refusals(output, candidate.state)
            if !refused.isEmpty { return .refused(refused) }
            await updateServers()
            let cause = DescriptorShortage(in: output)?.description ?? reason
            return .failed("HAProxy did not load the new configuration and keeps the old one: \(cause)")
        }
    }

    private func loaded(_ state: DesiredState) {
        files.confirm()
        running = RunningState(loaded: state)
        reserve.loaded()
        (target.reserve, target.inlined) = (state.reserve, state.inlined)
        (changed, repairs, unfinished, departures) = (changedSinceCandidate, [], nil, Departures())
        scheduleComparison()
    }

    /// The objects whose changes take a reload.
    func reloadCauses() -> Set<ObjectKey> { Set((reloadReasons ?? []).compactMap(\.origin.object)) }

    /// Pods come and go while a reload has to wait, or cannot be done: nobody is sent to those that are gone.
    func updateServers() async {
        func urgent() -> [[RuntimeUpdate]] {
            (repairs.isEmpty ? [] : [repairs]) + (running?.urgentUpdates(to: target, in: changed) ?? [])
        }
        let all = urgent().flatMap { $0 }
        guard !all.isEmpty, let failure = await update(all) else { return }
        logger.warning("servers could not be updated while a reload waits", metadata: ["answer": "\(failure)"])
        // What HAProxy refuses for one backend keeps no other one's pods waiting.
        do { try await compareServers() } catch { return }
        for updates in urgent() { _ = await update(updates) }
    }

    /// Addresses that another process has, of frontends that HAProxy does not have yet. A HAProxy that tries to listen there lets the
    /// frontends that it has wait meanwhile.
    private func takenListeners(_ state: DesiredState) async -> [Refusal] {
        state.frame.compactMap { section in
            guard section.header.hasPrefix("frontend "), let object = section.origin.object, let key = section.origin.key,
                running?.has(section) != true
            else { return nil }
            let failures = section.lines.compactMap { ListenerFailure(ofBind: $0.directive.text, frontend: section.name) }
            return failures.isEmpty ? nil : .listener(object, key: key, failures)
        }
    }

    /// What objects asked for that a HAProxy which starts cannot have, though its check sees nothing wrong.
    static func refusals(_ output: [String], _ desired: DesiredState) -> [Refusal] {
        listenerRefusals(output, desired) + (DescriptorShortage(in: output).map { limitRefusals($0, desired) } ?? [])
    }

    /// Who asked for a limit of connections for which there are not enough files.
    private static func limitRefusals(_ shortage: DescriptorShortage, _ desired: DesiredState) -> [Refusal] {
        desired.frame.flatMap(\.lines).compactMap { line in
            guard case .globalMaxconn? = line.setting, let object = line.origin.object, let key = line.origin.key else {
                return nil
            }
            return .value(object, key: key, reason: shortage.description)
        }
    }

    /// Objects whose keys asked for the frontends that cannot listen. None for the controller's own frontends, whose ports the
    /// operator has to change.
    private static func listenerRefusals(_ output: [String], _ desired: DesiredState) -> [Refusal] {
        let failures = Dictionary(grouping: ListenerFailure.all(in: output), by: \.frontend)
        return desired.frame.compactMap { section in
            guard section.header.hasPrefix("frontend "), let failures = failures[section.name],
                let object = section.origin.object, let key = section.origin.key
            else { return nil }
            return .listener(object, key: key, failures)
        }
    }

    /// Asks HAProxy about a candidate. Backends in reserve, and settings in backends, are left out rather than that they cost others their
    /// change.
    ///
    /// - Returns: why it cannot be loaded.
    private func examine(_ candidate: inout Candidate) async -> Outcome? {
        var extras = Candidate.Extras()
        guard let first = await check(candidate, &extras) else { return nil }
        guard case .rejected = first, !candidate.isPlain, extras.mayBeAll else { return first }
        candidate.leaveOutExtras()
        if let rejected = await check(candidate, &extras) { return rejected }
        if !extras.settings.isEmpty {
            logger.warning(
                "HAProxy refuses settings as rules of backends: their requests look them up in maps",
                metadata: ["backends": "\(extras.settings.keys.sorted().joined(separator: ", "))"])
            refusedSettings.formUnion(extras.settings.values)
        }
        if !extras.sections.isEmpty || extras.settings.isEmpty {
            logger.warning(
                "HAProxy refuses what is in reserve for new Services: those that come before the next reload cost one",
                metadata: ["sections": "\(extras.sections.sorted().joined(separator: ", "))"])
            reserve.refuse(extras.sections)
        }
        return nil
    }

    /// - Parameter extras: takes those that HAProxy does not accept.
    private func check(_ candidate: Candidate, _ extras: inout Candidate.Extras) async -> Outcome? {
        do {
            switch try await prover.check(candidate.files, in: .candidate) {
            case .valid(let warnings):
                for warning in warnings { logger.warning("haproxy -c: \(warning.message)") }
                return nil
            case .invalid(let problems, let output):
                let rendered = RenderedConfiguration(candidate.state.loadedSections)
                extras.note(problems, rendered, of: candidate.state)
                return .rejected(Rejection(problems, output: output, rendered, of: candidate.state))
            }
        } catch {
            return .failed("the configuration cannot be checked: \(error)")
        }
    }
}
