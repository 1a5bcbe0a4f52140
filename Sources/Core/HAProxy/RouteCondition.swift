/// An ACL of HAProxy's that requests of a route have to match (configuration manual, section 7.2 "Using ACLs to form conditions").
public struct RouteCondition: Hashable, Sendable {
    /// The ACL as it stands between braces.
    public let acl: Directive
    public let isNegated: Bool
    /// Who asked for it; does not make two conditions different.
    public let origin: Origin

    public init(_ acl: Directive, isNegated: Bool = false, from origin: Origin) {
        self.acl = acl
        self.isNegated = isNegated
        self.origin = origin
    }

    /// The condition as rules have it.
    public var text: String { "\(isNegated ? "!" : ""){ \(acl.text) }" }

    /// The steps that it takes to look at a request; see ``ExpressionBudget``.
    var cost: Growth { acl.cost ?? .zero }

    /// The same for equal conditions in every process.
    var id: String { StableID.make(text) }

    public static func == (a: RouteCondition, b: RouteCondition) -> Bool { a.acl == b.acl && a.isNegated == b.isNegated }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(acl)
        hasher.combine(isNegated)
    }
}
