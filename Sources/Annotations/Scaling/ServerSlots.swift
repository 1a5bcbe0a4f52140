import Core

/// How many servers are provisioned where none can be added at run time.
public struct ServerSlots: RouteAnnotation {
    static let slots = AnnotationKey(
        "scale-server-slots", .integer(1...1000).described(example: "42"), scopes: [.configMap, .ingress, .service],
        default: "42", acts: .backend, update: .reload, since: "1.4", olderNames: ["servers-increment", "server-slots"],
        summary: "The number of server slots that a backend begins with and grows by, where HAProxy takes no servers at run time."
    )

    public static let reference = AnnotationReference(
        family: "scaling", title: "Server slots",
        summary: """
            Almost always HAProxy is given new pods while it runs and this setting means nothing. With the load-balancing \
            algorithm static-rr it cannot be: there the backend has spare server lines that new pods move into, and only when \
            they are used up HAProxy reloads with as many more.
            """,
        keys: [slots.reference],
        examples: [
            AnnotationExample(
                "Room for ten pods",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(),
                    ExampleManifest.service(annotations: [("load-balance", "static-rr"), ("scale-server-slots", "10")])),
                leadsTo: ["server slot_1 10.1.0.1:8080", "server slot_10 127.0.0.1:1 disabled"])
        ])

    let step: Int

    public init?(_ values: AnnotationValues) throws {
        guard let step = try values[Self.slots] else { return nil }
        self.step = step
    }

    public func contribute(to route: inout RouteContribution) throws { route.backend.provisionSlots(inStepsOf: step) }
}
