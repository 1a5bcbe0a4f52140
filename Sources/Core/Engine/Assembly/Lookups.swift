/// Finds Secrets and remembers which were asked for.
final class Lookups {
    private(set) var secrets: Set<ObjectKey> = []

    func secret(_ key: ObjectKey, in store: ObjectStore) -> Secret? {
        secrets.insert(key)
        return store.secrets[key]
    }
}
