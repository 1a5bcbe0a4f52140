/// The entries of all maps, and which were touched.
struct MapTable {
    private(set) var files: [String: MapFile] = [:]
    private(set) var touched: [String: Set<String>] = [:]
    private var counts: [String: [String: Count]] = [:]
    /// How many lines read a map: HAProxy wants those there, if only empty.
    private var mentions: [String: Int] = [:]
    /// Maps that are always there.
    private let permanent: Set<String>

    /// How many want an entry. Where they want different values the smallest is in force, whoever came first.
    private struct Count {
        var value: String
        var uses = 1
        var others: [String: Int] = [:]
    }

    init(permanent: Set<String> = []) {
        self.permanent = permanent
        for name in permanent { files[name] = MapFile(name: name) }
    }

    /// Sets an entry that one place alone decides about; nil removes it.
    mutating func set(_ map: String, _ key: String, to value: String?) {
        guard files[map]?.entries[key] != value else { return }
        touched[map, default: []].insert(key)
        if let value {
            files[map, default: MapFile(name: map)].entries[key] = value
        } else {
            files[map]?.entries[key] = nil
            dropIfIdle(map)
        }
    }

    /// Adds a use of an entry that several may want.
    mutating func add(_ map: String, _ key: String, _ value: String) {
        guard var count = counts[map]?[key] else {
            counts[map, default: [:]][key] = Count(value: value)
            set(map, key, to: value)
            return
        }
        if count.value == value {
            count.uses += 1
        } else if value < count.value {
            count.others[count.value] = count.uses
            (count.value, count.uses) = (value, 1 + (count.others.removeValue(forKey: value) ?? 0))
        } else {
            count.others[value, default: 0] += 1
        }
        counts[map]?[key] = count
        set(map, key, to: count.value)
    }

    /// How many want an entry to be there, with whatever value.
    func uses(_ map: String, _ key: String) -> Int {
        counts[map]?[key].map { $0.others.values.reduce($0.uses, +) } ?? 0
    }

    mutating func remove(_ map: String, _ key: String, _ value: String) {
        guard var count = counts[map]?[key] else { return }
        if count.value == value {
            count.uses -= 1
        } else {
            count.others[value, default: 1] -= 1
            if count.others[value] == 0 { count.others[value] = nil }
        }
        if count.uses == 0 {
            guard let next = count.others.keys.min() else {
                counts[map]?[key] = nil
                set(map, key, to: nil)
                return
            }
            (count.value, count.uses) = (next, count.others.removeValue(forKey: next) ?? 1)
        }
        counts[map]?[key] = count
        set(map, key, to: count.value)
    }

    /// Notes that lines which read maps came (1) or went (-1).
    mutating func mention(_ section: Section?, by difference: Int) {
        for line in section?.lines ?? [] where !line.directive.maps.isEmpty {
            for map in line.directive.maps {
                mentions[map, default: 0] += difference
                if mentions[map] == 0 {
                    mentions[map] = nil
                    dropIfIdle(map)
                } else if files[map] == nil {
                    files[map] = MapFile(name: map)
                    touched[map, default: []] = touched[map] ?? []
                }
            }
        }
    }

    private mutating func dropIfIdle(_ map: String) {
        guard files[map]?.entries.isEmpty == true, mentions[map] == nil, !permanent.contains(map) else { return }
        files[map] = nil
        touched[map, default: []] = touched[map] ?? []
    }

    /// - Returns: the maps and keys that may have changed since the last call.
    mutating func takeTouched() -> [String: Set<String>] {
        defer { touched = [:] }
        return touched
    }
}
