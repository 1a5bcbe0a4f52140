import Core

/// The host that pods are asked for.
public struct HostHeader: RouteAnnotation {
    static let host = AnnotationKey(
        "set-host", .hostAndPort, scopes: [.configMap, .ingress], acts: .frontend, update: .map, since: "1.4",
        example: "web.internal.example.com",
        summary: "The Host header that pods get in place of the client's; which route takes a request does not depend on it.")

    public static let reference = AnnotationReference(
        family: "headers", title: "Host for the pods",
        summary: """
            Pods that serve one name only, or that are behind a virtual host of another name, get that name as the Host of every \
            request. Routes, redirects and certificates go by the host that the client asked for.
            """,
        keys: [host.reference],
        examples: [
            AnnotationExample(
                "A pod that knows itself by another name",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(annotations: [("set-host", "web.internal.example.com")]), ExampleManifest.service()),
                leadsTo: ["http-request set-header Host %[", "maps/set-host.map: web.internal.example.com"])
        ])

    let value: HostAndPort

    public init?(_ values: AnnotationValues) throws {
        guard let value = try values[Self.host] else { return nil }
        self.value = value
    }

    public func contribute(to route: inout RouteContribution) throws {
        try route.set("set-host", to: value.description)
        route.use(Self.rules)
    }

    private static let rules = FrontendRules(
        id: "set-host", phase: .headers,
        [
            "http-request set-var(txn.set_host) \(routeValue: "set-host")",
            "http-request set-header Host %[var(txn.set_host)] if { var(txn.set_host) -m found }",
        ],
        inlined: { values in values["set-host"].map { ["http-request set-header Host \(literal: $0)"] } ?? [] })
}
