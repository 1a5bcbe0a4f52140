/// The stick tables in use, and how many entries each may have: all of them together fill no more memory than the operator allows.
struct StickTables {
    private struct Use {
        let table: StickTable
        var uses = 0
        /// How many routes use it, by Ingress.
        var users: [ObjectKey: Int] = [:]
    }

    private var tables: [StickTable: Use] = [:]
    private var sum = 0
    private var touched: Set<String> = []
    /// The sizes of the tables by name, where all of them together are too large.
    private var shares: [String: Int] = [:]

    /// - Returns: the equal one that is in use already, or this.
    mutating func add(_ table: StickTable, by user: RuleUser?) -> StickTable {
        func add(_ use: inout Use) -> StickTable {
            use.uses += 1
            if let user { use.users[user.object, default: 0] += 1 }
            if use.uses == 1 {
                sum += table.entries
                touched.insert(table.name)
            }
            return use.table
        }
        return add(&tables[table, default: Use(table: table)])
    }

    mutating func remove(_ table: StickTable, by user: RuleUser?) {
        guard var use = tables.removeValue(forKey: table) else { return }
        use.uses -= 1
        if let user {
            let count = (use.users[user.object] ?? 0) - 1
            use.users[user.object] = count > 0 ? count : nil
        }
        guard use.uses == 0 else { return tables[table] = use }
        sum -= table.entries
        touched.insert(table.name)
    }

    /// - Returns: the definitions of the tables that came or changed, and the names of those that went.
    mutating func takeChanges(within limits: ResourceLimits) -> [String: Directive?] {
        guard !touched.isEmpty else { return [:] }
        let old = shares
        shares =
            sum > limits[.totalRateLimitEntries] ? Self.shares(of: limits[.totalRateLimitEntries], among: tables.values) : [:]
        if shares != old { touched.formUnion(tables.keys.map(\.name).filter { [shares] name in old[name] != shares[name] }) }
        defer { touched = [] }
        var changes: [String: Directive?] = [:]
        for name in touched { changes.updateValue(nil, forKey: name) }
        for table in tables.keys where touched.contains(table.name) {
            changes[table.name] = table.definition(entries: shares[table.name] ?? table.entries)
        }
        return changes
    }

    /// Each namespace's tables get an equal share of all entries, and within it as much of what they want. A table of several
    /// namespaces has the most that it gets of one.
    private static func shares(of total: Int, among tables: some Collection<Use>) -> [String: Int] {
        var wanted: [String: Int] = [:]
        var owners: [(table: StickTable, namespaces: Set<String>)] = []
        for use in tables {
            let namespaces = use.users.isEmpty ? [""] : Set(use.users.keys.map(\.namespace))
            owners.append((use.table, namespaces))
            for namespace in namespaces { wanted[namespace, default: 0] += use.table.entries }
        }
        let share = total / max(1, wanted.count)
        var shares: [String: Int] = [:]
        for (table, namespaces) in owners {
            let size = namespaces.lazy.map { namespace -> Int in
                let all = wanted[namespace] ?? 0
                return all <= share ? table.entries : Int(Double(table.entries) * Double(share) / Double(all))
            }.max()
            shares[table.name] = max(1, size ?? table.entries)
        }
        return shares
    }

    /// What owners have to know: their tables are smaller than they asked for. One of a table's Ingresses in each namespace is told.
    func findings(within limits: ResourceLimits) -> [Finding] {
        tables.values.flatMap { use -> [Finding] in
            guard let size = shares[use.table.name], size < use.table.entries else { return [] }
            let told = Dictionary(grouping: use.users.keys, by: \.namespace).values.compactMap { $0.min() }
            return told.map { object in
                Finding(
                    .warning, object: object,
                    "counts in the stick table \(use.table.name), which has \(size) entries in place of \(use.table.entries): all "
                        + "tables together want \(sum); \(limits.description(of: .totalRateLimitEntries))")
            }
        }
    }
}
