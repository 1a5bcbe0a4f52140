extension Assembler {
    // MARK: - Standings

    /// How an object takes part.
    public struct Standing: Equatable, Sendable {
        /// nil when it is not there.
        public let version: KubernetesObject?
        /// Why it is left out; nil when it is not.
        public let refusal: String?

        public init(_ version: KubernetesObject?, refusal: String? = nil) { (self.version, self.refusal) = (version, refusal) }
    }

    public func standing(of key: ObjectKey) -> Standing { Standing(store.object(key), refusal: refusals.refusal(of: key)) }

    /// Puts an object back where it stood, as if what came later had never come, until it is given back.
    public func takeBack(_ key: ObjectKey, to standing: Standing) {
        if let secret = store.secrets[key] { objects.certificates.unlearn(key, secret) }
        guard let version = standing.version else {
            remove(key)
            return
        }
        upsert(version)
        guard let reason = standing.refusal, refusals.refusal(of: key) == nil else { return }
        refusals.refuse(version, reason: reason, isProvisional: true)
        noteRefusal(ofObject: key)
    }

    /// Puts a version in force that was taken back.
    ///
    /// - Parameter version: nil for an object that is gone.
    public func giveBack(_ key: ObjectKey, _ version: KubernetesObject?) {
        if let version { upsert(version) } else { remove(key) }
        if refusals.endProvisional(key) { noteRefusal(ofObject: key) }
    }

    // MARK: - Refusals

    /// HAProxy refuses what a version of an object leads to.
    public func refuse(_ object: KubernetesObject, reason: String) {
        let isInForce = store.object(object.key) == object
        refusals.refuse(object, reason: reason, isInForce: isInForce)
        noteRefusal(ofObject: object.key)
    }

    /// An object may be tried again.
    public func lift(_ object: ObjectKey) {
        if refusals.lift(object) { noteRefusal(ofObject: object) }
    }

    /// The refused objects that name others which have changed since the last call: HAProxy may take them now.
    public func takeSecondChances() -> [KubernetesObject] {
        defer { secondChances = [] }
        return secondChances.filter { refusals.refusal(of: $0) != nil }.sorted().compactMap(store.object)
    }

    /// Forgets what HAProxy refused of versions of an object that will not come back.
    ///
    /// - Parameter waiting: a version that is not in force yet.
    public func forgetRefusals(of object: ObjectKey, waiting: KubernetesObject?) {
        refusals.forget(object, except: [store.object(object), waiting].compactMap(\.self))
    }

    func noteRefusal(ofObject object: ObjectKey) {
        base.handlers.refusals = refusals
        if let finding = refusedObjects.removeValue(forKey: object) { tables.findings.remove(finding) }
        if let reason = refusals.refusal(of: object) {
            let finding = Finding(
                .error, object: object, "leads to a configuration that HAProxy refuses, and is left out: \(reason)")
            refusedObjects[object] = finding
            tables.findings.add(finding)
        }
        if let service = store.service(ofEndpoints: object), object.kind == .endpointSlice || object.kind == .endpoints {
            changes.endpoints.insert(service)
        } else {
            changes.objects.insert(object)
        }
    }

    /// HAProxy refuses a value, until it changes.
    public func refuse(_ object: ObjectKey, key: String, value: String, reason: String) {
        refusals.refuse(object, key: key, value: value, reason: reason)
        noteRefusal(of: object, key: key)
    }

    /// HAProxy cannot load a file.
    public func refuse(_ file: ConfigurationFile, reason: String) {
        refusals.refuse(file, reason: reason)
        base.handlers.refusals = refusals
        changes.sources.formUnion(tables.dependents.sources(ofFile: file.path))
        if let secret = tables.certificates.secret(ofFile: file.path) { changes.objects.insert(secret) }
        // The operator's.
        if file.path == CertificateList.defaultCertificate || tables.defaultCertificates.listed.contains(file.path)
            || base.files.contains(where: { $0.path == file.path })
        {
            changes.isRebuild = true
        }
    }

    /// A refused value may be tried again.
    public func lift(_ object: ObjectKey, key: String, value: String) {
        refusals.lift(object, key: key, value: value)
        noteRefusal(of: object, key: key)
    }

    private func noteRefusal(of object: ObjectKey, key: String) {
        base.handlers.refusals = refusals
        changes.objects.insert(object)
        if object == options.configMap.configMapKey, registry.isReadByRoutes(key) { changes.replansRoutes = true }
    }
}
