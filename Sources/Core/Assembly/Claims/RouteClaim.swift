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

    init(_ route: PlannedRoute) {
        order = route.order
        place = route.place
        host = route.host
        path = route.path
        pathType = route.pathType
        port = route.port
        planned = route.planned
        condition = route.condition
        ownSubject = route.subject
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

extension PlannedContext {
    /// Enters the plan's rules and stick tables, of which those of many plans are equal: they are in memory once.
    func enter(_ table: inout RuleTable) {
        plan.contribution.share(rules: { table.add($0, by: user) }, stickTables: { table.add($0, by: user) })
    }

    func leave(_ table: inout RuleTable) {
        for owned in plan.contribution.rules { table.remove(owned, by: user) }
        for stickTable in plan.contribution.stickTables { table.remove(stickTable, by: user) }
    }
}
