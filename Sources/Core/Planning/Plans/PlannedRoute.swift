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

/// A route that an object asks for.
struct PlannedRoute {
    let order: ClaimOrder
    let place: RoutingPlace
    let host: String
    let path: String
    /// nil for a default backend.
    let pathType: PathType?
    let port: PortReference?
    let planned: PlannedContext
    /// What requests have to match; nil where TLS is passed through.
    var condition: RouteCondition?
    /// What a finding about the Service is about; nil for the Ingress's `spec`.
    var subject: Finding?
}

/// The plan of an (Ingress, Service) pair, and how many routes in force use it.
final class PlannedContext {
    var plan: RoutePlan
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
}
