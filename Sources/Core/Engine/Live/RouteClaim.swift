/// Where a route stands among all that are claimed: those before it go first.
struct ClaimOrder: Hashable, Comparable {
    enum Rank: Int, Comparable {
        case rule
        /// The default backend of an Ingress: after the rules of all Ingresses, however young they are.
        case ingressDefault
        /// What is left of a host whose TLS is passed through.
        case passthroughRest
        /// The operator's own default backend.
        case operatorDefault
        case tcpService

        static func < (a: Rank, b: Rank) -> Bool { a.rawValue < b.rawValue }
    }

    let rank: Rank
    /// When the Ingress was created; without a time it counts as new.
    let created: String
    let object: ObjectKey
    /// Counts the claims of the object.
    let index: Int

    /// Whether the claim is of an Ingress, and not the operator's own.
    var isOfIngress: Bool { rank < .operatorDefault }

    /// Whether the object is older, whatever it claims.
    func isOlder(than other: ClaimOrder) -> Bool {
        (created, object.namespace, object.name) < (other.created, other.object.namespace, other.object.name)
    }

    static func < (a: ClaimOrder, b: ClaimOrder) -> Bool {
        if a.rank != b.rank { return a.rank < b.rank }
        if a.created != b.created { return a.created < b.created }
        if a.object != b.object { return (a.object.namespace, a.object.name) < (b.object.namespace, b.object.name) }
        return a.index < b.index
    }
}

/// A place in a routing map.
struct RoutingPlace: Hashable {
    /// `path-exact`, `path-prefix`, `sni` or `tcp-services`.
    let map: String
    let key: String
    /// The id of what requests have to match; empty for the route that takes the rest.
    var condition = ""

    /// The entry of the map, whatever requests have to match.
    var entry: RoutingPlace { condition.isEmpty ? self : RoutingPlace(map: map, key: key) }

    /// The place that a host's TLS connections are passed through by.
    static func passthrough(_ host: String) -> RoutingPlace { RoutingPlace(map: "sni", key: SectionNames.hostKey(host)) }
}

/// The plan of an (Ingress, Service) pair, and how many routes in force use it.
final class PlannedContext {
    private(set) var plan: RoutePlan
    /// The id of the settings.
    let settings: String
    /// Who uses what the plan contributes.
    let user: RuleUser
    var uses = 0

    /// - Parameter created: when the Ingress was created.
    init(_ plan: RoutePlan, created: String) {
        self.plan = plan
        let context = plan.contribution.context
        user = RuleUser(created: created, object: context.ingress ?? context.service)
        settings = plan.settingsID
    }

    var context: RouteContext { plan.contribution.context }

    /// Enters the plan's rules and stick tables, of which those of many plans are equal: they are in memory once.
    func enter(_ table: inout RuleTable) {
        plan.contribution.share(rules: { table.add($0, by: user) }, stickTables: { table.add($0, by: user) })
    }

    func leave(_ table: inout RuleTable) {
        for owned in plan.contribution.rules { table.remove(owned, by: user) }
        for stickTable in plan.contribution.stickTables { table.remove(stickTable, by: user) }
    }
}

/// A route that an object asks for. The first claim of a place has it.
final class RouteClaim {
    let order: ClaimOrder
    let place: RoutingPlace
    let host: String
    let path: String
    /// nil for a default backend.
    let pathType: PathType?
    let port: PortReference?
    let planned: PlannedContext
    /// What requests have to match; nil where TLS is passed through.
    @Rare private(set) var condition: RouteCondition?
    @Rare private var ownSubject: Finding?

    var isInForce = false
    /// The table of backends holds it as long as it has users.
    weak var backend: LiveBackend?
    var unavailable: String?
    /// What is wrong with it now: somebody else has the place, or its Service is missing.
    @Rare var finding: Finding?

    /// - Parameter subject: what a finding about the Service is about; without it the Ingress's `spec`.
    init(
        order: ClaimOrder, place: RoutingPlace, host: String, path: String, pathType: PathType?, port: PortReference?,
        planned: PlannedContext, condition: RouteCondition? = nil, subject: Finding? = nil
    ) {
        self.order = order
        self.place = place
        self.host = host
        self.path = path
        self.pathType = pathType
        self.port = port
        self.planned = planned
        self.condition = condition
        ownSubject = subject
    }

    /// nil for the operator's own.
    var ingress: ObjectKey? { planned.context.ingress }
    var service: ObjectKey { planned.context.service }
    /// What a finding about the Service is about.
    var subject: Finding { ownSubject ?? Finding(.error, object: ingress, key: "spec", "") }
    var isTCPService: Bool { planned.context.isTCPService }

    /// Whether it takes what nobody else has of a host, or all TLS connections to it.
    var isHostWide: Bool {
        place.map == "sni" || !host.isEmpty && (order.rank == .ingressDefault || order.rank == .passthroughRest)
    }

    /// What the routing map says; nil where a TCP service has no backend.
    var value: String? {
        let target: String
        if let backend {
            target = backend.name
        } else {
            guard !isTCPService else { return nil }
            target = place.map == "sni" ? SectionNames.unavailableTCP : SectionNames.unavailable
        }
        // Connections that are closed have settings too: what they do not reach is still logged by them.
        if place.map == "sni", backend == nil { return "\(target).\(planned.settings)" }
        return planned.settings.isEmpty || isTCPService ? target : "\(target).\(planned.settings)"
    }

    /// As `explain` shows it.
    var route: Route {
        Route(
            ingress: ingress, host: host, path: path, pathType: pathType, service: service, port: port,
            destination: backend.map { .backend($0.name) } ?? .unavailable(unavailable ?? "there is no backend"),
            settings: planned.settings, isPassthrough: place.map == "sni", condition: condition, context: planned.context)
    }
}

extension Array where Element == RouteClaim {
    /// Where a claim of this order is or would be.
    private func position(of order: ClaimOrder) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].order < order { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Where the claims that come after a rank begin.
    func end(of rank: ClaimOrder.Rank) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if self[middle].order.rank <= rank { low = middle + 1 } else { high = middle }
        }
        return low
    }

    mutating func insertInOrder(_ claim: RouteClaim) { insert(claim, at: position(of: claim.order)) }

    mutating func removeInOrder(_ claim: RouteClaim) {
        let index = position(of: claim.order)
        if index < count, self[index] === claim { remove(at: index) }
    }
}
