import Core

/// Keeps some networks out.
public struct DenyList: RouteAnnotation {
    static let key = AnnotationKey(
        "deny-list", .addresses, scopes: [.configMap, .ingress], acts: .frontend, update: .map, since: "1.11",
        olderNames: ["blacklist"], example: "203.0.113.0/24",
        summary: "The networks that may not use the route; requests from them are answered with 403.")

    public static let reference = AnnotationReference(
        family: "access-control", title: "Denied sources",
        summary: """
            Requests whose source address is in one of the networks get 403 Forbidden; where TLS is passed through, the \
            connection is closed. With an allow-list too, a client must be in that list and not in this one.

            The address is the one after `src-ip-header`. A list that cannot be read closes the route.

            \(PathNormalization.note)
            """,
        keys: [key.reference], isProtection: true,
        examples: [
            AnnotationExample(
                "Keep a network out",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(annotations: [("deny-list", "203.0.113.0/24")]), ExampleManifest.service()),
                leadsTo: [
                    "http-request deny deny_status 403 if { var(txn.deny_list) -m found } { var(txn.deny_list_hit) -m found }"
                ])
        ])

    let source: Resolved<AddressSource>

    public init?(_ values: AnnotationValues) throws {
        guard let source = try values.resolved(Self.key) else { return nil }
        self.source = source
    }

    public func contribute(to route: inout RouteContribution) throws {
        route.set("deny-list", to: try route.addresses(source))
        route.use(.source)
        route.use(AddressRules.rules("deny-list", variable: "deny_list", isAllowed: false))
    }
}
