/// The entries of all maps, and which were touched.
struct MapTable {
    private(set) var files: [String: MapFile] = [:]
    private(set) var touched: [String: Set<String>] = [:]
    private var counts: [String: [String: Count]] = [:]
    /// How many lines read a map: HAProxy wants those there, if only empty.
    private var mentions: [String: Int] = [:]
    /// Maps that are always there.
    private let permanent: Set<String>

    /// While everything is made for the first time all is touched, and nobody asks.
    private var isNew = true

    /// How many want an entry. Where they want different values the smallest is in force, whoever came first.
    private struct Count {
        var value: String
        var uses = 0
        var others: [String: Int] = [:]

        mutating func add(_ another: String) {
            if value == another {
                uses += 1
            } else if another < value {
                others[value] = uses
                (value, uses) = (another, 1 + (others.removeValue(forKey: another) ?? 0))
            } else {
                others[another, default: 0] += 1
            }
        }
    }

    init(permanent: Set<String> = []) {
        self.permanent = permanent
        for name in permanent { files[name] = MapFile(name: name) }
    }

    /// Sets an entry that one place alone decides about; nil removes it.
    mutating func set(_ map: String, _ key: String, to value: String?) {
        if let value {
            guard files[map, default: MapFile(name: map)].entries.updateValue(value, forKey: key) != value else { return }
        } else {
            guard files[map]?.entries.removeValue(forKey: key) != nil else { return }
            dropIfIdle(map)
        }
        if !isNew { touched[map, default: []].insert(key) }
    }

    /// Adds a use of an entry that several may want.
    mutating func add(_ map: String, _ key: String, _ value: String) {
        // In place, each map's name and each key is looked up once.
        func add(_ count: inout Count) -> String {
            count.add(value)
            return count.value
        }
        set(map, key, to: add(&counts[map, default: [:]][key, default: Count(value: value)]))
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
        defer { (touched, isNew) = ([:], false) }
        return touched
    }
}
