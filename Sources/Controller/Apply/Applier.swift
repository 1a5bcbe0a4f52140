import Core
import Logging

/// Brings a running HAProxy to a desired state: by runtime updates when they suffice, by a checked reload else.
actor Applier {
    let directory: ConfigurationDirectory
    let process: HAProxyProcess
    let prover: ConfigurationProver
    var updater: RuntimeUpdater
    let metrics: Metrics
    let logger: Logger
    var budget: ReloadBudget
    var running: RunningState?
    /// What HAProxy should run.
    var target = DesiredState()
    /// Where ``target`` may differ from what runs.
    var changed = ChangedParts.everything
    var files: FileKeeper
    var reserve: BackendReserve
    /// How many backends have settings written into them when HAProxy loads them.
    let inliningLimit: Int
    /// Settings that HAProxy does not load that way.
    var refusedSettings: Set<String> = []
    var departures = Departures()
    var removals: Task<Void, Never>?
    /// When the task looks at ``departures`` again; nil when there are none.
    var removalTime: ContinuousClock.Instant?
    var flushing: Task<Void, Never>?
    /// What a HAProxy that is being started again reads.
    var loadedByRestart: DesiredState?
    /// What makes HAProxy what it is taken for.
    var repairs: [RuntimeUpdate] = []
    /// How often HAProxy is compared with what it was given; zero is never.
    let comparisonPeriod: Duration
    var comparison: Task<Void, Never>?
    var isComparing = false
    var repairHistory = RepairHistory()
    /// Says each time that HAProxy is not what it was given; ``apply(_:)`` mends it. For one reader.
    nonisolated let drifts: AsyncStream<Void>
    let driftReports: AsyncStream<Void>.Continuation
    /// While HAProxy starts a process with other files: how the one that serves meanwhile is told about changes.
    var whileLoading: RuntimeUpdater?
    /// Whether that is done right now, and who waits for the end of it.
    var isUpdatingOldProcess = false
    var oldProcessIsUpdated: CheckedContinuation<Void, Never>?
    /// Whether the process that served during a load may have made a part of an update.
    var oldProcessIsUnknown = false
    var isBusy = false
    var waiting: [CheckedContinuation<Void, Never>] = []
    /// Why nothing but a reload will do, whatever differs: HAProxy made an unknown part of updates that must not be made again.
    var unfinished: ReloadReason?
    /// Whether HAProxy looks at files that it may load, and where ``target`` may have changed since.
    var hasCandidate = false
    /// The state that is to be loaded next, the reasons for it, and its new backends.
    var prepared: (state: DesiredState, reasons: [ReloadReason], backends: [Section])?
    var changedSinceCandidate = ChangedParts()

    init(
        directory: ConfigurationDirectory, process: HAProxyProcess, prover: ConfigurationProver, socket: RuntimeSocket,
        metrics: Metrics, logger: Logger, reloadPeriod: Duration, reserve: BackendReserve = BackendReserve(count: 0),
        inliningLimit: Int = 0, comparisonPeriod: Duration = .zero
    ) {
        (drifts, driftReports) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.comparisonPeriod = comparisonPeriod
        self.reserve = reserve
        self.inliningLimit = inliningLimit
        self.directory = directory
        files = FileKeeper(directory: directory)
        self.process = process
        self.prover = prover
        updater = RuntimeUpdater(socket: socket)
        self.metrics = metrics
        self.logger = logger
        budget = ReloadBudget(period: reloadPeriod, now: .now)
    }

    /// Whether HAProxy runs a state that was applied.
    var isRunning: Bool { running != nil }

    /// haproxy.cfg as it is in force; empty before HAProxy runs.
    var configuration: String {
        guard let inForce = files.inForce else { return "" }
        return RenderedConfiguration((changed.isEmpty ? target : inForce).loadedSections).text
    }

    /// Brings HAProxy to the state that the changes lead to. While HAProxy loads other files, the process that serves gets what it can
    /// get at run time; the new one gets it afterwards.
    func apply(_ changes: [StateChange]) async -> Outcome {
        if whileLoading != nil {
            isUpdatingOldProcess = true
        } else {
            await begin()
        }
        defer { if isUpdatingOldProcess { oldProcessUpdated() } else { end() } }
        for change in changes {
            let parts = target.apply(change)
            changed.formUnion(parts)
            if hasCandidate { changedSinceCandidate.formUnion(parts) }
        }
        if !changes.isEmpty { metrics.set(access: target.metricsAccess) }
        guard running != nil else { return .needsLoad }
        // Which files it reads would be a matter of chance.
        guard loadedByRestart == nil else { return .failed("HAProxy is being started again") }
        guard !changed.isEmpty || !repairs.isEmpty, let difference = running?.difference(to: target, in: changed) else {
            return .unchanged
        }
        if difference.needsReload || unfinished != nil { return await awaitLoad() }
        let updates = repairs + difference.updates
        guard !updates.isEmpty else {
            // The files may still differ: rules that no route uses stay in the running HAProxy only.
            settle()
            return .unchanged
        }
        note(updates)
        if let failure = await update(updates) {
            guard isUpdatingOldProcess else { return await recover(from: failure, updates) }
            logger.warning("HAProxy refused a runtime update while it loads", metadata: ["answer": "\(failure)"])
            oldProcessIsUnknown = true
            return .needsLoad
        }
        settle()
        return .updated(count: updates.count)
    }

    private func oldProcessUpdated() {
        isUpdatingOldProcess = false
        oldProcessIsUpdated?.resume()
        oldProcessIsUpdated = nil
    }

    /// HAProxy refused some updates, or was lost in the middle of them: what it has tells what is left to do.
    private func recover(from failure: String, _ updates: [RuntimeUpdate]) async -> Outcome {
        logger.warning("HAProxy refused a runtime update; looking at what it has", metadata: ["answer": "\(failure)"])
        let refused = ReloadReason(.refusedUpdate, "a runtime update failed: \(failure)")
        if updates.contains(where: \.givesAuthority) {
            unfinished = refused
            return await awaitLoad()
        }
        do { try await compareAll() } catch {
            unfinished = refused
            return await awaitLoad()
        }
        guard let difference = running?.difference(to: target, in: changed) else { return .needsLoad }
        if difference.needsReload { return await awaitLoad() }
        let rest = repairs + difference.updates
        if await update(rest) != nil {
            guard difference.updates.isEmpty else {
                unfinished = refused
                return await awaitLoad()
            }
            // The next comparison finds again what a repair was for, and counts how often.
            repairs = []
        }
        settle()
        return .updated(count: updates.count)
    }

    /// Nothing but a load will do, which no pods wait for.
    private func awaitLoad() async -> Outcome {
        await updateServers()
        return .needsLoad
    }

    /// What comes now may come again.
    private func note(_ updates: [RuntimeUpdate]) {
        for update in updates {
            switch update {
            case .bind(let section, _), .createBackend(let section, _): reserve.note(section)
            default: break
            }
        }
    }

    // MARK: - One at a time

    /// An actor takes the next call while one waits for HAProxy. What changes HAProxy must not: a server that is wanted again
    /// would be deleted by a removal that began before.
    func begin() async {
        guard isBusy else {
            isBusy = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    func end() {
        if waiting.isEmpty {
            isBusy = false
        } else {
            waiting.removeFirst().resume()
        }
    }

    func stop() async {
        removals?.cancel()
        flushing?.cancel()
        comparison?.cancel()
        await begin()
        defer { end() }
        flush()
    }
}
