import Core
import Logging

/// Brings a running HAProxy to a desired state: by runtime updates when they suffice, by a checked reload else.
actor Applier {
    /// What became of a desired state.
    enum Outcome: Sendable {
        case unchanged
        case updated(count: Int)
        case reloaded([ReloadReason])
        /// A reload is needed and has to wait.
        case deferred(Duration)
        /// HAProxy refuses lines that objects asked for.
        case refused([Refusal])
        /// Nothing was changed; the last good state serves.
        case failed(String)
    }

    /// What HAProxy refuses, and who asked for it.
    enum Refusal: Sendable, CustomStringConvertible {
        /// A line that an object's key led to.
        case value(ObjectKey, key: String, reason: String)
        case file(ConfigurationFile, reason: String)
        /// A key of an object wants HAProxy to listen where it cannot.
        case listener(ObjectKey, key: String, [ListenerFailure])

        var description: String {
            switch self {
            case .value(let object, let key, let reason): "HAProxy refuses a line of \(object): \(key): \(reason)"
            case .file(let file, let reason): "HAProxy cannot load \(file.path): \(reason)"
            case .listener(let object, let key, let failures):
                "HAProxy cannot listen for \(object): \(key): \(failures.first?.reason ?? "")"
            }
        }
    }

    private let directory: ConfigurationDirectory
    private let process: HAProxyProcess
    private let check: ConfigurationCheck
    private let updater: RuntimeUpdater
    private let metrics: Metrics
    private let logger: Logger
    private var budget: ReloadBudget
    private var running: RunningState?
    /// What HAProxy should run.
    private var target = DesiredState()
    /// Where ``target`` may differ from what runs.
    private var changed = ChangedParts.everything
    private var files: FileKeeper
    private var spares: SpareBackends
    private var removals: Task<Void, Never>?
    private var flushing: Task<Void, Never>?
    /// What a HAProxy that is being started again reads.
    private var loadedByRestart: DesiredState?
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(
        directory: ConfigurationDirectory, process: HAProxyProcess, check: ConfigurationCheck, socket: RuntimeSocket,
        metrics: Metrics, logger: Logger, reloadPeriod: Duration, spareBackends: Int = 0
    ) {
        spares = SpareBackends(count: spareBackends)
        self.directory = directory
        files = FileKeeper(directory: directory)
        self.process = process
        self.check = check
        updater = RuntimeUpdater(socket: socket)
        self.metrics = metrics
        self.logger = logger
        budget = ReloadBudget(period: reloadPeriod, now: .now)
    }

    /// Whether HAProxy runs a state that was applied.
    var isRunning: Bool { running != nil }

    /// haproxy.cfg as it is in force; empty before HAProxy runs.
    var configuration: String {
        guard let written = files.written else { return "" }
        return RenderedConfiguration((changed.isEmpty ? target : written).sections).text
    }

    /// Brings HAProxy to the state that the changes lead to.
    func apply(_ changes: [StateChange]) async -> Outcome {
        await begin()
        defer { end() }
        for change in changes { changed.formUnion(target.apply(change)) }
        return await applyNow()
    }

    private func applyNow() async -> Outcome {
        guard running != nil else { return await start() }
        guard !changed.isEmpty, let difference = running?.difference(to: target, in: changed) else { return .unchanged }
        switch difference {
        case .none:
            // The files may still differ: rules that no route uses stay in the running HAProxy only.
            settle()
            return .unchanged
        case .runtime(let updates):
            for case .bind(let backend, let spare, _) in updates {
                if let section = target.backends[backend] { spares.note(section) }
                logger.info("\(spare) stands in for \(backend) until the next reload")
            }
            if let failure = await update(updates) {
                logger.warning("HAProxy refused a runtime update; reloading instead", metadata: ["answer": "\(failure)"])
                return await reload(reasons: [ReloadReason(.refusedUpdate, "a runtime update failed: \(failure)")])
            }
            settle()
            return .updated(count: updates.count)
        case .reload(let reasons):
            for section in running?.newBackends(in: target, changed) ?? [] { spares.note(section) }
            return await reload(reasons: reasons)
        }
    }

    /// HAProxy runs the target.
    private func settle() {
        files.note(changed)
        changed = ChangedParts()
        scheduleFlush()
    }

    /// HAProxy died and is about to be started with what the files say, which stay as they are until it runs.
    func willRestart() {
        // What is under way is not known to be in force.
        if !isBusy { flush() }
        loadedByRestart = files.written
    }

    /// HAProxy was started again.
    func restarted() async {
        await begin()
        defer { end() }
        running = (loadedByRestart ?? files.written).map { RunningState(loaded: $0) }
        loadedByRestart = nil
        changed = .everything
    }

    // MARK: - Files

    /// Files only matter to a HAProxy that starts, so that they may follow a little later, once for many changes.
    private func scheduleFlush() {
        guard flushing == nil else { return }
        flushing = Task { [weak self] in
            while !Task.isCancelled, let wait = await self?.timeToFlush {
                try? await Task.sleep(for: wait)
            }
        }
    }

    /// How long to wait until files are written; nil when they are.
    private var timeToFlush: Duration? {
        get async {
            if let wait = files.wait(now: .now) { return wait }
            await begin()
            defer { end() }
            flush()
            flushing = nil
            return nil
        }
    }

    /// Writes what runs; what waits for a reload is not written before HAProxy has been shown it.
    private func flush() {
        guard changed.isEmpty, running != nil, loadedByRestart == nil else { return }
        do { try files.flush(target) } catch { logger.error("cannot write HAProxy's files", metadata: ["error": "\(error)"]) }
    }

    // MARK: - One at a time

    /// An actor takes the next call while one waits for HAProxy. What changes HAProxy must not: a server that is wanted again
    /// would be deleted by a removal that began before.
    private func begin() async {
        guard isBusy else {
            isBusy = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func end() {
        if waiting.isEmpty {
            isBusy = false
        } else {
            waiting.removeFirst().resume()
        }
    }

    func stop() async {
        removals?.cancel()
        flushing?.cancel()
        await begin()
        defer { end() }
        flush()
    }

    // MARK: - Reload

    private func start() async -> Outcome {
        target.spares = spares.sections(for: target)
        if let refused = await checkCandidate() { return refused }
        do { try files.write(target) } catch { return .failed("\(error)") }
        do {
            try await process.start()
        } catch {
            if case .notReady(_, let output) = error {
                let refused = Self.listenerRefusals(output, target)
                if !refused.isEmpty { return .refused(refused) }
            }
            return .failed(error.description)
        }
        loaded()
        return .reloaded([ReloadReason(.start, "start")])
    }

    private func loaded() {
        running = RunningState(loaded: target)
        spares.loaded()
        changed = ChangedParts()
    }

    private func reload(reasons: [ReloadReason]) async -> Outcome {
        if let wait = budget.take(now: .now) {
            await updateServers()
            return .deferred(wait)
        }
        target.spares = spares.sections(for: target)
        if let refused = await checkCandidate() {
            if case .failed = refused { await updateServers() }
            return refused
        }
        do { try files.write(target) } catch { return .failed("\(error)") }
        switch await process.reload() {
        case .reloaded:
            loaded()
            metrics.countReload(reasons)
            return .reloaded(reasons)
        case .failed(let reason, let output):
            do { try files.restore() } catch {
                logger.error("cannot restore the files in force", metadata: ["error": "\(error)"])
            }
            metrics.countFailedReload()
            for line in output { logger.warning("haproxy: \(line)") }
            let refused = Self.listenerRefusals(output, target)
            if !refused.isEmpty { return .refused(refused) }
            await updateServers()
            return .failed("HAProxy did not load the new configuration and keeps the old one: \(reason)")
        }
    }

    /// Pods come and go while a reload has to wait, or cannot be done: nobody is sent to those that are gone.
    private func updateServers() async {
        if let urgent = running?.urgentUpdates(to: target, in: changed), !urgent.isEmpty { _ = await update(urgent) }
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

    /// nil when HAProxy would accept the files.
    private func checkCandidate() async -> Outcome? {
        let desired = target
        do {
            try directory.stage(desired.renderedFiles())
            defer { try? directory.discardCandidate() }
            switch try await check.check(file: "haproxy.cfg", directory: directory.candidateURL.path) {
            case .valid(let warnings):
                for warning in warnings { logger.warning("haproxy -c: \(warning.message)") }
                return nil
            case .invalid(let problems, let output):
                let rendered = RenderedConfiguration(desired.sections)
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
    private func withoutPlace(_ problems: [CheckProblem], _ desired: DesiredState) -> [Refusal] {
        let blame = Blame(desired.sections, inForce: files.written?.sections ?? [])
        return problems.flatMap { problem in
            blame.origins(of: problem.message).compactMap { origin -> Refusal? in
                guard let object = origin.object, let key = origin.key else { return nil }
                return .value(object, key: key, reason: problem.message)
            }
        }
    }

    // MARK: - Runtime updates

    /// - Returns: why an update failed.
    private func update(_ updates: [RuntimeUpdate]) async -> String? {
        do {
            var bound = running?.spares ?? [:]
            for case .bind(let backend, let spare, _) in updates { bound[backend] = spare }
            try await updater.perform(updates, spares: bound)
        } catch {
            return "\(error)"
        }
        for update in updates { running?.apply(update) }
        metrics.countRuntimeUpdates(updates.count)
        scheduleRemovals()
        return nil
    }

    /// Servers go when their sessions have ended; until then they are asked again and again.
    private func scheduleRemovals() {
        guard removals == nil, running?.pendingRemovals.isEmpty == false else { return }
        removals = Task { [weak self] in
            var delay = Duration.milliseconds(100)
            while !Task.isCancelled {
                try? await Task.sleep(for: delay)
                guard let self, await self.finishRemovals() else { return }
                delay = min(delay * 2, .seconds(2))
            }
        }
    }

    /// - Returns: whether some are left.
    private func finishRemovals() async -> Bool {
        await begin()
        defer { end() }
        guard let pending = running?.pendingRemovals, !pending.isEmpty else {
            removals = nil
            return false
        }
        let deleted = (try? await updater.delete(pending)) ?? []
        for server in deleted { running?.removalFinished(backend: server.backend, server: server.server) }
        if running?.pendingRemovals.isEmpty != false {
            removals = nil
            return false
        }
        return true
    }
}
