/// Entries of maps that HAProxy searches from end to end, such as those of `map_reg`: each costs the requests of everybody who asks the
/// map, so there is a bound for all together and one for each namespace. The oldest Ingresses come first; what is over a bound is not
/// in the map, and its owner is told.
struct SearchedEntries {
    private struct Use {
        /// How many routes use it, and the value that asks for it.
        var users: [User: Int] = [:]
        var operatorCount = 0

        var oldest: User? { users.keys.min() }
    }

    private struct User: Hashable, Comparable {
        let rule: RuleUser
        let origin: Origin
        let raw: String

        static func < (a: User, b: User) -> Bool {
            a.rule == b.rule ? a.origin.description < b.origin.description : a.rule < b.rule
        }
    }

    private struct Candidate {
        let entry: SearchedEntry
        let user: User

        static func isBefore(_ a: Candidate, _ b: Candidate) -> Bool {
            a.user.rule == b.user.rule ? a.entry < b.entry : a.user < b.user
        }
    }

    private var uses: [SearchedEntry: Use] = [:]
    private var chosen: Set<SearchedEntry> = []
    private var haveChanged = false
    private var told: [Finding] = []

    mutating func count(_ wanted: WantedEntry, by difference: Int, of user: RuleUser) {
        let user = User(rule: user, origin: wanted.origin, raw: wanted.raw)
        func count(_ use: inout Use) -> Bool {
            if wanted.isOperators { use.operatorCount += difference }
            let uses = (use.users[user] ?? 0) + difference
            use.users[user] = uses > 0 ? uses : nil
            return use.users.isEmpty
        }
        if count(&uses[wanted.entry, default: Use()]) { uses[wanted.entry] = nil }
        haveChanged = true
    }

    /// Enters the entries for which there is room, and tells the owners of the others.
    mutating func reconcile(_ maps: inout MapTable, _ findings: inout FindingTable, within limits: ResourceLimits) {
        guard haveChanged else { return }
        haveChanged = false
        let new = choose(within: limits)
        for entry in chosen.subtracting(new) { maps.remove(entry.map, entry.key, entry.value) }
        for entry in new.subtracting(chosen) { maps.add(entry.map, entry.key, entry.value) }
        chosen = new
        findings.remove(told)
        told = self.findings(within: limits)
        findings.add(told)
    }

    private func choose(within limits: ResourceLimits) -> Set<SearchedEntry> {
        let perNamespace = limits[.namespaceOriginExpressions]
        var chosen: Set<SearchedEntry> = []
        var byNamespace: [String: [Candidate]] = [:]
        for (entry, use) in uses {
            guard use.operatorCount == 0, let user = use.oldest else {
                chosen.insert(entry)
                continue
            }
            let candidate = Candidate(entry: entry, user: user)
            func insert(_ few: inout [Candidate]) {
                if few.count == perNamespace {
                    guard let last = few.last, Candidate.isBefore(candidate, last) else { return }
                    few.removeLast()
                }
                few.insert(candidate, at: few.firstIndex { Candidate.isBefore(candidate, $0) } ?? few.endIndex)
            }
            insert(&byNamespace[user.rule.object.namespace, default: []])
        }
        let room = max(0, limits[.originExpressions] - chosen.count)
        chosen.formUnion(byNamespace.values.joined().sorted(by: Candidate.isBefore).prefix(room).map(\.entry))
        return chosen
    }

    private func findings(within limits: ResourceLimits) -> [Finding] {
        guard uses.count > chosen.count else { return [] }
        return uses.filter { !chosen.contains($0.key) }.flatMap { entry, use in
            use.users.keys.map { user in
                Finding(
                    .error, object: user.origin.object, key: user.origin.key, value: user.raw,
                    """
                    is one of too many regular expressions, each of which costs the requests of others, so it matches nothing: of all \
                    \(limits.description(of: .originExpressions)), and of one namespace \
                    \(limits.description(of: .namespaceOriginExpressions))
                    """, expected: "single origins, or an expression that other Ingresses have")
            }
        }
    }
}
