import Core

/// Timeouts of connections with pods: one value for all, and others for single Ingresses and Services.
public struct ServerTimeouts: GlobalAnnotation, RouteAnnotation {
    static let timeouts = [
        Timeout(
            "connect", scopes: [.configMap, .ingress, .service], default: .seconds(5), acts: .backend, example: "2s",
            summary: "How long a connection to a pod may take to be established."),
        Timeout(
            "queue", scopes: [.configMap, .ingress, .service], default: .seconds(5), acts: .backend, example: "30s",
            summary: "How long a request may wait for a free connection to a pod before it is answered with 503."),
        Timeout(
            "server", scopes: [.configMap, .ingress, .service], default: .seconds(50), acts: .backend, example: "2m",
            summary: "How long a pod may be silent while it is expected to answer or to acknowledge data."),
        Timeout(
            "server-fin", scopes: [.configMap, .ingress, .service], acts: .backend, example: "5s",
            summary: "The same for connections that one side has closed already. Without it, timeout-server counts."),
        Timeout(
            "tunnel", scopes: [.configMap, .ingress, .service], default: .seconds(3600), acts: .backend, example: "12h",
            summary: "How long a WebSocket or other upgraded connection may be silent in both directions."),
    ]

    public static let reference = AnnotationReference(
        family: "timeouts", title: "Timeouts of connections with pods",
        summary: """
            The ConfigMap's values, or the defaults, are for all backends. An Ingress sets others for the backends of its \
            Services, a \
            Service for its own. Theirs have a limit, a day unless `--limits timeout-seconds` says otherwise; a longer one is \
            refused, and the ConfigMap's is in force.
            """,
        keys: timeouts.map(\.key.reference),
        examples: [
            AnnotationExample(
                "A Service that takes its time",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(), ExampleManifest.service(annotations: [("timeout-server", "5m")])),
                leadsTo: ["timeout server 5m"]),
            AnnotationExample(
                "WebSockets that stay open over night, and little patience with pods that do not answer",
                manifest: ExampleManifest.join(
                    ExampleManifest.configMap([("timeout-connect", "1s"), ("timeout-queue", "2s")]),
                    ExampleManifest.ingress(annotations: [("timeout-tunnel", "12h"), ("timeout-server-fin", "5s")]),
                    ExampleManifest.service()),
                leadsTo: ["timeout connect 1s", "timeout queue 2s", "timeout tunnel 12h", "timeout server-fin 5s"]),
        ])

    let settings: [Timeout.Setting]

    public init?(_ values: AnnotationValues) throws {
        settings = try Self.timeouts.compactMap { try $0.setting(values) }
        if values.areForRoute, settings.allSatisfy({ $0.scope ?? .configMap <= .configMap }) { return nil }
    }

    public func contribute(to global: inout GlobalContribution) throws {
        for setting in settings { global.defaults(setting.line, from: setting.origin) }
    }

    public func contribute(to route: inout RouteContribution) throws {
        for setting in settings where setting.scope ?? .configMap > .configMap {
            route.backend.option(setting.line, from: setting.origin)
        }
    }
}
