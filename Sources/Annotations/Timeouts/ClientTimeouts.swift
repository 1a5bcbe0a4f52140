import Core

/// Timeouts of connections with clients.
public struct ClientTimeouts: GlobalAnnotation {
    static let timeouts = [
        Timeout(
            "client", scopes: [.configMap], default: .seconds(50), acts: .defaults, example: "1m",
            summary: "How long a client may be silent while it is expected to send or to acknowledge data."),
        Timeout(
            "client-fin", scopes: [.configMap], acts: .defaults, example: "5s",
            summary: "The same for connections that one side has closed already. Without it, timeout-client counts."),
        Timeout(
            "http-request", scopes: [.configMap], default: .seconds(5), acts: .defaults, example: "10s",
            summary: "How long a client may take to send the complete headers of a request."),
        Timeout(
            "http-keep-alive", scopes: [.configMap], default: .seconds(60), acts: .defaults, example: "10s",
            summary: "How long an idle connection is kept for the client's next request."),
    ]

    public static let reference = AnnotationReference(
        family: "timeouts", title: "Timeouts of client connections",
        summary:
            "They are the same for all routes, because HAProxy waits for a client before it knows which route it will ask for.",
        keys: timeouts.map(\.key.reference),
        examples: [
            AnnotationExample(
                "Slow clients",
                manifest: ExampleManifest.configMap([("timeout-client", "2m"), ("timeout-http-request", "20s")]),
                leadsTo: ["timeout client 2m", "timeout http-request 20s"]),
            AnnotationExample(
                "Idle and half-closed connections go soon",
                manifest: ExampleManifest.configMap([("timeout-http-keep-alive", "10s"), ("timeout-client-fin", "5s")]),
                leadsTo: ["timeout http-keep-alive 10s", "timeout client-fin 5s"]),
        ])

    let settings: [Timeout.Setting]

    public init?(_ values: AnnotationValues) throws {
        settings = try Self.timeouts.compactMap { try $0.setting(values) }
    }

    public func contribute(to global: inout GlobalContribution) throws {
        for setting in settings { global.defaults(setting.line, from: setting.origin) }
    }
}
