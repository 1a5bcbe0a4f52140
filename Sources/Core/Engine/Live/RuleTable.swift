/// The fixed rules and the stick tables that routes in force use.
struct RuleTable {
    private var rules: [OwnedRules: Use] = [:]
    private var tables: [StickTable: Int] = [:]
    private(set) var haveChanged = false
    private(set) var touchedTables: [String: StickTable?] = [:]

    private struct Use {
        var count = 0
        var authors: [Origin: Int] = [:]

        /// - Returns: whether nobody uses the rules any more.
        mutating func count(_ owners: [Origin], by difference: Int, _ haveChanged: inout Bool) -> Bool {
            let known = authors.count
            if count == 0 { haveChanged = true }
            count += difference
            for author in owners {
                authors[author, default: 0] += difference
                if authors[author] == 0 { authors[author] = nil }
            }
            if count == 0 || authors.count != known { haveChanged = true }
            return count == 0
        }
    }

    mutating func add(_ owned: OwnedRules) { count(owned, by: 1) }
    mutating func remove(_ owned: OwnedRules) { count(owned, by: -1) }

    private mutating func count(_ owned: OwnedRules, by difference: Int) {
        let isIdle = rules[owned, default: Use()].count(owned.authors, by: difference, &haveChanged)
        if isIdle { rules[owned] = nil }
    }

    mutating func add(_ table: StickTable) {
        tables[table, default: 0] += 1
        if tables[table] == 1 { touchedTables.updateValue(table, forKey: table.name) }
    }

    mutating func remove(_ table: StickTable) {
        guard let count = tables[table] else { return }
        tables[table] = count == 1 ? nil : count - 1
        if count == 1 { touchedTables.updateValue(nil, forKey: table.name) }
    }

    /// In the order in which they run.
    var inOrder: [OwnedRules] {
        rules.map { owned, use in
            OwnedRules(
                family: owned.family, rules: owned.rules,
                authors: use.authors.keys.sorted { $0.description < $1.description })
        }.sorted()
    }

    mutating func takeChanges() -> (rules: Bool, tables: [String: StickTable?]) {
        defer { (haveChanged, touchedTables) = (false, [:]) }
        return (haveChanged, touchedTables)
    }
}
