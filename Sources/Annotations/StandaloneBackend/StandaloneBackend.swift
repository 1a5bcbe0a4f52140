import Core

/// A backend for one Ingress alone.
public struct StandaloneBackend: RouteAnnotation {
    static let isEnabled = AnnotationKey(
        "standalone-backend", .bool, scopes: [.ingress, .service], default: "false", acts: .routing, update: .reload,
        since: "1.10",
        summary: "Gives the Ingress a backend of its own for each of its Services, even where another Ingress wants the same.")

    public static let reference = AnnotationReference(
        family: "standalone-backend", title: "A backend of one's own",
        summary: """
            Ingresses that lead to the same port of a Service, and ask the same of its backend, share one backend: they have its \
            connection counts, queue and health checks in common. With this key an Ingress has them for itself, and the \
            statistics show its traffic apart. On a Service it holds for each Ingress that leads there.
            """,
        keys: [isEnabled.reference],
        examples: [
            AnnotationExample(
                "Statistics and connections of its own",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(annotations: [("standalone-backend", "true")]),
                    ExampleManifest.ingress(name: "partners", host: "partners.example.com"), ExampleManifest.service()),
                leadsTo: [
                    "maps/path-prefix.map: shop.example.com/ shop_svc_web_http_0a91d0b1cb40f8ef",
                    "maps/path-prefix.map: partners.example.com/ shop_svc_web_http", "backend shop_svc_web_http",
                    "backend shop_svc_web_http_0a91d0b1cb40f8ef",
                ])
        ])

    public init?(_ values: AnnotationValues) throws {
        guard try values[Self.isEnabled] == true else { return nil }
    }

    public func contribute(to route: inout RouteContribution) throws { route.isStandalone = true }
}
