import Core

/// Objects that HAProxy is to be asked about: those of each namespace by themselves, one search for a namespace at a time, so that
/// a namespace with many keeps no other one waiting. After a search the namespace rests as long as it took.
struct ProofQueue {
    private var due: [String: Set<ObjectKey>] = [:]
    private var underWay: [String: Set<ObjectKey>] = [:]

    mutating func add(_ key: ObjectKey) { due[key.namespace, default: []].insert(key) }

    /// The objects to ask about now, by namespace.
    mutating func takeDue() -> [Set<ObjectKey>] {
        let free = due.filter { underWay[$0.key] == nil }
        for (namespace, keys) in free {
            due[namespace] = nil
            underWay[namespace] = keys
        }
        return Array(free.values)
    }

    /// HAProxy was asked about the objects, and may be asked about others of their namespaces.
    mutating func end(_ keys: Set<ObjectKey>) {
        for namespace in Set(keys.map(\.namespace)) { underWay[namespace] = nil }
    }
}
