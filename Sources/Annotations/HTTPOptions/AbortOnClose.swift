import Core

/// What happens to requests whose client has gone away.
public struct AbortOnClose: RouteAnnotation {
    static let isEnabled = AnnotationKey(
        "abortonclose", .bool, scopes: [.configMap, .ingress, .service], default: "false", acts: .backend, update: .reload,
        since: "1.4", summary: "Gives up a request whose client closes its connection before the answer comes.")

    public static let reference = AnnotationReference(
        family: "http-options", title: "Requests of clients that went away",
        summary: """
            People who lose patience press reload: the old request still waits for a pod, and the new one behind it. With \
            abortonclose the old one leaves the queue, and the connection of one that a pod works on already is closed. Clients \
            that close only their sending side and still wait for an answer lose it, which browsers never do.
            """,
        keys: [isEnabled.reference],
        examples: [
            AnnotationExample(
                "No work for clients that have left",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(), ExampleManifest.service(annotations: [("abortonclose", "true")])),
                leadsTo: ["option abortonclose"])
        ])

    let isOn: Bool

    public init?(_ values: AnnotationValues) throws {
        isOn = try values[Self.isEnabled] ?? false
        // HAProxy's own default from 3.3 on is to give up.
        guard isOn || values.environment.capabilities.isAtLeast(3, 3) else { return nil }
    }

    public func contribute(to route: inout RouteContribution) throws {
        if isOn { route.backend.commonOption("abortonclose") } else { route.backend.option("no option abortonclose") }
    }
}
