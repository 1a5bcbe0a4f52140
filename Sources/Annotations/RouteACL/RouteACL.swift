import Core

/// A condition on requests beside host and path: canaries.
public struct RouteACL: RoutingAnnotation {
    static let acl = AnnotationKey(
        "route-acl", .acl, scopes: [.service], acts: .routing, update: .reload, since: "1.6",
        summary: "An ACL of HAProxy's: the paths that lead to the Service take only requests that match it.")

    public static let reference = AnnotationReference(
        family: "route-acl", title: "Routing by more than host and path",
        summary: """
            A canary is a second Service for paths that a first one has: both stand in the rules, in one Ingress or in two, and \
            the ACL on the second decides which requests it gets. A path that has no other Service falls back to what the \
            request would get without it: a shorter path of the same host, the default backend, or 404. Where several canaries \
            of one path match, the one of the older Ingress is taken. The paths of other namespaces are not for canaries: all \
            routes at one host and path are of the namespace that was there first (`--host-ownership`).

            The ACL is an expression, flags and values, as between the braces of HAProxy's anonymous ACLs; a `!` in front turns \
            it round. It reads the request and nothing else: [Expressions](../expressions.md) lists what it may be made of. \
            Quotes and backslashes are read as in HAProxy's configuration, and what counts is the word inside them: a value \
            cannot be empty, `{`, `}`, `||`, `or`, `if`, `unless` or `!`. Addresses are numbers, not names. A Service whose ACL \
            cannot be used gets no requests. Annotations of the canary's own Ingress hold for the requests that it takes.

            The first use of an ACL takes a reload, a further path or Service with the same ACL does not. Where TLS is passed \
            through there are no requests to look at, and the Service gets no connections.

            All conditions of a namespace, and of all namespaces together, have a bound (`--limits namespace-conditions`, \
            `conditions`), in which those of older routes come first.

            \(PathNormalization.note)
            """,
        keys: [acl.reference], isProtection: true,
        examples: [
            AnnotationExample(
                "Requests with a cookie go to the next version",
                manifest: canary("cookie(staging) -m found"),
                leadsTo: ["{ cookie(staging) -m found }", "maps/host.map: shop.example.com shop.example.com"]),
            AnnotationExample(
                "A tenth of the requests goes to the next version", manifest: canary("rand(100) lt 10"),
                leadsTo: ["{ rand(100) lt 10 }"]),
        ])

    /// Two Services behind one path, the second with an ACL.
    private static func canary(_ acl: String) -> String {
        ExampleManifest.join(
            ExampleManifest.ingress(), ExampleManifest.service(),
            ExampleManifest.ingress(name: "web-next", service: "web-next"),
            ExampleManifest.service(name: "web-next", annotations: [("route-acl", acl)]))
    }

    let condition: ACLExpression
    let origin: Origin

    public init?(_ values: AnnotationValues) throws {
        guard let condition = try values.resolved(Self.acl) else { return nil }
        self.condition = condition.value
        origin = condition.origin
    }

    public func contribute(to route: inout RouteContribution) throws {
        route.condition = RouteCondition(condition.directive, isNegated: condition.isNegated, from: origin)
    }
}
