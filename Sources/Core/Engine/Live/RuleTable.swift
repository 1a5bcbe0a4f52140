/// The fixed rules and the stick tables that routes in force use.
struct RuleTable {
    private var rules: [OwnedRules: Use] = [:]
    private var tables: [StickTable: (table: StickTable, uses: Int)] = [:]
    private(set) var haveChanged = false
    private(set) var touchedTables: [String: StickTable?] = [:]

    private struct Use {
        let rules: FrontendRules
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

    /// - Returns: the equal rules that are in the table already, or these.
    @discardableResult
    mutating func add(_ owned: OwnedRules) -> FrontendRules {
        func add(_ use: inout Use) -> FrontendRules {
            _ = use.count(owned.authors, by: 1, &haveChanged)
            return use.rules
        }
        return add(&rules[owned, default: Use(rules: owned.rules)])
    }

    mutating func remove(_ owned: OwnedRules) {
        let isIdle = rules[owned]?.count(owned.authors, by: -1, &haveChanged)
        if isIdle == true { rules[owned] = nil }
    }

    /// - Returns: the equal one that is in the table already, or this.
    @discardableResult
    mutating func add(_ table: StickTable) -> StickTable {
        func add(_ use: inout (table: StickTable, uses: Int)) -> StickTable {
            use.uses += 1
            if use.uses == 1 { touchedTables.updateValue(table, forKey: table.name) }
            return use.table
        }
        return add(&tables[table, default: (table, 0)])
    }

    mutating func remove(_ table: StickTable) {
        guard let uses = tables[table]?.uses else { return }
        if uses > 1 {
            tables[table]?.uses -= 1
        } else {
            tables[table] = nil
            touchedTables.updateValue(nil, forKey: table.name)
        }
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
