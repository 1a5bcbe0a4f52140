/// The objects, and which Secrets were asked for.
final class RecordingStore {
    var store: ObjectStore
    var refusals = Refusals()
    private var secrets: Set<ObjectKey> = []
    /// What Secrets in use hold or held.
    var certificates = CertificateMemory()

    init(_ store: ObjectStore) {
        self.store = store
    }

    func secret(_ key: ObjectKey) -> Secret? {
        secrets.insert(key)
        return store.secrets[key]
    }

    /// - Returns: the Secrets that were asked for meanwhile, whether they exist or not.
    func recordingSecrets<Result>(_ work: () -> Result) -> (Result, Set<ObjectKey>) {
        secrets = []
        let result = work()
        return (result, secrets)
    }
}
