/// How HAProxy has what the entries of a desired state's routing maps name otherwise.
public struct RunningNames: Sendable {
    /// Spare backends by the name of the backend that they stand in for.
    public var spares: [String: String]
    /// The settings that are written into backends: see ``InlinedSettings``.
    public var inlined: [String: String]

    public init(spares: [String: String] = [:], inlined: [String: String] = [:]) {
        self.spares = spares
        self.inlined = inlined
    }

    /// The maps of HTTP routes, whose requests find their settings in the backend where they are written there.
    static let inliningMaps: Set = [SectionNames.wholeHostsMap, "path-exact", "path-prefix"]

    /// The settings of a route without any, where its backend has some.
    private static let noSettings = "-"

    /// Changes of a map as HAProxy has to be told of them.
    public func changes(_ changes: MapChanges, in map: String) -> MapChanges {
        guard isConcerned(map) else { return changes }
        var renamed = MapChanges()
        renamed.added = entries(changes.added, in: map)
        renamed.changed = entries(changes.changed, in: map)
        renamed.removed = Set(changes.removed.map { entry(($0, ""), in: map).key })
        return renamed
    }

    /// Entries of a map as HAProxy has them.
    public func entries(_ entries: [String: String], in map: String) -> [String: String] {
        guard isConcerned(map) else { return entries }
        return Dictionary(entries.map { entry($0, in: map) }) { first, _ in first }
    }

    /// An entry of a map as HAProxy has it.
    public func entry(_ entry: (key: String, value: String), in map: String) -> (key: String, value: String) {
        guard isConcerned(map) else { return entry }
        let isInlining = Self.inliningMaps.contains(map)
        let target = Self.target(entry.value, in: map)
        return (entry.key, entry.value[..<target.startIndex] + self.target(target, isInlining: isInlining))
    }

    /// Where an entry of a map with targets leads: those of conditions have a rank before it.
    static func target(_ value: String, in map: String) -> Substring {
        guard map == ConditionTable.mapName, let rank = value.utf8.firstIndex(of: UInt8(ascii: "|")) else { return value[...] }
        return value[value.utf8.index(after: rank)...]
    }

    /// - Parameter isInlining: whether requests go to the backend as the target says, and not by way of a choice among routes.
    private func target(_ target: Substring, isInlining: Bool) -> String {
        let (backend, settings) = Self.parts(target)
        let name = String(backend)
        if let own = inlined[name] {
            guard let settings else { return "\(name).\(Self.noSettings)" }
            if isInlining, settings == own { return name }
        }
        return spares[name].map { $0 + target[backend.endIndex...] } ?? String(target)
    }

    /// What a routing map says: the backend, and what follows it, which is the settings where no choice is to be made.
    static func parts(_ target: Substring) -> (backend: Substring, settings: Substring?) {
        guard let dot = target.utf8.firstIndex(of: UInt8(ascii: ".")) else { return (target, nil) }
        return (target[..<dot], target[target.utf8.index(after: dot)...])
    }

    private func isConcerned(_ map: String) -> Bool {
        (!spares.isEmpty || !inlined.isEmpty) && (RunningState.routingMaps.contains(map) || map == ConditionTable.mapName)
    }
}
