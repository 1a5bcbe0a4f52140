/// Routes that only requests with a certain ACL take, beside the one at their place that takes the rest.
///
/// At such a place the routing map's value has a third field, the id of the place's candidates. For each condition in use the
/// frontends have one rule, which asks `route-acl.map` whether the condition matters to the candidates, and only then evaluates
/// it. The entries are the steps of choosing: `CANDIDATES:CONDITION:` leads to the condition's target, and
/// `CANDIDATES:CONDITION:TARGET` to it from a target that comes later at the place, so that the first one that matches wins in
/// whatever order the rules stand. A further route with a condition that is known is a matter of map entries.
struct ConditionalRoutes {
    static let mapName = "route-acl"

    private struct Candidate {
        let condition: RouteCondition
        let target: String
    }

    private struct Place {
        /// The host's part of the key, in front of the path.
        let hostLength: Int
        var candidates: [Candidate] = []
    }

    /// Where requests go at a place: the first candidate that matches, else the rest.
    private struct Ways {
        var candidates: [Candidate]
        /// nil when nothing takes the rest.
        var rest: String?
    }

    private var places: [Claims.Place: Place] = [:]
    private var authors: [RouteCondition: [Origin]] = [:]

    mutating func add(_ target: String, at place: Claims.Place, host: String, if condition: RouteCondition) {
        let hostLength = AssemblyRun.hostKey(host).utf8.count
        places[place, default: Place(hostLength: hostLength)].candidates.append(Candidate(condition: condition, target: target))
        if authors[condition]?.contains(condition.origin) != true { authors[condition, default: []].append(condition.origin) }
    }

    /// Adds what the rules look up to maps that hold the other routes.
    func fill(_ maps: inout [String: [String: String]]) {
        let plain = maps
        for place in places.keys {
            let ways = ways(at: place, plain: plain)
            let rest = ways.rest ?? AssemblyRun.notFoundBackend
            let id = StableID.make(ways.candidates.flatMap { [$0.condition.id, $0.target] })
            maps[place.map, default: [:]][place.key] = "\(rest)\(rest.contains(".") ? "" : ".").\(id)"
            for (index, candidate) in ways.candidates.enumerated() {
                let key = "\(id):\(candidate.condition.id):"
                maps[Self.mapName, default: [:]][key] = candidate.target
                for later in ways.candidates[(index + 1)...] where later.target != candidate.target {
                    maps[Self.mapName, default: [:]][key + later.target] = candidate.target
                }
            }
        }
    }

    private func ways(at place: Claims.Place, plain: [String: [String: String]]) -> Ways {
        var ways = Ways(candidates: places[place]?.candidates ?? [], rest: plain[place.map]?[place.key])
        guard ways.rest == nil, let next = fallback(of: place, plain: plain) else { return ways }
        let more = self.ways(at: next, plain: plain)
        // Of two candidates with one condition only the first can be chosen.
        ways.candidates += more.candidates.filter { later in !ways.candidates.contains { $0.condition == later.condition } }
        ways.rest = more.rest
        return ways
    }

    /// Where a request of a place would go if the place were not there: the next shorter prefix of the host, at last the default.
    private func fallback(of place: Claims.Place, plain: [String: [String: String]]) -> Claims.Place? {
        let defaultPlace = Claims.Place(map: "path-exact", key: AssemblyRun.defaultKey)
        guard place != defaultPlace else { return nil }
        let hostLength = places[place]?.hostLength ?? 0
        var path = place.key.utf8.dropFirst(hostLength)
        let host = String(place.key.prefix(upTo: path.startIndex))
        // An exact path is looked up as a prefix next; a prefix was, and its last element goes.
        if place.map == "path-exact" { path = (String(Substring(path)) + "/").utf8[...] } else { Self.dropElement(&path) }
        while !path.isEmpty {
            let key = host + String(Substring(path))
            let candidate = Claims.Place(map: "path-prefix", key: key)
            if plain["path-prefix"]?[key] != nil || places[candidate] != nil { return candidate }
            Self.dropElement(&path)
        }
        let isKnown = plain[defaultPlace.map]?[defaultPlace.key] != nil || places[defaultPlace] != nil
        return isKnown ? defaultPlace : nil
    }

    /// Makes `/a/b/` of `/a/b/c/`, and nothing of `/`.
    private static func dropElement(_ path: inout Substring.UTF8View) {
        path = path.dropLast()
        while let last = path.last, last != UInt8(ascii: "/") { path = path.dropLast() }
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
            return Section.Line(
                """
                http-request set-var(txn.chosen) \(part: step) if { var(txn.candidates) -m found } { \(part: step) -m found } \
                \(raw: condition.text)
                """, parts: authors.map { Traced(condition.acl, origin: $0) }, feature: "\(feature)/\(condition.id)")
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
