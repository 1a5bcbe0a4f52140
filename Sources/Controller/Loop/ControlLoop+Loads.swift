import Core
import Foundation

/// HAProxy loads configurations beside the loop, and is asked beside it about objects that keep it from loading one.
extension ControlLoop {
    // MARK: - Loads

    /// Has HAProxy load what is wanted, beside the work of this loop.
    func startLoading() async {
        // What is wanted now is looked at when the load that is under way has ended.
        guard loading == nil, !searchesEverything else { return }
        await applier.prepareLoad()
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

    func takeEndedLoads() async {
        let ended = endedLoads
        endedLoads = []
        for (outcome, duration) in ended {
            loading = nil
            quarantine.endLoading(isLoaded: outcome.isInForce, in: live)
            if outcome.isInForce { rejections = 0 }
            switch outcome {
            case .rejected(let rejection):
                isStale = true
                await take(rejection)
            case .refused(let refused):
                if take(refused) { isStale = true } else { finish(outcome, took: duration) }
            case .deferred(let wait): await deferLoad(wait)
            default:
                // A load that failed is tried again after a while, or when something else changes.
                isStale = isStale || outcome.isInForce
                finish(outcome, took: duration)
            }
        }
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
    func retry() {
        guard canRetry else { return }
        for key in retries.removeFirst() where quarantine.isWaiting(key) { quarantine.release(key, in: live) }
        isStale = true
    }

    var canRetry: Bool { !isStale && loading == nil && !searchesEverything && !retries.isEmpty }

    private func reloadMayHappen() {
        reloadWait = nil
        retries = []
        quarantine.releaseWaiting(in: live)
        differs()
    }

    // MARK: - Proofs

    /// HAProxy does not take the files: what changed is held back and asked about apart, and the rest goes on. Where HAProxy's words
    /// begin with lines, those are the changes of the namespaces which wrote them; after some of these all changes.
    private func take(_ rejection: Rejection) async {
        logger.debug("HAProxy's check does not pass", metadata: ["answer": "\(rejection)"])
        rejections += 1
        var suspects: [ObjectKey: KubernetesObject] = [:]
        if await applier.isRunning {
            let blamed = Set(rejection.blamed.compactMap(\.origin.object))
            if rejection.isPlaced, rejections <= 3 {
                suspects = quarantine.hold(quarantine.changed(in: Set(blamed.map(\.namespace))), for: .proof, in: live)
            }
            // A value may be older than the Service that brings it to HAProxy.
            if rejection.isPlaced, blamed.isDisjoint(with: suspects.keys),
                refuseBlamed(rejection, namespaces: Set(suspects.keys.map(\.namespace)))
            {
                for key in suspects.keys { quarantine.release(key, in: live) }
                return
            }
            if suspects.isEmpty { suspects = quarantine.hold(for: .proof, in: live) }
        }
        guard !suspects.isEmpty else { return searchEverything(because: rejection.description) }
        // They pass by themselves and beside all others, and yet not now.
        if suspects.keys.contains(where: { quarantine.rejections(of: $0) > 2 }) {
            for key in suspects.keys { quarantine.release(key, in: live) }
            return searchEverything(because: rejection.description)
        }
        for key in suspects.keys { proofs.add(key) }
    }

    /// Refuses the values behind the lines that HAProxy names, of namespaces that changed something.
    ///
    /// - Returns: whether there are any that were not refused.
    private func refuseBlamed(_ rejection: Rejection, namespaces: Set<String>) -> Bool {
        let before = live.refusals.count
        for line in rejection.blamed {
            guard let object = line.origin.object, let key = line.origin.key, namespaces.contains(object.namespace),
                let value = value(of: key, on: object)
            else { continue }
            live.refuse(object, key: key, value: value, reason: line.reason)
        }
        return live.refusals.count > before
    }

    /// Asks about objects that are held back, those of each namespace by themselves.
    func startProofs() async {
        for keys in proofs.takeDue() {
            let suspects = keys.reduce(into: [:]) { $0[$1] = quarantine.version(of: $1) }
            let kind: ConfigurationProver.Kind = keys.contains { quarantine.rejections(of: $0) > 1 } ? .besideOthers : .changes
            var trial = Trial(live, suspects: suspects, now: Int(Date().timeIntervalSince1970))
            if let secrets {
                let missing = trial.missingSecrets
                if !missing.isEmpty { trial.add(await secrets(missing)) }
            }
            Task { [weak self, prover = applier.prover, trial] in
                await self?.proofEnded(suspects, await prover.verdict(trial, kind))
            }
        }
    }

    private func proofEnded(_ suspects: [ObjectKey: KubernetesObject], _ verdict: ConfigurationProver.Verdict) {
        endedProofs.append((suspects, verdict))
        waker.yield()
    }

    func takeEndedProofs() {
        let ended = endedProofs
        endedProofs = []
        for (suspects, verdict) in ended {
            proofs.end(Set(suspects.keys))
            logger.debug(
                "HAProxy was asked about objects", metadata: ["objects": "\(suspects.keys.sorted())", "verdict": "\(verdict)"])
            for (key, object) in suspects where quarantine.version(of: key) == object { quarantine.release(key, in: live) }
            isStale = true
            switch verdict {
            case .success(let refused): for (element, reason) in refused { live.refuse(element, reason: reason) }
            // What stands beside them is to blame, so that it has to be looked for among everything.
            case .failure(let error as ProofSearch.Unprovable): searchEverything(because: error.reason)
            case .failure(let error): fail("HAProxy cannot be asked about objects: \(error)")
            }
        }
    }

    /// Nothing that changed is to blame, or everything is new.
    private func searchEverything(because reason: String) {
        guard !searchesEverything else { return }
        searchesEverything = true
        logger.warning(
            "HAProxy refuses the configuration; looking for the objects that it refuses", metadata: ["answer": "\(reason)"])
        let trial = Trial(ofEverythingIn: live, now: Int(Date().timeIntervalSince1970))
        Task { [weak self, prover = applier.prover] in
            await self?.searchEnded(await prover.verdict(trial, .everything))
        }
    }

    private func searchEnded(_ verdict: ConfigurationProver.Verdict) {
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
}
