import Core
import Foundation
import Logging

/// The controller's life: objects come in, the engine makes the desired state of them, the applier brings HAProxy there.
///
/// One task works at a time; what arrives meanwhile is taken together afterwards.
actor ControlLoop {
    private let live: LiveAssembly
    private let applier: Applier
    private let metrics: Metrics
    private let logger: Logger
    private let secrets: (@Sendable (Set<ObjectKey>) async -> [Secret])?
    private let observer: (any ControlLoopObserver)?
    /// What HAProxy has not been given yet.
    private var changes: [StateChange] = []
    private var reports = FindingLog()
    private var takenAddresses = TakenAddresses()
    private var watch: Task<Void, Never>?
    private var skipped: Set<String> = []
    private var pending: [SourceUpdate] = []
    private var quarantine = Quarantine()
    private var proofs = ProofQueue()
    private var loading: Task<Void, Never>?
    private var endedLoads: [(Applier.Outcome, took: Duration)] = []
    private var endedProofs: [([ObjectKey: KubernetesObject], Result<[Trial.Element: String], any Error>)] = []
    private var searchesEverything = false
    private var reloadWait: Task<Void, Never>?
    /// Objects that wait for a reload which they may not need, those of each namespace by themselves.
    private var retries: [[ObjectKey]] = []
    private var recent = RecentObjects()
    private var hasObjects = false
    /// Whether HAProxy may not be what the objects ask for.
    private var isStale = false
    private var lastFailure: String?
    private var failures = 0
    private let wake: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - secrets: gets Secrets that the source has, where they are not kept in memory before something names them.
    ///   - observer: is told what the loop finds out.
    init(
        engine: Engine, applier: Applier, metrics: Metrics, logger: Logger,
        secrets: (@Sendable (Set<ObjectKey>) async -> [Secret])? = nil, observer: (any ControlLoopObserver)? = nil
    ) {
        self.observer = observer
        self.secrets = secrets
        live = LiveAssembly(engine)
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
            await takeEndedLoads()
            takeEndedProofs()
            takePending()
            await startProofs()
            retry()
            if isStale, hasObjects { await synchronize() } else { await report() }
            if canRetry { waker.yield() }
        }
    }

    private func takePending() {
        for update in pending {
            for object in update.changed where isNeeded(object, update) { take(object) }
            for key in update.deleted {
                quarantine.forget(key)
                let version = live.store.object(key)
                guard live.remove(key) else { continue }
                quarantine.noteChange(of: key, from: version)
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

    private func take(_ object: KubernetesObject) {
        let key = object.key
        if let reason = quarantine.replace(object) {
            if reason == .proof { proofs.replace(key) }
            return
        }
        let version = live.store.object(key)
        guard live.upsert(object) else { return }
        quarantine.noteChange(of: key, from: version)
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
            let update = live.update(now: Int(Date().timeIntervalSince1970))
            changes.append(update.state)
            reports.take(new: update.newFindings, gone: update.goneFindings)
            ownership.merge(update.ownership) { $1 }
            if await fetchSecrets() { continue }
            await report()
            if !ownership.isEmpty { await observer?.serves(ownership) }
            let outcome = await applier.apply(changes)
            changes = []
            if case .needsLoad = outcome { startLoading() } else { finish(outcome, took: ContinuousClock.now - start) }
            return
        }
    }

    // MARK: - Loading

    /// Has HAProxy load what is wanted, beside the work of this loop: pods come and go meanwhile.
    private func startLoading() {
        // What is wanted now is looked at when the load that is under way has ended.
        guard loading == nil, !searchesEverything else { return }
        quarantine.beginLoading()
        let start = ContinuousClock.now
        loading = Task { [weak self, applier] in
            let outcome = await applier.load()
            await self?.loadEnded(outcome, took: ContinuousClock.now - start)
        }
    }

    private func loadEnded(_ outcome: Applier.Outcome, took duration: Duration) {
        endedLoads.append((outcome, duration))
        waker.yield()
    }

    private func takeEndedLoads() async {
        for (outcome, duration) in endedLoads {
            loading = nil
            isStale = true
            if case .reloaded = outcome { quarantine.endLoading(isLoaded: true) } else { quarantine.endLoading(isLoaded: false) }
            switch outcome {
            case .rejected(let rejection): await take(rejection)
            case .refused(let refused):
                if !take(refused) { finish(outcome, took: duration) }
            case .deferred(let wait): await deferLoad(wait)
            default: finish(outcome, took: duration)
            }
        }
        endedLoads = []
    }

    /// Holds back what takes the reload that has to wait, so that it keeps no other change waiting.
    private func deferLoad(_ wait: Duration) async {
        logger.info("a reload waits for --sync-period", metadata: ["ms": "\(wait / .milliseconds(1))"])
        let causes = Set(await applier.reloadCauses().filter { $0.kind == .ingress || $0.kind == .service })
        var held = quarantine.hold(causes, for: .reload, in: live)
        // Nobody is named.
        if held.isEmpty { held = sift() }
        isStale = !held.isEmpty
        reload(after: wait)
    }

    /// Holds all changes back and tries those of each namespace by themselves: only those that take the reload wait for it.
    private func sift() -> [ObjectKey: KubernetesObject] {
        let held = quarantine.hold(for: .reload, in: live)
        let namespaces = Dictionary(grouping: held.keys, by: \.namespace)
        if namespaces.count > 1 { retries += namespaces.values }
        return held
    }

    private func reload(after wait: Duration) {
        guard reloadWait == nil else { return }
        reloadWait = Task { [weak self] in
            try? await Task.sleep(for: wait)
            await self?.reloadMayHappen()
        }
    }

    /// Tries objects of one namespace again, once HAProxy has everything else.
    private func retry() {
        guard canRetry else { return }
        for key in retries.removeFirst() where quarantine.isWaiting(key) { quarantine.release(key, in: live) }
        isStale = true
    }

    private var canRetry: Bool { !isStale && loading == nil && !searchesEverything && !retries.isEmpty }

    private func reloadMayHappen() {
        reloadWait = nil
        retries = []
        quarantine.releaseWaiting(in: live)
        differs()
    }

    // MARK: - Proofs

    /// HAProxy does not take the files: what changed is held back and asked about apart, and the rest goes on.
    private func take(_ rejection: Rejection) async {
        logger.debug("HAProxy's check does not pass", metadata: ["answer": "\(rejection)"])
        var suspects: [ObjectKey: KubernetesObject] = [:]
        if await applier.isRunning {
            // HAProxy's words name lines: nobody else's change waits for a proof.
            let blamed = Set(rejection.blamed.compactMap(\.origin.object))
            if rejection.isPlaced { suspects = quarantine.hold(blamed, for: .proof, in: live) }
            // A value may be older than the Service that brings it to HAProxy: nothing that changed is to blame for it.
            if rejection.isPlaced, suspects.isEmpty, refuseBlamed(rejection) { return }
            if suspects.isEmpty { suspects = quarantine.hold(for: .proof, in: live) }
        }
        guard !suspects.isEmpty else { return searchEverything(rejection) }
        for key in suspects.keys where quarantine.rejections(of: key) > 2 {
            // It passes by itself and beside all others, and yet it does not.
            quarantine.release(key, in: live)
            live.refuse(key, reason: rejection.description)
        }
        for key in suspects.keys where quarantine.version(of: key) != nil { proofs.add(key) }
    }

    /// Refuses the values behind the lines that HAProxy names.
    ///
    /// - Returns: whether there are any that were not refused.
    private func refuseBlamed(_ rejection: Rejection) -> Bool {
        let before = live.refusals.count
        for line in rejection.blamed {
            guard let object = line.origin.object, let key = line.origin.key, let value = value(of: key, on: object) else { continue }
            live.refuse(object, key: key, value: value, reason: line.reason)
        }
        return live.refusals.count > before
    }

    /// Asks about objects that are held back, those of each namespace by themselves.
    private func startProofs() async {
        for keys in proofs.takeDue() {
            let suspects = keys.reduce(into: [:]) { $0[$1] = quarantine.version(of: $1) }
            let kind: ConfigurationProver.Kind = keys.contains { quarantine.rejections(of: $0) > 1 } ? .besideOthers : .changes
            var trial = Trial(live, suspects: suspects, now: Int(Date().timeIntervalSince1970))
            if let secrets {
                let missing = trial.missingSecrets
                if !missing.isEmpty { trial.add(await secrets(missing)) }
            }
            let (prover, trial_) = (applier.prover, trial)
            Task { [weak self] in
                let verdict: Result<[Trial.Element: String], any Error>
                do { verdict = .success(try await prover.search(trial_, kind)) } catch { verdict = .failure(error) }
                await self?.proofEnded(suspects, verdict)
            }
        }
    }

    private func proofEnded(_ suspects: [ObjectKey: KubernetesObject], _ verdict: Result<[Trial.Element: String], any Error>) {
        endedProofs.append((suspects, verdict))
        waker.yield()
    }

    private func takeEndedProofs() {
        for (suspects, verdict) in endedProofs {
            proofs.end(Set(suspects.keys))
            for (key, object) in suspects where quarantine.version(of: key) == object { quarantine.release(key, in: live) }
            isStale = true
            switch verdict {
            case .success(let refused): for (element, reason) in refused { live.refuse(element, reason: reason) }
            case .failure(let error):
                for key in suspects.keys where live.store.object(key) == suspects[key] {
                    live.refuse(key, reason: (error as? ProofSearch.Unprovable)?.reason ?? "\(error)")
                }
            }
        }
        endedProofs = []
    }

    /// Nothing that changed is to blame, or everything is new.
    private func searchEverything(_ rejection: Rejection) {
        guard !searchesEverything else { return }
        searchesEverything = true
        logger.warning("HAProxy refuses the configuration; looking for the objects that it refuses", metadata: ["answer": "\(rejection)"])
        let trial = Trial(ofEverythingIn: live, now: Int(Date().timeIntervalSince1970))
        let prover = applier.prover
        Task { [weak self] in
            let verdict: Result<[Trial.Element: String], any Error>
            do { verdict = .success(try await prover.search(trial, .everything)) } catch { verdict = .failure(error) }
            await self?.searchEnded(verdict)
        }
    }

    private func searchEnded(_ verdict: Result<[Trial.Element: String], any Error>) {
        searchesEverything = false
        switch verdict {
        case .success(let refused) where !refused.isEmpty:
            for (element, reason) in refused { live.refuse(element, reason: reason) }
            isStale = true
            waker.yield()
        case .success: fail("HAProxy refuses the configuration, and takes each part of it by itself")
        case .failure(let error):
            fail("HAProxy refuses the configuration: \((error as? ProofSearch.Unprovable)?.reason ?? "\(error)")")
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
    private func take(_ refused: [Applier.Refusal]) -> Bool {
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

    private func value(of key: String, on object: ObjectKey) -> String? {
        switch object.kind {
        case .ingress: live.store.ingresses[object]?.metadata.annotations[key]
        case .service: live.store.services[object]?.metadata.annotations[key]
        case .configMap: live.store.configMaps[object]?.data[key]
        default: nil
        }
    }

    private func finish(_ outcome: Applier.Outcome, took duration: Duration) {
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
        if loading == nil { quarantine.settle() }
        recent = RecentObjects()
        failures = 0
        lastFailure = nil
        metrics.observeSync(duration)
        metrics.setReady()
    }

    private func fail(_ reason: String) {
        if reason != lastFailure { logger.error("\(reason)") }
        lastFailure = reason
        failures += 1
        wakeAfter(min(.seconds(60), .milliseconds(500) * (1 << min(failures, 7))))
    }

    private func wakeAfter(_ wait: Duration) {
        isStale = true
        let waker = waker
        Task {
            try? await Task.sleep(for: wait)
            waker.yield()
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
        let (new, gone) = reports.takeChanges()
        for finding in new { logger.log(level: finding.severity == .error ? .error : .warning, "\(finding)") }
        for finding in gone { logger.info("mended: \(finding)") }
        metrics.set(objects: live.store.counts, rejected: reports.rejectedObjects)
        if !new.isEmpty || !gone.isEmpty { await observer?.finds(new, gone: gone) }
    }
}

/// Who wants to know what the loop finds out.
protocol ControlLoopObserver: Sendable {
    /// Ingresses that are ours from now on, and those that are ours no more.
    func serves(_ ownership: [ObjectKey: Bool]) async
    /// What is wrong with objects and was not so far, and what is wrong no more.
    func finds(_ new: [Finding], gone: [Finding]) async
}
