import Core

/// Changed objects that HAProxy has not taken yet: which of them a check that fails may be about, and those that are held back
/// meanwhile, so that they keep nobody else's change waiting.
///
/// While an object is held back, its last version that HAProxy took stays in force.
struct Quarantine {
    /// Why an object is held back.
    enum Reason: Equatable {
        /// HAProxy is asked about it.
        case proof
        /// It takes a reload, which has to wait.
        case reload
        /// It is in the files that HAProxy looks at, or takes a load while HAProxy is busy with another one.
        case load
    }

    private struct Held {
        /// The new version; nil for an object that is gone.
        var object: KubernetesObject?
        var reason: Reason
    }

    private typealias Standing = Assembler.Standing

    /// How objects stood before the changes that HAProxy has not been given.
    private var before: [ObjectKey: Standing] = [:]
    /// The changes that are in the files that HAProxy looks at.
    private var inCandidate: [ObjectKey: (before: Standing, after: Standing)]?
    /// How objects stood before changes that HAProxy got at run time since then: the process that it starts may need another load for
    /// them.
    private var sinceCandidate: [ObjectKey: Standing] = [:]
    private var held: [ObjectKey: Held] = [:]
    /// How often HAProxy refused a configuration that an object was new in.
    private var rejections: [ObjectKey: Int] = [:]

    // MARK: - Changes

    /// An object has changed, or is about to.
    ///
    /// - Parameter standing: how it stood.
    mutating func noteChange(of key: ObjectKey, from standing: Assembler.Standing) {
        if before[key] == nil { before[key] = standing }
    }

    /// HAProxy has all changes, those in the files that it looks at apart.
    mutating func settle(in live: Assembler) {
        for key in before.keys { noteAcceptance(of: key, in: live) }
        if inCandidate != nil { sinceCandidate.merge(before) { first, _ in first } }
        before = [:]
    }

    /// HAProxy looks at files that have all changes.
    mutating func beginLoading(_ live: Assembler) {
        var changes: [ObjectKey: (before: Standing, after: Standing)] = [:]
        for (key, standing) in before { changes[key] = (standing, live.standing(of: key)) }
        (inCandidate, before) = (changes, [:])
    }

    /// How many objects are held back during a load; with more of them others wait rather.
    private static let mostHeldForLoad = 500

    /// Puts the versions that HAProxy runs in the place of those in the files that it looks at. The operator's objects concern everybody
    /// and stay.
    mutating func holdCandidate(in live: Assembler) {
        guard let candidate = inCandidate, candidate.count <= Self.mostHeldForLoad,
            candidate.keys.allSatisfy({ ![.configMap, .ingressClass, .namespace].contains($0.kind) })
        else { return }
        for (key, change) in candidate where !key.kind.tellsPods && held[key] == nil {
            // One that has changed once more since is held with that version.
            guard live.standing(of: key) != change.before else { continue }
            let newest = live.store.object(key)
            before[key] = nil
            live.takeBack(key, to: change.before)
            held[key] = Held(object: newest, reason: .load)
        }
    }

    /// HAProxy has taken the files, or not.
    mutating func endLoading(isLoaded: Bool, in live: Assembler) {
        release(waitingFor: .load, in: live)
        guard let candidate = inCandidate else { return }
        inCandidate = nil
        if isLoaded { before.merge(sinceCandidate) { $1 } }
        sinceCandidate = [:]
        for (key, change) in candidate {
            guard isLoaded else {
                before[key] = change.before
                continue
            }
            noteAcceptance(of: key, in: live)
            // What HAProxy has loaded is no suspect; what came later is one.
            before[key] = nil
            if live.standing(of: key) != change.after { before[key] = change.after }
        }
    }

    private mutating func noteAcceptance(of key: ObjectKey, in live: Assembler) {
        rejections[key] = nil
        live.forgetRefusals(of: key, waiting: version(of: key))
    }

    // MARK: - Holding back

    /// Puts the versions that HAProxy took in the place of changed ones. Pods go last, and never wait for a load.
    ///
    /// - Parameters:
    ///   - wanted: which objects, among those that changed; nil for all.
    ///   - reason: why they are held back; pods are only for a proof.
    /// - Returns: the objects that are held back now, in their new versions.
    mutating func hold(
        _ wanted: Set<ObjectKey>? = nil, for reason: Reason, in live: Assembler
    ) -> [ObjectKey: KubernetesObject] {
        var candidates = before.filter { wanted?.contains($0.key) ?? true }
        let others = candidates.filter { !$0.key.kind.tellsPods }
        if !others.isEmpty || reason != .proof { candidates = others }
        var new: [ObjectKey: KubernetesObject] = [:]
        for (key, standing) in candidates {
            let object = live.store.object(key)
            // An object that is gone cannot be asked about.
            guard object != nil || reason != .proof && standing.version != nil else { continue }
            before[key] = nil
            live.takeBack(key, to: standing)
            held[key] = Held(object: object, reason: reason)
            if let object { new[key] = object }
            if reason == .proof { rejections[key, default: 0] += 1 }
        }
        return new
    }

    /// Holds back a new version before it is in force.
    mutating func holdForProof(_ object: KubernetesObject) { held[object.key] = Held(object: object, reason: .proof) }

    /// The objects of some namespaces that changed.
    func changed(in namespaces: Set<String>) -> Set<ObjectKey> { Set(before.keys.filter { namespaces.contains($0.namespace) }) }

    /// How often HAProxy refused configurations that the object was new in since it took one.
    func rejections(of key: ObjectKey) -> Int { rejections[key] ?? 0 }

    /// Puts objects on trial that HAProxy refused, and that are not waiting for anything.
    ///
    /// - Returns: whether the object waits for a proof from now on.
    mutating func giveSecondChance(_ object: KubernetesObject) -> Bool {
        guard held[object.key] == nil else { return false }
        holdForProof(object)
        return true
    }

    /// Takes a newer version of an object that is held back.
    ///
    /// - Returns: why it is held back; nil when it is not.
    mutating func replace(_ object: KubernetesObject) -> Reason? {
        guard held[object.key] != nil else { return nil }
        held[object.key]?.object = object
        rejections[object.key] = nil
        return held[object.key]?.reason
    }

    /// The object is gone.
    mutating func forget(_ key: ObjectKey) {
        held[key] = nil
        rejections[key] = nil
    }

    /// The newest version of an object that is held back.
    func version(of key: ObjectKey) -> KubernetesObject? { held[key]?.object }

    /// Puts a new version in force.
    mutating func release(_ key: ObjectKey, in live: Assembler) {
        guard let held = held.removeValue(forKey: key) else { return }
        noteChange(of: key, from: live.standing(of: key))
        live.giveBack(key, held.object)
    }

    /// Puts those in force that wait for a reason.
    mutating func release(waitingFor reason: Reason, in live: Assembler) {
        for (key, held) in held where held.reason == reason { release(key, in: live) }
    }

    /// Whether an object waits for a load.
    func waitsForLoad(_ key: ObjectKey) -> Bool { held[key].map { $0.reason != .proof } ?? false }
}

extension ObjectKind {
    /// Whether objects of the kind tell the pods of Services.
    var tellsPods: Bool { self == .endpointSlice || self == .endpoints }
}
