import Core

extension Applier {
    /// Keeps the target as what ``load()`` is to load; later changes do not touch it.
    func prepareLoad() async {
        await begin()
        defer { end() }
        let reasons = running == nil ? [ReloadReason(.start, "start")] : reloadReasons
        prepared = reasons.map { (target, $0, running?.newBackends(in: target, changed) ?? []) }
        (changedSinceCandidate, hasCandidate) = (ChangedParts(), prepared != nil)
    }

    /// Has HAProxy load what was prepared once its check passes. While HAProxy looks at the files, runtime updates go on.
    func load() async -> Outcome {
        guard loadedByRestart == nil else { return .failed("HAProxy is being started again") }
        guard let (state, reasons, backends) = prepared else { return .unchanged }
        prepared = nil
        // A check that a reload could not follow would be for nothing.
        if running != nil, let wait = budget.wait(now: .now) {
            hasCandidate = false
            return .deferred(wait)
        }
        // Backends like new ones may come again; those that HAProxy refuses are not noted.
        var wanted = reserve
        for section in backends { wanted.note(section) }
        var candidate = Candidate(state, reserve: wanted, inliningLimit: inliningLimit, refusedSettings: refusedSettings)
        let rejected = await examine(&candidate)
        let serving = running == nil || rejected != nil ? nil : try? await updater.socket.pinned()
        await begin()
        defer {
            hasCandidate = false
            end()
        }
        if let rejected { return rejected }
        for section in backends { reserve.note(section) }
        let taken = takenListeners(candidate.state)
        guard taken.isEmpty else { return .refused(taken) }
        guard loadedByRestart == nil else { return .failed("HAProxy is being started again") }
        guard running != nil else { return await start(candidate) }
        budget.spend(now: .now)
        do { try files.write(candidate.state, rendered: candidate.files) } catch { return .failed("\(error)") }
        whileLoading = serving.map { RuntimeUpdater(socket: $0) }
        let result = await process.reload()
        if isUpdatingOldProcess { await withCheckedContinuation { oldProcessIsUpdated = $0 } }
        whileLoading = nil
        return await reloaded(candidate, reasons, result)
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

    private func reloaded(
        _ candidate: Candidate, _ reasons: [ReloadReason], _ result: ReloadResult
    ) async -> Outcome {
        let isUnknown = oldProcessIsUnknown
        oldProcessIsUnknown = false
        switch result {
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
            if isUnknown { try? await compareAll() }
            await updateServers()
            let cause = DescriptorShortage(in: output)?.description ?? reason
            return .failed("HAProxy did not load the new configuration and keeps the old one: \(cause)")
        }
    }

    private func loaded(_ state: DesiredState) {
        files.confirm()
        running = RunningState(loaded: state)
        updater = RuntimeUpdater(socket: updater.socket.with(bufferSize: state.bufferSize))
        reserve.loaded()
        (target.reserve, target.inlined) = (state.reserve, state.inlined)
        (changed, repairs, unfinished, departures) = (changedSinceCandidate, [], nil, Departures())
        scheduleComparison()
    }

    /// The reasons for a reload, as HAProxy and the target are now; empty where none is needed.
    func causes() -> [ReloadReason] { reloadReasons ?? [] }

    /// Pods come and go while a reload has to wait, or cannot be done: nobody is sent to those that are gone.
    func updateServers() async {
        func urgent() -> [[RuntimeUpdate]] {
            (repairs.isEmpty ? [] : [repairs]) + (running?.urgentUpdates(to: target, in: changed) ?? [])
        }
        let all = urgent().flatMap { $0 }
        guard !all.isEmpty, let failure = await update(all) else { return }
        guard whileLoading == nil else {
            oldProcessIsUnknown = true
            return
        }
        logger.warning("servers could not be updated while a reload waits", metadata: ["answer": "\(failure)"])
        // What HAProxy refuses for one backend keeps no other one's pods waiting.
        do { try await compareServers() } catch { return }
        for updates in urgent() { _ = await update(updates) }
    }

    /// Addresses that another process has, of frontends that HAProxy does not have yet. A HAProxy that tries to listen there lets the
    /// frontends that it has wait meanwhile.
    private func takenListeners(_ state: DesiredState) -> [Refusal] {
        state.staticSections.compactMap { section in
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
        desired.staticSections.flatMap(\.lines).compactMap { line in
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
        return desired.staticSections.compactMap { section in
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
        guard case .rejected(let rejection) = first, !rejection.isTimeout, !candidate.isPlain, extras.mayBeAll else {
            return first
        }
        let whole = candidate
        if await !leaveOutNamed(&candidate, &extras) {
            candidate.leaveOutExtras()
            if let rejected = await check(candidate, &extras) { return rejected }
        }
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
            reserve.refuse(whole.state.reserve.filter { extras.sections.contains($0.header) })
        }
        return nil
    }

    /// Leaves out what HAProxy names, which may not be all at once.
    ///
    /// - Returns: whether HAProxy takes the rest.
    private func leaveOutNamed(_ candidate: inout Candidate, _ extras: inout Candidate.Extras) async -> Bool {
        var left = 0
        for _ in 0..<4 where extras.count > left {
            left = extras.count
            candidate.leaveOut(extras)
            if await check(candidate, &extras) == nil { return true }
        }
        return false
    }

    /// - Parameter extras: takes those that HAProxy does not accept.
    private func check(_ candidate: Candidate, _ extras: inout Candidate.Extras) async -> Outcome? {
        do {
            switch try await prover.checkCandidate(candidate.files) {
            case .valid(let warnings):
                for warning in warnings { logger.warning("haproxy -c: \(warning.message)") }
                return nil
            case .invalid(let problems, let output):
                let rendered = RenderedConfiguration(candidate.state.loadedSections)
                extras.note(problems, rendered, of: candidate.state)
                return .rejected(Rejection(problems, output: output, rendered, of: candidate.state))
            }
        } catch ConfigurationCheck.Failure.timedOut(let limit) {
            // Some object has HAProxy wait.
            return .rejected(Rejection(after: limit))
        } catch {
            return .failed("the configuration cannot be checked: \(error)")
        }
    }
}
