import Core
import Foundation

/// HAProxy loads configurations beside the loop, and is asked beside it about objects that keep it from loading one.
extension ControlLoop {
    /// Work beside the loop has ended.
    enum Ending {
        case load(Applier.Outcome, took: Duration)
        /// HAProxy was asked about objects.
        case proof(Trial, ConfigurationProver.Verdict)
        /// HAProxy may be asked about other objects of the same namespaces.
        case rest(Set<ObjectKey>)
        case search(Trial, ConfigurationProver.Verdict)
        /// --sync-period allows a reload.
        case wait
    }

    func note(_ ending: Ending) {
        endings.append(ending)
        waker.yield()
    }

    func takeEndings() async {
        let ended = endings
        endings = []
        for ending in ended {
            switch ending {
            case .load(let outcome, let duration): await loadEnded(outcome, took: duration)
            case .proof(let trial, let verdict): proofEnded(trial, verdict)
            case .rest(let suspects): proofs.end(suspects)
            case .search(let trial, let verdict): searchEnded(trial, verdict)
            case .wait: reloadMayHappen()
            }
        }
    }

    // MARK: - Loads

    /// Has HAProxy load what is wanted, beside the work of this loop. What takes a load while HAProxy is busy with another one is looked at
    /// when that has ended.
    func startLoading() async {
        guard loading == nil, !searchesEverything else {
            if await applier.isRunning { isStale = await holdCauses(for: .load) }
            return
        }
        await applier.prepareLoad()
        quarantine.beginLoading(live)
        let start = ContinuousClock.now
        loading = Task { [weak self, applier] in
            let outcome = await applier.load()
            await self?.note(.load(outcome, took: ContinuousClock.now - start))
        }
    }

    private func loadEnded(_ outcome: Applier.Outcome, took duration: Duration) async {
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

    /// Holds back what takes the reload that has to wait, so that it keeps no other change waiting.
    private func deferLoad(_ wait: Duration) async {
        if reloadWait == nil {
            logger.info("a reload waits for --sync-period", metadata: ["ms": "\(Int(wait / .milliseconds(1)))"])
        }
        isStale = await holdCauses(for: .reload)
        reload(after: wait)
    }

    /// Holds back what takes a load. Where nobody is named, those wait first that HAProxy refused something of lately; then all, and those
    /// of each namespace are tried by themselves.
    ///
    /// - Returns: whether there is something else now for HAProxy.
    private func holdCauses(for reason: Quarantine.Reason) async -> Bool {
        let reasons = await applier.causes()
        logger.debug(
            "HAProxy has to load a configuration, later",
            metadata: ["reasons": "\(reasons.map { "\($0) (\($0.origin))" })"])
        let causes = Set(reasons.compactMap(\.origin.object).filter { $0.kind == .ingress || $0.kind == .service })
        guard quarantine.hold(causes, for: reason, in: live).isEmpty,
            quarantine.hold(quarantine.changed(in: probation.namespaces(now: .now)), for: reason, in: live).isEmpty
        else { return true }
        let held = quarantine.hold(for: reason, in: live)
        let namespaces = Dictionary(grouping: held.keys, by: \.namespace)
        if namespaces.count > 1 { retries += namespaces.values }
        return !held.isEmpty
    }

    private func reload(after wait: Duration) {
        guard reloadWait == nil else { return }
        reloadWait = Task { [weak self] in
            try? await Task.sleep(for: wait)
            await self?.note(.wait)
        }
    }

    /// Tries objects of one namespace again, once HAProxy has everything else.
    func retry() {
        guard canRetry else { return }
        for key in retries.removeFirst() where quarantine.waitsForLoad(key) { quarantine.release(key, in: live) }
        isStale = true
    }

    var canRetry: Bool { !isStale && !retries.isEmpty }

    private func reloadMayHappen() {
        reloadWait = nil
        retries = []
        quarantine.release(waitingFor: .reload, in: live)
        isStale = true
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
            refuse(.value(object, key: key, value: value), version: nil, reason: line.reason)
        }
        return live.refusals.count > before
    }

    /// Asks once more about objects that HAProxy refused, where one that they name has changed. They stay out meanwhile.
    func giveSecondChances() {
        for object in live.takeSecondChances() where quarantine.giveSecondChance(object) { proofs.add(object.key) }
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
                let start = ContinuousClock.now
                await self?.note(.proof(trial, await prover.verdict(trial, kind)))
                // However much a namespace brings, HAProxy is asked about it half of the time at the most.
                try? await Task.sleep(for: ContinuousClock.now - start)
                await self?.note(.rest(Set(suspects.keys)))
            }
        }
    }

    /// - Parameter version: the version of the element's object that HAProxy was asked about.
    private func refuse(_ element: Trial.Element, version: KubernetesObject?, reason: String) {
        // It may be gone since HAProxy was asked.
        if let object = element.object, live.store.object(object) == nil, quarantine.version(of: object) == nil { return }
        live.refuse(element, version: version, reason: reason)
        if let namespace = element.object?.namespace { probation.note(namespace, now: .now) }
    }

    private func take(_ refused: [Trial.Element: String], of trial: Trial) {
        for (element, reason) in refused { refuse(element, version: element.object.flatMap(trial.version), reason: reason) }
    }

    private func proofEnded(_ trial: Trial, _ verdict: ConfigurationProver.Verdict) {
        let suspects = trial.suspects
        logger.debug(
            "HAProxy was asked about objects", metadata: ["objects": "\(suspects.keys.sorted())", "verdict": "\(verdict)"])
        let proven = suspects.filter { quarantine.version(of: $0.key) == $0.value }.keys
        for key in proven { quarantine.release(key, in: live) }
        isStale = true
        switch verdict {
        case .success(let refused):
            for key in proven { live.lift(key) }
            take(refused, of: trial)
        // What stands beside them is to blame, so that it has to be looked for among everything.
        case .failure(let error as ProofSearch.Unprovable): searchEverything(because: error.reason)
        case .failure(let error): fail("HAProxy cannot be asked about objects: \(error)")
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
            await self?.note(.search(trial, await prover.verdict(trial, .everything)))
        }
    }

    private func searchEnded(_ trial: Trial, _ verdict: ConfigurationProver.Verdict) {
        searchesEverything = false
        quarantine.release(waitingFor: .load, in: live)
        switch verdict {
        case .success(let refused) where !refused.isEmpty:
            take(refused, of: trial)
            isStale = true
        case .success: fail("HAProxy refuses the configuration, and takes each part of it by itself")
        case .failure(let error):
            fail("HAProxy refuses the configuration: \((error as? ProofSearch.Unprovable)?.reason ?? "\(error)")")
        }
    }
}
