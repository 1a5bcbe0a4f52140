/// Routes that only requests with a certain ACL take, beside the one at their place that takes the rest.
///
/// At such a place the routing map's value has a third field, the id of the place's candidates. For each condition in use the
/// frontends have one rule, which asks `route-acl.map` whether the condition matters to the candidates, and only then evaluates
/// it. The entries are the steps of choosing: `CANDIDATES:CONDITION:` leads to the condition's target, and
/// `CANDIDATES:CONDITION:TARGET` to it from a target that comes later at the place, so that the first one that matches wins in
/// whatever order the rules stand. A further route with a condition that is known is a matter of map entries.
struct ConditionTable {
    static let mapName = "route-acl"

    /// A place with candidates, and what it made of them.
    private struct Place {
        let host: String
        var candidates: [RouteClaim] = []
        var value: String?
        var entries: [(key: String, value: String)] = []
    }

    /// Where requests go at a place: the first candidate that matches, else the rest.
    private struct Ways {
        var candidates: [(condition: RouteCondition, target: String)]
        /// nil when nothing takes the rest.
        var rest: String?
    }

    private var places: [RoutingPlace: Place] = [:]
    private var placesByHost: [String: Set<RoutingPlace>] = [:]
    private var authors: [RouteCondition: [Origin: Int]] = [:]
    private var rulesChanged = false

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
        authors[condition, default: [:]][condition.origin, default: 0] += difference
        if authors[condition]?[condition.origin] == 0 { authors[condition]?[condition.origin] = nil }
        if authors[condition]?.isEmpty == true { authors[condition] = nil }
        rulesChanged = true
    }

    /// What the routing map says at a place where requests with conditions go elsewhere; nil for other places.
    func value(at entry: RoutingPlace) -> String? { places[entry]?.value }

    /// Works out the places of hosts anew: a place falls back to shorter paths of its host, and at last to the default.
    ///
    /// - Parameter includesDefault: whether the default may be another.
    /// - Returns: the places whose value may be another now.
    mutating func settle(
        hosts: Set<String>, includesDefault: Bool, maps: inout MapTable, plain: Plain
    ) -> Set<RoutingPlace> {
        guard !places.isEmpty else { return [] }
        let concerned = includesDefault ? Set(places.keys) : Set(hosts.flatMap { placesByHost[$0] ?? [] })
        for entry in concerned {
            guard var place = places[entry] else { continue }
            for old in place.entries { maps.remove(Self.mapName, old.key, old.value) }
            guard !place.candidates.isEmpty else {
                places[entry] = nil
                placesByHost[place.host]?.remove(entry)
                if placesByHost[place.host]?.isEmpty == true { placesByHost[place.host] = nil }
                continue
            }
            let ways = ways(at: entry, host: place.host, plain)
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
        for (index, candidate) in ways.candidates.enumerated() {
            let key = "\(id):\(candidate.condition.id):"
            entries.append((key, candidate.target))
            for later in ways.candidates[(index + 1)...] where later.target != candidate.target {
                entries.append((key + later.target, candidate.target))
            }
        }
        return entries
    }

    private func ways(at entry: RoutingPlace, host: String, _ plain: Plain) -> Ways {
        let own = (places[entry]?.candidates ?? []).compactMap { claim in
            claim.condition.flatMap { condition in claim.value.map { (condition: condition, target: $0) } }
        }
        var ways = Ways(candidates: own, rest: plain(entry))
        guard ways.rest == nil, let next = fallback(of: entry, host: host, plain) else { return ways }
        let more = self.ways(at: next, host: host, plain)
        // Of two candidates with one condition only the first can be chosen.
        ways.candidates += more.candidates.filter { later in !ways.candidates.contains { $0.condition == later.condition } }
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

    mutating func takeRuleChange() -> Bool {
        defer { rulesChanged = false }
        return rulesChanged
    }

    /// The rules of the frontends, after `txn.route` is known. Their order does not depend on who came first, so that a route that
    /// goes moves no rule.
    var rules: [Section.Line] {
        guard !authors.isEmpty else { return [] }
        let feature = Self.mapName
        let choices = authors.sorted { $0.key.id < $1.key.id }.map { condition, authors in
            let step: Directive = """
                var(txn.candidates),concat(:\(raw: condition.id):,txn.chosen),map_str(\(map: Self.mapName))
                """
            let parts = authors.keys.sorted { $0.description < $1.description }
            return Section.Line(
                """
                http-request set-var(txn.chosen) \(part: step) if { var(txn.candidates) -m found } { \(part: step) -m found } \
                \(raw: condition.text)
                """, parts: parts.map { Traced(condition.acl, origin: $0) }, feature: "\(feature)/\(condition.id)")
        }
        return [
            Section.Line(
                "http-request set-var(txn.candidates) var(txn.route),field(3,.) if { var(txn.route),field(3,.) -m len gt 0 }",
                feature: feature)
        ] + choices + [
            Section.Line("http-request set-var(txn.route) var(txn.chosen) if { var(txn.chosen) -m found }", feature: feature)
        ]
    }
}
