import Core

/// How many requests a pod works on at the same time.
public struct PodMaxconn: RouteAnnotation {
    static let maxconn = AnnotationKey(
        "pod-maxconn", .integer(0...Int(Int32.max)), scopes: [.configMap, .ingress, .service], acts: .server, update: .runtime,
        since: "1.4",
        summary: """
            The number of connections, that is of requests under way, that each pod gets at the same time from all replicas of \
            the controller together; 0 is no limit.
            """)

    public static let reference = AnnotationReference(
        family: "pod-maxconn", title: "Connections of a pod",
        summary: """
            Requests beyond the number wait in HAProxy until a pod has finished one, and are answered with 503 when that takes \
            too long. Each replica of the controller allows its share, rounded up and at least one; when replicas come or go \
            the shares change. Neither that nor another number takes a reload, except for Services of type ExternalName.
            """,
        keys: [maxconn.reference],
        examples: [
            AnnotationExample(
                "Thirty requests at a time",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(), ExampleManifest.service(annotations: [("pod-maxconn", "30")])),
                leadsTo: ["default-server maxconn 30"])
        ])

    let limit: Resolved<Int>

    public init?(_ values: AnnotationValues) throws {
        guard let limit = try values.resolved(Self.maxconn), limit.value > 0 else { return nil }
        self.limit = limit
    }

    public func contribute(to route: inout RouteContribution) throws {
        let replicas = max(1, route.environment.controllerReplicas)
        // Not (limit + replicas - 1), which overflows for no good reason.
        let share = limit.value / replicas + (limit.value % replicas == 0 ? 0 : 1)
        route.backend.limitServers(to: share, from: limit.origin)
    }
}
