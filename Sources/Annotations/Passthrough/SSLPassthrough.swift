import Core

/// TLS that is not ended here but goes through to the pod.
public struct SSLPassthrough: RoutingAnnotation {
    static let isEnabled = AnnotationKey(
        "ssl-passthrough", .bool, scopes: [.configMap, .ingress, .service], default: "false", acts: .routing, update: .reload,
        since: "1.4",
        summary: """
            Hands TLS connections for the route's host to the pods as they are, chosen by the name in the TLS handshake (SNI). \
            The \
            pods hold the certificate.
            """)

    public static let reference = AnnotationReference(
        family: "passthrough", title: "TLS passthrough",
        summary: """
            HAProxy reads the host name that the client sends in clear at the beginning of the handshake, chooses the Service \
            by it and \
            copies bytes from then on. It cannot see requests, so paths are not told apart and annotations about requests, \
            responses \
            or cookies have no effect on such a route; a route that is to be protected by authentication is closed.

            All TLS connections to the host go to the pods, whatever the path. So the namespace of the oldest Ingress with a rule \
            for the host decides (`--host-ownership`): the route of another namespace is closed, and paths that another \
            namespace has are reached by plain HTTP alone. A request for the host over a connection for another host is answered \
            with 421, so that the client opens one of its own. A rule without host cannot be passed through and is closed.
            """,
        keys: [isEnabled.reference], unreadable: .closes,
        examples: [
            AnnotationExample(
                "Pods that end TLS themselves",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(annotations: [("ssl-passthrough", "true")]), ExampleManifest.service()),
                leadsTo: [
                    "tcp-request content set-var(txn.route) var(txn.host),map_str(maps/sni.map)",
                    "maps/sni.map: shop.example.com shop_svc_web_http",
                ])
        ])

    public init?(_ values: AnnotationValues) throws {
        guard try values[Self.isEnabled] == true else { return nil }
    }

    public func contribute(to route: inout RouteContribution) throws {
        route.isPassthrough = true
    }
}
