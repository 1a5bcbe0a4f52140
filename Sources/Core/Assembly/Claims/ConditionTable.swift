/// Routes that only requests with a certain ACL take, beside the one at their place that takes the rest.
///
/// At such a place the routing map's value has a third field, the id of the place's candidates. For each condition in use the
/// frontends have one rule, which asks `route-acl.map` whether the condition matters to the candidates, and only then evaluates
/// it. The entry `CANDIDATES:CONDITION` is `RANK|TARGET`: a condition that matches wins over those with a greater rank, in
/// whatever order the rules stand. So a place has one entry for each of its candidates, and a further route with a condition that is
/// known is a matter of map entries.
///
/// Requests for places without candidates leave before these rules, and so pay nothing for them.
struct ConditionTable {
    static let mapName = "route-acl"

    /// A place with candidates, and what it made of them.
    private struct Place {
        let host: String
        var candidates: [RouteClaim] = []
        var value: String?
        var entries: [(key: String, value: String)] = []
        /// Those for which there is no room, of shorter paths too.
        var excess: [RouteClaim] = []
    }

    /// Where a route gets no requests.
    struct Excess {
        /// The oldest route with a condition there.
        let place: RouteClaim
        /// The limit that the route is over.
        let limit: ResourceLimits.Name
    }

    /// A route with a condition, and all places where it finds no room.
    private struct Unplaced {
        let claim: RouteClaim
        var excess: [RoutingPlace: Excess] = [:]

        /// At its own place before that of a longer path.
        var first: Excess? {
            let own = claim.place.entry
            return excess[own] ?? excess.min { ($0.key.map, $0.key.key) < ($1.key.map, $1.key.key) }?.value
        }
    }

    /// The room that is left for conditions at a place.
    private struct Room {
        private var count: Int
        private var steps: Double
        private let budget: ExpressionBudget

        init(_ environment: AnnotationEnvironment) {
            count = environment.limits[.placeConditions]
            budget = environment.expressionBudget
            steps = budget.conditions
        }

        /// Takes up a condition, if there is room for it.
        ///
        /// - Returns: the limit that it is over.
        mutating func take(_ condition: RouteCondition) -> ResourceLimits.Name? {
            guard count > 0 else { return .placeConditions }
            let cost = budget.steps(condition.cost)
            guard cost <= steps else { return .expressionTime }
            count -= 1
            steps -= cost
            return nil
        }
    }

    private struct Candidate {
        let claim: RouteClaim
        let condition: RouteCondition
        let target: String
    }

    /// Where requests go at a place: the first candidate that matches, else the rest.
    private struct Ways {
        var candidates: [Candidate]
        var excess: [(claim: RouteClaim, limit: ResourceLimits.Name)] = []
        /// nil when nothing takes the rest.
        var rest: String?
    }

    /// Who wrote a condition, and whose routes have it.
    private struct Use {
        private(set) var authors: [Origin: Int] = [:]
        private var users: [RuleUser: Int] = [:]
        /// By namespace.
        private(set) var oldest: [String: RuleUser] = [:]

        /// - Returns: whether another user is the oldest one of a namespace.
        mutating func change(_ author: Origin, _ user: RuleUser, by difference: Int) -> Bool {
            authors[author, default: 0] += difference
            if authors[author] == 0 { authors[author] = nil }
            let count = (users[user] ?? 0) + difference
            users[user] = count == 0 ? nil : count
            let namespace = user.object.namespace
            let before = oldest[namespace]
            if count == 0, user == before {
                // All of them are looked through when the oldest one goes, which is rare beside all other changes.
                oldest[namespace] = users.keys.filter { $0.object.namespace == namespace }.min()
            } else if count > 0, before.map({ user < $0 }) ?? true {
                oldest[namespace] = user
            }
            return oldest[namespace] != before
        }
    }

    private var places: [RoutingPlace: Place] = [:]
    private var placesByHost: [String: Set<RoutingPlace>] = [:]
    private var uses: [RouteCondition: Use] = [:]
    private var rulesChanged = false
    /// Whether other routes than before are the oldest ones with a condition.
    private var agesChanged = false
    private var unplaced: [ObjectIdentifier: Unplaced] = [:]
    private var excessChanges: [ObjectIdentifier: ExcessChange] = [:]

    /// The value of the route that takes the rest at a place; nil where there is none.
    typealias Plain = (RoutingPlace) -> String?

    mutating func add(_ claim: RouteClaim) { count(claim, by: 1) { $0.insertInOrder(claim) } }
    mutating func remove(_ claim: RouteClaim) { count(claim, by: -1) { $0.removeInOrder(claim) } }

    private mutating func count(_ claim: RouteClaim, by difference: Int, _ change: (inout [RouteClaim]) -> Void) {
        guard let condition = claim.condition else { return }
        let entry = claim.place.entry
        let host = SectionNames.hostKey(claim.host)
        change(&places[entry, default: Place(host: host)].candidates)
        placesByHost[host, default: []].insert(entry)
        let before = uses[condition]?.authors.count
        if uses[condition, default: Use()].change(condition.origin, claim.planned.user, by: difference) { agesChanged = true }
        if uses[condition]?.authors.isEmpty == true { uses[condition] = nil }
        if uses[condition]?.authors.count != before { rulesChanged = true }
    }

    /// What the routing map says at a place where requests with conditions go elsewhere; nil for other places.
    func value(at entry: RoutingPlace) -> String? { places[entry]?.value }

    /// Works out the places of hosts anew: a place falls back to shorter paths of its host, and at last to the default.
    ///
    /// - Parameter includesDefault: whether the default may be another.
    /// - Returns: the places whose value may be another now.
    mutating func reconcile(
        hosts: Set<String>, includesDefault: Bool, within environment: AnnotationEnvironment, maps: inout MapTable, plain: Plain
    ) -> Set<RoutingPlace> {
        guard !places.isEmpty else { return [] }
        let concerned = includesDefault ? Set(places.keys) : Set(hosts.flatMap { placesByHost[$0] ?? [] })
        for entry in concerned {
            guard var place = places[entry] else { continue }
            for old in place.entries { maps.remove(Self.mapName, old.key, old.value) }
            for claim in place.excess { setExcess(nil, of: claim, at: entry) }
            guard let oldest = place.candidates.first else {
                places[entry] = nil
                placesByHost[place.host]?.remove(entry)
                if placesByHost[place.host]?.isEmpty == true { placesByHost[place.host] = nil }
                continue
            }
            let ways = ways(at: entry, host: place.host, Room(environment), plain)
            for (claim, limit) in ways.excess { setExcess(Excess(place: oldest, limit: limit), of: claim, at: entry) }
            place.excess = ways.excess.map(\.claim)
            let rest = ways.rest ?? SectionNames.notFound
            let id = StableID.make(ways.candidates.flatMap { [$0.condition.id, $0.target] })
            place.value = "\(rest)\(rest.contains(".") ? "" : ".").\(id)"
            place.entries = Self.entries(of: ways, id: id)
            for new in place.entries { maps.add(Self.mapName, new.key, new.value) }
            places[entry] = place
        }
        return concerned
    }

    private static func entries(of ways: Ways, id: String) -> [(key: String, value: String)] {
        var entries: [(key: String, value: String)] = []
        for (rank, candidate) in ways.candidates.enumerated() {
            entries.append(("\(id):\(candidate.condition.id)", "\(rank)|\(candidate.target)"))
        }
        return entries
    }

    /// - Parameter whole: the room for candidates that a place has.
    private func ways(at entry: RoutingPlace, host: String, _ whole: Room, _ plain: Plain) -> Ways {
        var room = whole
        var ways = Ways(candidates: [], rest: plain(entry))
        for claim in places[entry]?.candidates ?? [] {
            guard let condition = claim.condition else { continue }
            if let limit = room.take(condition) {
                ways.excess.append((claim, limit))
            } else if let target = claim.value {
                ways.candidates.append(Candidate(claim: claim, condition: condition, target: target))
            }
        }
        guard ways.rest == nil, let next = fallback(of: entry, host: host, plain) else { return ways }
        let more = self.ways(at: next, host: host, whole, plain)
        // Of two candidates with one condition only the first can be chosen.
        let known = Set(ways.candidates.map(\.condition))
        for candidate in more.candidates where !known.contains(candidate.condition) {
            if let limit = room.take(candidate.condition) {
                ways.excess.append((candidate.claim, limit))
            } else {
                ways.candidates.append(candidate)
            }
        }
        ways.rest = more.rest
        return ways
    }

    /// Where a request of a place would go if the place were not there: the next shorter prefix of the host, at last the default.
    private func fallback(of place: RoutingPlace, host: String, _ plain: Plain) -> RoutingPlace? {
        let defaultPlace = RoutingPlace(map: "path-exact", key: SectionNames.defaultKey)
        guard place != defaultPlace else { return nil }
        func isKnown(_ place: RoutingPlace) -> Bool { plain(place) != nil || places[place]?.candidates.isEmpty == false }
        var path = place.key.utf8.dropFirst(host.utf8.count)
        // An exact path is looked up as a prefix next; a prefix was, and its last element goes.
        if place.map == "path-exact" { path = (String(Substring(path)) + "/").utf8[...] } else { Self.dropElement(&path) }
        while !path.isEmpty {
            let candidate = RoutingPlace(map: "path-prefix", key: host + String(Substring(path)))
            if isKnown(candidate) { return candidate }
            Self.dropElement(&path)
        }
        return isKnown(defaultPlace) ? defaultPlace : nil
    }

    /// Makes `/a/b/` of `/a/b/c/`, and nothing of `/`.
    private static func dropElement(_ path: inout Substring.UTF8View) {
        path = path.dropLast()
        while let last = path.last, last != UInt8(ascii: "/") { path = path.dropLast() }
    }

    /// A route whose places were worked out anew, and where it found no room before and finds none now.
    struct ExcessChange {
        let claim: RouteClaim
        let old: Excess?
        var new: Excess?
    }

    private mutating func setExcess(_ excess: Excess?, of claim: RouteClaim, at entry: RoutingPlace) {
        let id = ObjectIdentifier(claim)
        var all = unplaced[id] ?? Unplaced(claim: claim)
        let old = all.first
        all.excess[entry] = excess
        unplaced[id] = all.excess.isEmpty ? nil : all
        excessChanges[id, default: ExcessChange(claim: claim, old: old)].new = all.first
    }

    mutating func takeExcessChanges() -> [ExcessChange] {
        defer { excessChanges = [:] }
        return Array(excessChanges.values)
    }

    /// The conditions that have rules: the oldest ones, of each namespace and in all no more than there may be. Others match no request.
    private func allowed(within limits: ResourceLimits) -> Set<RouteCondition> {
        guard isCrowded(limits) else { return Set(uses.keys) }
        typealias Candidate = (condition: RouteCondition, user: RuleUser)
        func isBefore(_ a: Candidate, _ b: Candidate) -> Bool {
            a.user == b.user ? a.condition.id < b.condition.id : a.user < b.user
        }
        var byNamespace: [String: [Candidate]] = [:]
        for (condition, use) in uses {
            for (namespace, user) in use.oldest { byNamespace[namespace, default: []].append((condition, user)) }
        }
        let oldest = byNamespace.values.flatMap { $0.sorted(by: isBefore).prefix(limits[.namespaceConditions]) }
        var allowed: Set<RouteCondition> = []
        for candidate in oldest.sorted(by: isBefore) where allowed.count < limits[.conditions] {
            allowed.insert(candidate.condition)
        }
        return allowed
    }

    /// Whether not all conditions may find room.
    private func isCrowded(_ limits: ResourceLimits) -> Bool {
        uses.count > min(limits[.namespaceConditions], limits[.conditions])
    }

    /// What owners of conditions without rules have to know.
    func findings(within limits: ResourceLimits) -> [Finding] {
        let allowed = allowed(within: limits)
        return uses.filter { !allowed.contains($0.key) }.flatMap { condition, use in
            use.authors.keys.map { origin in
                Finding(
                    .error, object: origin.object, key: origin.key, value: condition.text,
                    "finds no room among the conditions of older routes, so the Service gets no requests; of a namespace "
                        + limits.description(of: .namespaceConditions) + ", and of all " + limits.description(of: .conditions))
            }
        }
    }

    /// - Returns: whether the rules of the frontends may be others.
    mutating func takeRuleChange(within limits: ResourceLimits) -> Bool {
        defer { (rulesChanged, agesChanged) = (false, false) }
        return rulesChanged || agesChanged && isCrowded(limits)
    }

    /// The rules of the frontends, after `txn.route` is known. Their order does not depend on who came first, so that a route that
    /// goes moves no rule.
    ///
    /// - Parameter verb: `tcp-request content` where requests without candidates can leave before, else `http-request`.
    func rules(_ verb: String, within limits: ResourceLimits) -> [Section.Line] {
        guard !uses.isEmpty else { return [] }
        let feature = Self.mapName
        let canLeave = verb.hasPrefix("tcp-request")
        let guarded = canLeave ? "" : "{ var(txn.candidates) -m found } "
        let leave: [Section.Line] =
            canLeave ? [Section.Line("tcp-request content accept if !{ var(txn.candidates) -m found }", feature: feature)] : []
        let allowed = allowed(within: limits)
        let choices = uses.filter { allowed.contains($0.key) }.sorted { $0.key.id < $1.key.id }.map { condition, use in
            let step: Directive = """
                var(txn.candidates),concat(:\(raw: condition.id)),map_str(\(map: Self.mapName))
                """
            let parts = use.authors.keys.sorted { $0.description < $1.description }
            return Section.Line(
                """
                \(raw: verb) set-var(txn.chosen) \(part: step) if \(raw: guarded){ \(part: step),sub(txn.chosen) lt 0 } \
                \(raw: condition.text)
                """, parts: parts.map { Traced(condition.acl, origin: $0) }, feature: "\(feature)/\(condition.id)")
        }
        return [
            Section.Line(
                "\(raw: verb) set-var(txn.candidates) var(txn.route),field(3,.) if { var(txn.route),field(3,.) -m len gt 0 }",
                feature: feature)
        ] + leave + [
            // Behind all ranks.
            Section.Line("\(raw: verb) set-var(txn.chosen) int(\(Int(Int32.max)))", feature: feature)
        ] + choices + [
            Section.Line(
                "\(raw: verb) set-var(txn.route) var(txn.chosen),field(2,|) if { var(txn.chosen),field(2,|) -m len gt 0 }",
                feature: feature)
        ]
    }
}
