import Core

extension Applier {
    func start() async -> Outcome {
        let (rendered, refused) = await candidate()
        if let refused { return refused }
        do { try files.write(target, rendered: rendered) } catch { return .failed("\(error)") }
        do {
            try await process.start()
        } catch {
            if case .notReady(_, let output) = error {
                let refused = Self.refusals(output, target)
                if !refused.isEmpty { return .refused(refused) }
                if let shortage = DescriptorShortage(in: output) { return .failed(shortage.description) }
            }
            return .failed(error.description)
        }
        loaded()
        return .reloaded([ReloadReason(.start, "start")])
    }

    func loaded() {
        files.confirm()
        running = RunningState(loaded: target)
        reserve.loaded()
        (changed, repairs, unfinished, departures) = (ChangedParts(), [], nil, Departures())
        scheduleComparison()
    }

    func reload(reasons: [ReloadReason]) async -> Outcome {
        if let wait = budget.take(now: .now) {
            await updateServers()
            return .deferred(wait)
        }
        let (rendered, refused) = await candidate()
        if let refused {
            target.inlined = running?.names.inlined ?? [:]
            if case .failed = refused { await updateServers() }
            return refused
        }
        do { try files.write(target, rendered: rendered) } catch { return .failed("\(error)") }
        switch await process.reload() {
        case .reloaded:
            loaded()
            metrics.countReload(reasons)
            return .reloaded(reasons)
        case .failed(let reason, let output):
            do { try files.restore() } catch {
                logger.error("cannot restore the files in force", metadata: ["error": "\(error)"])
            }
            target.inlined = running?.names.inlined ?? [:]
            metrics.countFailedReload()
            for line in output { logger.warning("haproxy: \(line)") }
            let refused = Self.refusals(output, target)
            if !refused.isEmpty { return .refused(refused) }
            await updateServers()
            let cause = DescriptorShortage(in: output)?.description ?? reason
            return .failed("HAProxy did not load the new configuration and keeps the old one: \(cause)")
        }
    }

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

    /// Renders the files, and checks them. What they have in reserve, and settings in backends, are left out rather than that it costs
    /// others their change.
    ///
    /// - Returns: the files, and why HAProxy would not accept them.
    private func candidate() async -> (rendered: [String: [UInt8]], refused: Outcome?) {
        target.reserve = reserve.sections(for: target)
        let rendered = target.renderedFiles(inlining: inliningLimit, except: refusedSettings)
        var extras = Extras()
        guard let refused = await checkCandidate(rendered, &extras) else { return (rendered, nil) }
        // What nobody asked for may be one of the extras, too.
        if case .refused = refused, extras.sections.isEmpty, extras.settings.isEmpty { return (rendered, refused) }
        guard !target.reserve.isEmpty || !target.inlined.isEmpty else { return (rendered, refused) }
        target.reserve = []
        let plain = target.renderedFiles(inlining: 0)
        if let refused = await checkCandidate(plain, &extras) { return (plain, refused) }
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
        return (plain, nil)
    }

    /// What HAProxy does not accept of what no object asked for in so many words.
    private struct Extras {
        /// Headers of sections in reserve.
        var sections: Set<String> = []
        /// Settings in backends, by the backend's name.
        var settings: [String: String] = [:]

        mutating func note(_ problems: [CheckProblem], _ rendered: RenderedConfiguration, of state: DesiredState) {
            let unclaimed = Set(state.reserve.map(\.header))
            for line in problems.compactMap(\.line) {
                guard let header = rendered.section(ofLine: line) else { continue }
                if unclaimed.contains(header) { sections.insert(header) }
                let name = String(header.trimmingPrefix("backend "))
                if let inlined = state.inlined[name], rendered.origin(ofLine: line)?.object == nil { settings[name] = inlined }
            }
        }
    }

    /// nil when HAProxy would accept the files.
    ///
    /// - Parameter extras: takes those that HAProxy does not accept.
    private func checkCandidate(_ files: [String: [UInt8]], _ extras: inout Extras) async -> Outcome? {
        let desired = target
        do {
            try directory.stage(files)
            defer { try? directory.discardCandidate() }
            switch try await check.check(file: "haproxy.cfg", directory: directory.candidateURL.path) {
            case .valid(let warnings):
                for warning in warnings { logger.warning("haproxy -c: \(warning.message)") }
                return nil
            case .invalid(let problems, let output):
                let rendered = RenderedConfiguration(desired.loadedSections)
                extras.note(problems, rendered, of: desired)
                let refusals = problems.flatMap { problem -> [Refusal] in
                    if let file = desired.files.values.first(where: { problem.message.contains("'\($0.path)'") }) {
                        return [.file(file, reason: problem.message)]
                    }
                    guard let line = problem.line, problem.file.map({ $0.hasSuffix("haproxy.cfg") }) ?? true else { return [] }
                    return rendered.origins(ofLine: line, message: problem.message).compactMap { origin in
                        guard let object = origin.object, let key = origin.key else { return nil }
                        return .value(object, key: key, reason: problem.message)
                    }
                }
                guard refusals.isEmpty else { return .refused(refusals) }
                let blamed = withoutPlace(problems, desired)
                guard blamed.isEmpty else { return .refused(blamed) }
                return .failed(
                    "HAProxy refuses the configuration and keeps the old one: \(problems.first?.description ?? output)")
            }
        } catch {
            return .failed("the configuration cannot be checked: \(error)")
        }
    }

    /// Who is to blame for problems that HAProxy finds in no line of theirs.
    func withoutPlace(_ problems: [CheckProblem], _ desired: DesiredState) -> [Refusal] {
        let blame = Blame(desired.sections, inForce: files.written?.sections ?? [])
        return problems.flatMap { problem in
            blame.origins(of: problem.message).compactMap { origin -> Refusal? in
                guard let object = origin.object, let key = origin.key else { return nil }
                return .value(object, key: key, reason: problem.message)
            }
        }
    }
}
