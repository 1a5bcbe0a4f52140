/// The rules and the stick tables that routes in force use.
struct RuleTable {
    private var uses: [OwnedRules: RuleUse] = [:]
    /// Those among ``FrontendRules/Placement/frontendsIfFew`` for which there is room in the frontends.
    private var chosen: Set<OwnedRules> = []
    private var slots = CaptureSlots()
    private(set) var tables = StickTables()
    private var haveChanged = false
    /// Whether the rules from which some are chosen are others, or other ones are the oldest.
    private var choiceHasChanged = false
    /// Rules that the operator chose now and did not before, or no more.
    private var moved: Set<OwnedRules> = []

    /// - Returns: the equal rules that are in the table already, or these.
    @discardableResult
    mutating func add(_ owned: OwnedRules, by user: RuleUser? = nil) -> FrontendRules {
        change(owned, of: user, by: 1)
        return uses[owned]?.rules ?? owned.rules
    }

    mutating func remove(_ owned: OwnedRules, by user: RuleUser? = nil) { change(owned, of: user, by: -1) }

    private mutating func change(_ owned: OwnedRules, of user: RuleUser?, by difference: Int) {
        guard difference > 0 || uses[owned] != nil else { return }
        func change(_ use: inout RuleUse) -> (isOther: Bool, isIdle: Bool, wasFixed: Bool, isFixed: Bool) {
            let wasFixed = use.isFixed
            return (use.change(owned, of: user, by: difference), use.count == 0, wasFixed, use.isFixed)
        }
        let (isOther, isIdle, wasFixed, isFixed) = change(&uses[owned, default: RuleUse(owned.rules)])
        if isIdle { uses[owned] = nil }
        if slots.count(owned.rules.captureLengths, by: difference) { haveChanged = true }
        guard isOther else { return }
        if owned.rules.placement == .frontendsIfFew { choiceHasChanged = true }
        if wasFixed || isFixed { haveChanged = true }
        if wasFixed != isFixed { moved.insert(owned) }
    }

    /// - Returns: the equal one that is in the table already, or this.
    @discardableResult
    mutating func add(_ table: StickTable, by user: RuleUser? = nil) -> StickTable { tables.add(table, by: user) }

    mutating func remove(_ table: StickTable, by user: RuleUser? = nil) { tables.remove(table, by: user) }

    /// Chooses which of the rules that tenants may have many of are in the frontends: the oldest ones, so that nobody's newer rules
    /// take the place of older ones.
    ///
    /// - Returns: those that are in another place now.
    mutating func choose(within limits: ResourceLimits) -> Set<OwnedRules> {
        defer { (moved, choiceHasChanged) = ([], false) }
        guard choiceHasChanged else { return moved }
        let old = chosen
        chosen = RuleChoice(limits: limits).choose(
            uses.lazy.filter { $1.rules.placement == .frontendsIfFew && !$1.isFixed }.map { ($0, $1.oldest) })
        guard chosen != old else { return moved }
        haveChanged = true
        return chosen.symmetricDifference(old).union(moved)
    }

    func isInFrontends(_ owned: OwnedRules) -> Bool {
        owned.rules.placement == .frontends || chosen.contains(owned) || uses[owned]?.isFixed == true
    }

    /// The rules of the frontends, in the order in which they run.
    var inOrder: [OwnedRules] {
        let fixed = uses.filter { $1.isFixed || chosen.contains($0) }
        return fixed.map { owned, use in OwnedRules(family: owned.family, rules: owned.rules, authors: use.inOrder) }.sorted()
    }

    /// For how many bytes there are capture slots.
    var captureLengths: [Int] { slots.lengths }

    /// - Returns: whether the rules of the frontends are others.
    mutating func takeRuleChange() -> Bool {
        defer { haveChanged = false }
        return haveChanged
    }

    /// - Returns: the stick tables that came, changed or went.
    mutating func takeTableChanges(within limits: ResourceLimits) -> [String: Directive?] { tables.takeChanges(within: limits) }
}

/// Which rules are in the frontends, where there are more than find room.
struct RuleChoice {
    let limits: ResourceLimits

    private struct Candidate {
        let rules: OwnedRules
        let user: RuleUser?

        static func isBefore(_ a: Candidate, _ b: Candidate) -> Bool {
            switch (a.user, b.user) {
            case (let x?, let y?) where x != y: x < y
            case (nil, .some): true
            case (.some, nil): false
            default: a.rules < b.rules
            }
        }
    }

    /// - Parameter rules: with the oldest Ingress that uses them, whose namespace they count for.
    func choose(_ rules: some Sequence<(OwnedRules, RuleUser?)>) -> Set<OwnedRules> {
        let perNamespace = limits[.namespaceFrontendRules]
        var byNamespace: [[String]: [Candidate]] = [:]
        for (owned, user) in rules {
            let candidate = Candidate(rules: owned, user: user)
            func insert(_ few: inout [Candidate]) {
                if few.count == perNamespace {
                    guard let last = few.last, Candidate.isBefore(candidate, last) else { return }
                    few.removeLast()
                }
                few.insert(candidate, at: few.firstIndex { Candidate.isBefore(candidate, $0) } ?? few.endIndex)
            }
            insert(&byNamespace[[owned.family, user?.object.namespace ?? ""], default: []])
        }
        var byFamily: [String: [Candidate]] = [:]
        for candidates in byNamespace.values { byFamily[candidates[0].rules.family, default: []] += candidates }
        return Set(
            byFamily.values.flatMap { candidates in
                candidates.sorted(by: Candidate.isBefore).prefix(limits[.frontendRules]).map(\.rules)
            })
    }
}

/// The capture slots that the frontends declare: as many as the rules with the most lines have, each as long as the longest value.
private struct CaptureSlots {
    /// How many rules want a length, for each slot.
    private var uses: [[Int: Int]] = []

    /// - Returns: whether the slots are others.
    mutating func count(_ lengths: [Int], by difference: Int) -> Bool {
        guard !lengths.isEmpty else { return false }
        let before = self.lengths
        for (slot, length) in lengths.enumerated() {
            if slot == uses.count { uses.append([:]) }
            let count = (uses[slot][length] ?? 0) + difference
            uses[slot][length] = count == 0 ? nil : count
        }
        while uses.last?.isEmpty == true { uses.removeLast() }
        return self.lengths != before
    }

    var lengths: [Int] { uses.map { $0.keys.max() ?? 1 } }
}
