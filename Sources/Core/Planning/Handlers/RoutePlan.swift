/// What the handlers make of one (Ingress, Service) pair.
struct RoutePlan {
    var contribution: RouteContribution
    /// Why the route answers 503: a protection that cannot be built.
    var closedReason: String?
    /// Whether the route must not be made at all: what decides who takes it cannot be built.
    var isLeftOut = false
    var findings: [Finding] = []
    var inForce: [ValueInForce] = []

    /// The id of the route's settings: the same for routes with equal ones; empty when there are none.
    var settingsID: String {
        let values = contribution.values
        guard !values.isEmpty else { return "" }
        return StableID.make(values.keys.sorted().flatMap { [$0, values[$0] ?? ""] })
    }

    /// Records why a handler's setting cannot be.
    mutating func recordFailure(_ error: any Error, of handler: any RouteAnnotation.Type) {
        let finding = (error as? AnnotationError)?.finding ?? Finding(.error, object: contribution.context.ingress, "\(error)")
        findings.append(finding)
        let reference = handler.reference
        guard reference.isProtection || reference.unreadable == .closes else { return }
        closedReason = finding.description
        isLeftOut = isLeftOut || reference.isProtection && handler is any RoutingAnnotation.Type
    }
}

/// An annotation in force on a route, and where its value came from.
public struct ValueInForce: Hashable, Sendable {
    public let key: String
    public let value: String
    public let scope: Scope
    public let object: ObjectKey
}
