import Core
import Foundation
import Logging

/// The controller's life: objects come in, the engine makes the desired state of them, the applier brings HAProxy there.
///
/// One task works at a time; what arrives meanwhile is taken together afterwards.
actor ControlLoop {
    private let engine: Engine
    private let applier: Applier
    private let metrics: Metrics
    private let logger: Logger
    private let secrets: (@Sendable (Set<ObjectKey>) async -> [Secret])?
    private let observer: (any ControlLoopObserver)?
    /// Whether the observer has to be told which Ingresses are ours.
    private var mayOwnOthers = true
    private var neededSecrets: Set<ObjectKey> = []
    private var store = ObjectStore()
    private var refusals = Refusals()
    private var takenAddresses = TakenAddresses()
    private var watch: Task<Void, Never>?
    private var sourceFindings: [Finding] = []
    private var reported: Set<Finding> = []
    private var skipped: Set<String> = []
    private var pending: [SourceUpdate] = []
    private var hasObjects = false
    /// Whether HAProxy may not be what the objects ask for.
    private var isStale = false
    private var assemblyFindings: [Finding] = []
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
        self.engine = engine
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
        isStale = true
        waker.yield()
    }

    /// Works until the task is cancelled.
    func run() async {
        for await _ in wake {
            if Task.isCancelled { return }
            takePending()
            guard hasObjects else { continue }
            if isStale { await synchronize() } else { await report(sourceFindings + assemblyFindings) }
        }
    }

    private func takePending() {
        for update in pending {
            for object in update.changed where isNeeded(object, update) && store.upsert(object) { noteChange(of: object.kind) }
            for key in update.deleted where store.remove(key) { noteChange(of: key.kind) }
            sourceFindings = update.findings
            for kind in Set(update.skipped).subtracting(skipped).sorted() { logger.debug("not read: \(kind)") }
            skipped = Set(update.skipped)
            if update.isInitial {
                hasObjects = true
                isStale = true
            }
        }
        pending = []
    }

    private func noteChange(of kind: ObjectKind) {
        isStale = true
        if kind == .ingress || kind == .ingressClass { mayOwnOthers = true }
    }

    private func synchronize() async {
        let start = ContinuousClock.now
        isStale = false
        takenAddresses.lift(from: &refusals, now: start)
        // Each round takes out what HAProxy refused in the one before; the number of rounds is bounded by the number of values.
        while true {
            let assembly = engine.assemble(store, refusals: refusals, now: Int(Date().timeIntervalSince1970))
            if await fetchSecrets(assembly.secrets) { continue }
            assemblyFindings = assembly.findings
            await report(sourceFindings + assemblyFindings)
            if mayOwnOthers {
                mayOwnOthers = false
                await observer?.serves(assembly.ingresses)
            }
            let outcome = await applier.apply(assembly.state)
            if case .refused(let refused) = outcome, take(refused) { continue }
            finish(outcome, took: ContinuousClock.now - start)
            return
        }
    }

    /// Whether an object is kept: of Secrets only those that something names.
    private func isNeeded(_ object: KubernetesObject, _ update: SourceUpdate) -> Bool {
        guard secrets != nil, !update.isInitial, case .secret = object else { return true }
        return neededSecrets.contains(object.key)
    }

    /// Gets the Secrets that the assembly asked for and did not find, and lets go of those that nothing names any more.
    ///
    /// - Returns: whether some came.
    private func fetchSecrets(_ named: Set<ObjectKey>) async -> Bool {
        guard let secrets else { return false }
        let new = named.subtracting(neededSecrets).filter { store.secrets[$0] == nil }
        neededSecrets = named
        for key in store.secrets.keys where !named.contains(key) { store.remove(key) }
        guard !new.isEmpty else { return false }
        let found = await secrets(new)
        for secret in found { store.upsert(.secret(secret)) }
        return !found.isEmpty
    }

    /// - Returns: whether this taught anything, so that another round makes sense.
    private func take(_ refused: [Applier.Refusal]) -> Bool {
        let before = refusals.count
        for refusal in refused {
            switch refusal {
            case .value(let object, let key, let reason):
                guard let value = value(of: key, on: object) else { continue }
                refusals.refuse(object, key: key, value: value, reason: reason)
            case .file(let file, let reason): refusals.refuse(file, reason: reason)
            case .listener(let object, let key, let failures):
                guard let value = value(of: key, on: object) else { continue }
                let reason = failures.map(\.reason).joined(separator: ", ")
                refusals.refuse(object, key: key, value: value, reason: reason)
                takenAddresses.add(object, key: key, value: value, failures: failures, now: .now)
                watchAddresses()
            }
        }
        return refusals.count > before
    }

    private func value(of key: String, on object: ObjectKey) -> String? {
        switch object.kind {
        case .ingress: store.ingresses[object]?.metadata.annotations[key]
        case .service: store.services[object]?.metadata.annotations[key]
        case .configMap: store.configMaps[object]?.data[key]
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
                "loaded a new configuration: \(texts.joined(separator: "; "))\(more)", metadata: ["ms": "\(milliseconds)"])
        case .deferred(let wait):
            logger.info("a reload waits for --sync-period", metadata: ["ms": "\(wait / .milliseconds(1))"])
            wakeAfter(wait)
            return
        case .refused(let refused):
            fail(refused.first?.description ?? "HAProxy refuses the configuration")
            return
        case .failed(let reason):
            fail(reason)
            return
        }
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
        watch = Task { [weak self, waker] in
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(5))
                guard let self else { return }
                if await self.takenAddresses.hasFree(now: .now) { waker.yield() }
            }
        }
    }

    /// Logs findings once, and when they are gone.
    private func report(_ findings: [Finding]) async {
        let current = Set(findings)
        let new = current.subtracting(reported).sorted { $0.description < $1.description }
        let gone = reported.subtracting(current).sorted { $0.description < $1.description }
        for finding in new { logger.log(level: finding.severity == .error ? .error : .warning, "\(finding)") }
        for finding in gone { logger.info("mended: \(finding)") }
        reported = current
        let rejected = Set(current.filter { $0.severity == .error }.compactMap { $0.object?.description ?? $0.location?.file })
        metrics.set(objects: store.counts, rejected: rejected.count)
        if !new.isEmpty || !gone.isEmpty { await observer?.finds(new, gone: gone) }
    }
}

/// Who wants to know what the loop finds out.
protocol ControlLoopObserver: Sendable {
    /// The Ingresses that are ours, each time that they may be others than before.
    func serves(_ ingresses: [ObjectKey]) async
    /// What is wrong with objects and was not so far, and what is wrong no more.
    func finds(_ new: [Finding], gone: [Finding]) async
}
