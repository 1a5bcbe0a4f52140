import Core

/// Lets only some networks in.
public struct AllowList: RouteAnnotation {
    static let key = AnnotationKey(
        "allow-list", .addresses, scopes: [.configMap, .ingress], acts: .frontend, update: .map, since: "1.11",
        olderNames: ["whitelist"],
        summary: "The networks that may use the route; requests from anywhere else are answered with 403.")

    public static let reference = AnnotationReference(
        family: "access-control", title: "Allowed sources",
        summary: """
            Requests whose source address is in none of the networks get 403 Forbidden; where TLS is passed through, the \
            connection is closed. `patterns/NAME` takes the networks from key NAME of the ConfigMap that \
            `--configmap-patternfiles` names, one a line, so that many Ingresses share a list.

            The address is the one after `src-ip-header`. A list that cannot be read closes the route.

            \(PathNormalization.note)
            """,
        keys: [key.reference], isProtection: true,
        examples: [
            AnnotationExample(
                "Only from the office and the VPN",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(annotations: [("allow-list", "192.0.2.0/24, 2001:db8:7::/48")]),
                    ExampleManifest.service()),
                leadsTo: [
                    "http-request deny deny_status 403 if { var(txn.allow_list) -m found } !{ var(txn.allow_list_hit) -m found }"
                ]),
            AnnotationExample(
                "A list that Ingresses share, with `--configmap-patternfiles default/haproxy-patterns`",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(annotations: [("allow-list", "patterns/office")]), ExampleManifest.service(),
                    ExampleManifest.patternFiles([("office", "# first floor\n192.0.2.0/24\n2001:db8:7::/48\n")])),
                leadsTo: ["maps/addresses.map: 192.0.2.0/24"]),
        ])

    let source: Resolved<AddressSource>

    public init?(_ values: AnnotationValues) throws {
        guard let source = try values.resolved(Self.key) else { return nil }
        self.source = source
    }

    public func contribute(to route: inout RouteContribution) throws {
        route.set("allow-list", to: try route.addresses(source))
        route.use(.source)
        route.use(AddressRules.rules("allow-list", variable: "allow_list", isAllowed: true))
    }
}
