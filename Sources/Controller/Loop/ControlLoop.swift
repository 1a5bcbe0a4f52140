import Core
import Foundation
import Logging

/// The controller's life: objects come in, the engine makes the desired state of them, the applier brings HAProxy there.
///
/// One task works at a time; what arrives meanwhile is taken together afterwards.
actor ControlLoop {
    let live: Assembler
    let applier: Applier
    private let metrics: Metrics
    let logger: Logger
    let secrets: (@Sendable (Set<ObjectKey>) async -> [Secret])?
    private let observer: (any ControlLoopObserver)?
    /// What HAProxy has not been given yet.
    private var changes: [StateChange] = []
    private var reports: FindingLog
    private var reportWait: Task<Void, Never>?
    private var takenAddresses = TakenAddresses()
    private var watch: Task<Void, Never>?
    private var skipped: Set<String> = []
    private var pending: [SourceUpdate] = []
    var quarantine = Quarantine()
    var proofs = ProofQueue()
    var probation = Probation()
    var loading: Task<Void, Never>?
    /// What ended beside the loop. The loop takes it between changes: while HAProxy is given some, no other may seem to be among them.
    var endings: [Ending] = []
    var searchesEverything = false
    var reloadWait: Task<Void, Never>?
    /// Objects that wait for a reload which they may not need, those of each namespace by themselves.
    var retries: [[ObjectKey]] = []
    /// How often HAProxy has refused configurations since it took one.
    var rejections = 0
    private var recent = RecentObjects()
    private var hasObjects = false
    /// Whether HAProxy may not be what the objects ask for.
    var isStale = false
    private var lastFailure: String?
    private var failures = 0
    private let wake: AsyncStream<Void>
    let waker: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - secrets: gets Secrets that the source has, where they are not kept in memory before something names them.
    ///   - observer: is told what the loop finds out.
    init(
        engine: Engine, applier: Applier, metrics: Metrics, logger: Logger,
        secrets: (@Sendable (Set<ObjectKey>) async -> [Secret])? = nil, observer: (any ControlLoopObserver)? = nil
    ) {
        self.observer = observer
        self.secrets = secrets
        live = Assembler(engine)
        reports = FindingLog(burst: engine.options.environment.limits[.logLines])
        self.applier = applier
        self.metrics = metrics
        self.logger = logger
        (wake, waker) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Notes what a source has to say; the work is done by ``run()``.
    func receive(_ update: SourceUpdate) {
        pending.append(update)
        waker.yield()
    }

    /// HAProxy was started again and may lag behind.
    func processRestarted() async {
        await applier.restarted()
        differs()
    }

    /// HAProxy is not what it should be.
    func differs() {
        isStale = true
        waker.yield()
    }

    /// So many replicas of this controller run.
    func share(among replicas: Int) {
        guard live.share(among: replicas) else { return }
        differs()
    }

    /// Works until the task is cancelled.
    func run() async {
        for await _ in wake {
            if Task.isCancelled { return }
            await takeEndings()
            takePending(isRunning: await applier.isRunning)
            retry()
            if isStale, hasObjects { await synchronize() } else { await report() }
            giveSecondChances()
            await startProofs()
            if canRetry || isStale && hasObjects { waker.yield() }
        }
    }

    /// - Parameter isRunning: whether HAProxy runs, so that there is a last version of what is not yet in force.
    private func takePending(isRunning: Bool) {
        for update in pending {
            for object in update.changed where isNeeded(object, update) { take(object, isRunning: isRunning) }
            for key in update.deleted {
                quarantine.forget(key)
                let standing = live.standing(of: key)
                guard live.remove(key) else { continue }
                quarantine.noteChange(of: key, from: standing)
                noteChange(of: key)
            }
            reports.take(fromSource: update.findings)
            for kind in Set(update.skipped).subtracting(skipped).sorted() { logger.debug("not read: \(kind)") }
            skipped = Set(update.skipped)
            if update.isInitial {
                hasObjects = true
                isStale = true
            }
        }
        pending = []
    }

    private func take(_ object: KubernetesObject, isRunning: Bool) {
        let key = object.key
        if let reason = quarantine.replace(object) {
            if reason == .proof { proofs.add(key) }
            return
        }
        let standing = live.standing(of: key)
        if isRunning, standing.version != object, probation.covers(key, now: .now) {
            quarantine.holdForProof(object)
            proofs.add(key)
            return
        }
        guard live.upsert(object) else { return }
        quarantine.noteChange(of: key, from: standing)
        noteChange(of: key)
    }

    private func noteChange(of object: ObjectKey) {
        isStale = true
        recent.note(object)
    }

    private func synchronize() async {
        let start = ContinuousClock.now
        isStale = false
        for entry in takenAddresses.takeFree(now: start) { live.lift(entry.object, key: entry.key, value: entry.value) }
        var ownership: [ObjectKey: Bool] = [:]
        while true {
            // What is being loaded keeps no other change waiting: HAProxy gets the others at run time meanwhile.
            if loading != nil, await applier.isRunning { quarantine.holdCandidate(in: live) }
            let update = live.update(now: Int(Date().timeIntervalSince1970))
            changes.append(update.state)
            reports.take(new: update.newFindings, gone: update.goneFindings)
            ownership.merge(update.ownership) { $1 }
            if await fetchSecrets() { continue }
            await report()
            if !ownership.isEmpty { await observer?.serves(ownership) }
            let outcome = await applier.apply(changes)
            changes = []
            if outcome.isInForce { quarantine.settle(in: live) }
            if case .needsLoad = outcome { await startLoading() } else { finish(outcome, took: ContinuousClock.now - start) }
            return
        }
    }

    /// Whether an object is kept: of Secrets only those that something names.
    private func isNeeded(_ object: KubernetesObject, _ update: SourceUpdate) -> Bool {
        guard secrets != nil, !update.isInitial, case .secret = object else { return true }
        return live.names(object.key)
    }

    /// Gets the Secrets that are named now and not there, and lets go of those that nothing names any more.
    ///
    /// - Returns: whether some came.
    private func fetchSecrets() async -> Bool {
        guard let secrets else { return false }
        var missing: Set<ObjectKey> = []
        for key in live.takeSecretChanges() {
            if !live.names(key) {
                live.remove(key)
            } else if live.store.secrets[key] == nil {
                missing.insert(key)
            }
        }
        guard !missing.isEmpty else { return false }
        let found = await secrets(missing)
        for secret in found { live.upsert(.secret(secret)) }
        return !found.isEmpty
    }

    /// - Returns: whether this taught anything, so that another round makes sense.
    func take(_ refused: [Applier.Refusal]) -> Bool {
        let before = live.refusals.count
        for refusal in refused {
            switch refusal {
            case .value(let object, let key, let reason):
                guard let value = value(of: key, on: object) else { continue }
                live.refuse(object, key: key, value: value, reason: reason)
            case .listener(let object, let key, let failures):
                guard let value = value(of: key, on: object) else { continue }
                let reason = failures.map(\.reason).joined(separator: ", ")
                live.refuse(object, key: key, value: value, reason: reason)
                takenAddresses.add(object, key: key, value: value, failures: failures, now: .now)
                watchAddresses()
            }
        }
        return live.refusals.count > before
    }

    func value(of key: String, on object: ObjectKey) -> String? {
        switch object.kind {
        case .ingress: live.store.ingresses[object]?.metadata.annotations[key]
        case .service: live.store.services[object]?.metadata.annotations[key]
        case .configMap: live.store.configMaps[object]?.data[key]
        default: nil
        }
    }

    func finish(_ outcome: Applier.Outcome, took duration: Duration) {
        let milliseconds = "\(duration / .milliseconds(1))".prefix(6)
        switch outcome {
        case .unchanged: break
        case .updated(let count):
            logger.info("updated HAProxy at run time", metadata: ["changes": "\(count)", "ms": "\(milliseconds)"])
        case .reloaded(let reasons):
            let texts = reasons.prefix(3).map { $0.origin == .controller ? $0.description : "\($0.description) (\($0.origin))" }
            let more = reasons.count > 3 ? " and \(reasons.count - 3) more" : ""
            logger.info(
                "loaded a new configuration: \(texts.joined(separator: "; "))\(more)\(recent.words(for: reasons))",
                metadata: ["ms": "\(milliseconds)"])
            Heap.trim()
        case .needsLoad, .deferred: return
        case .rejected(let rejection):
            fail("HAProxy refuses the configuration: \(rejection)")
            return
        case .refused(let refused):
            fail(refused.first?.description ?? "HAProxy refuses the configuration")
            return
        case .failed(let reason):
            fail(reason)
            return
        }
        recent = RecentObjects()
        failures = 0
        lastFailure = nil
        metrics.set(isSyncing: true)
        metrics.observeSync(duration)
        metrics.setReady()
    }

    func fail(_ reason: String) {
        if reason != lastFailure { logger.error("\(reason)") }
        lastFailure = reason
        failures += 1
        metrics.set(isSyncing: false)
        wakeAfter(min(.seconds(60), .milliseconds(500) * (1 << min(failures, 7))))
    }

    private func wakeAfter(_ wait: Duration) {
        Task { [weak self] in
            try? await Task.sleep(for: wait)
            await self?.differs()
        }
    }

    /// Looks now and then whether an address has become free.
    private func watchAddresses() {
        guard watch == nil else { return }
        watch = Task { [weak self] in
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(5))
                guard let self else { return }
                await self.lookForFreeAddresses()
            }
        }
    }

    private func lookForFreeAddresses() {
        guard takenAddresses.hasFree(now: .now) else { return }
        isStale = true
        waker.yield()
    }

    /// Logs findings once, and when they are gone.
    private func report() async {
        let changes = reports.takeChanges(now: .now)
        for finding in changes.new { logger.log(level: finding.severity == .error ? .error : .warning, "\(finding)") }
        for finding in changes.goneForLog { logger.info("mended: \(finding)") }
        for note in changes.notes { logger.warning("\(note)") }
        metrics.set(objects: live.store.counts, rejected: reports.rejectedObjects)
        if let wait = changes.wait { reportAfter(wait) }
        if !changes.new.isEmpty || !changes.gone.isEmpty { await observer?.finds(changes.new, gone: changes.gone) }
    }

    /// Messages that find no room now are looked at again.
    private func reportAfter(_ wait: Duration) {
        guard reportWait == nil else { return }
        reportWait = Task { [weak self] in
            try? await Task.sleep(for: wait)
            await self?.reportAgain()
        }
    }

    private func reportAgain() {
        reportWait = nil
        waker.yield()
    }

    /// All that is wrong with objects now.
    var findings: Set<Finding> { reports.all }
}

/// Who wants to know what the loop finds out.
protocol ControlLoopObserver: Sendable {
    /// Ingresses that are ours from now on, and those that are ours no more.
    func serves(_ ownership: [ObjectKey: Bool]) async
    /// What is wrong with objects and was not so far, and what is wrong no more.
    func finds(_ new: [Finding], gone: [Finding]) async
}
