/// An entry of a map that is searched from end to end.
struct SearchedEntry: Hashable, Sendable, Comparable {
    let map: String
    let key: String
    let value: String

    static func < (a: SearchedEntry, b: SearchedEntry) -> Bool { (a.map, a.key, a.value) < (b.map, b.key, b.value) }
}

/// A searched entry, and the value that asks for it.
struct WantedEntry: Hashable, Sendable {
    let entry: SearchedEntry
    let origin: Origin
    let raw: String
    let isOperators: Bool
}
