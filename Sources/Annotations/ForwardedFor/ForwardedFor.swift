import Core

/// The client's address for the pods, in X-Forwarded-For.
public struct ForwardedFor: RouteAnnotation {
    static let isEnabled = AnnotationKey(
        "forwarded-for", .bool, scopes: [.configMap, .ingress, .service], default: "true", acts: .backend, update: .reload,
        since: "1.4", summary: "Adds a header X-Forwarded-For with the client's address to the requests that the pods get.")

    public static let reference = AnnotationReference(
        family: "forwarded-for", title: "X-Forwarded-For",
        summary: """
            Pods see HAProxy as their client. So that they learn who asked, HAProxy appends an X-Forwarded-For header with the \
            client's address: the one that src-ip-header names where that is set. Headers that the client sent itself stay in \
            front of \
            it; only the last one is trustworthy.
            """,
        keys: [isEnabled.reference],
        examples: [
            AnnotationExample(
                "Off for all pods but those of one Ingress",
                manifest: ExampleManifest.join(
                    ExampleManifest.configMap([("forwarded-for", "false")]),
                    ExampleManifest.ingress(annotations: [("forwarded-for", "true")]), ExampleManifest.service()),
                leadsTo: ["option forwardfor"])
        ])

    public init?(_ values: AnnotationValues) throws {
        guard try values[Self.isEnabled] ?? true else { return nil }
    }

    public func contribute(to route: inout RouteContribution) throws {
        route.backend.httpOption("option forwardfor")
    }
}
