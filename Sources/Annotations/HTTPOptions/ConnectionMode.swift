import Core

/// How long HTTP connections are kept.
public struct ConnectionMode: GlobalAnnotation {
    static let mode = AnnotationKey(
        "http-connection-mode", .choice("http-keep-alive", "http-server-close", "httpclose"), scopes: [.configMap],
        default: "http-keep-alive", acts: .defaults, update: .reload, since: "1.8",
        summary: """
            Whether connections are kept for further requests: on both sides (http-keep-alive), only the client's \
            (http-server-close) or none (httpclose).
            """)

    static let keepsAlive = AnnotationKey(
        "http-keep-alive", .bool, scopes: [.configMap], default: "true", acts: .defaults, update: .reload, since: "1.4",
        summary: "Older form of http-connection-mode; false means httpclose.")

    static let closesServer = AnnotationKey(
        "http-server-close", .bool, scopes: [.configMap], default: "false", acts: .defaults, update: .reload, since: "1.4",
        summary: "Older form of http-connection-mode; true means http-server-close.")

    public static let reference = AnnotationReference(
        family: "http-options", title: "Connection mode",
        summary: """
            HAProxy keeps clients' connections open for their next requests, and connections to pods for anybody's. Closing those \
            to the pods costs every request a connection and suits pods that handle few connections at a time; closing both also \
            costs clients a TLS handshake for each request.

            http-connection-mode wins over the two older keys. Of these, http-keep-alive set to false says more than \
            http-server-close. Connections over HTTP/2 stay open in all modes.
            """,
        keys: [mode.reference, keepsAlive.reference, closesServer.reference],
        examples: [
            AnnotationExample(
                "A connection of its own to the pod for every request",
                manifest: ExampleManifest.configMap([("http-connection-mode", "http-server-close")]),
                leadsTo: ["option http-server-close"]),
            AnnotationExample(
                "The same in the older form",
                manifest: ExampleManifest.configMap([("http-keep-alive", "true"), ("http-server-close", "true")]),
                leadsTo: ["option http-server-close"]),
        ])

    let option: String
    let origin: Origin?

    public init?(_ values: AnnotationValues) throws {
        let mode = try values.resolved(Self.mode)
        let keepsAlive = try values.resolved(Self.keepsAlive)
        let closesServer = try values.resolved(Self.closesServer)
        let older = Self.older(keepsAlive: keepsAlive, closesServer: closesServer)
        if let mode {
            for key in [keepsAlive, closesServer].compactMap({ $0 }) where older?.option != mode.value {
                values.warn(key, "is not read because http-connection-mode is given too")
            }
            (option, origin) = (mode.value, mode.origin)
            return
        }
        if let keepsAlive, let closesServer, !keepsAlive.value, closesServer.value {
            values.warn(closesServer, "has no effect because http-keep-alive is false, which closes the client's connection too")
        }
        (option, origin) = older ?? ("http-keep-alive", nil)
    }

    private static func older(
        keepsAlive: Resolved<Bool>?, closesServer: Resolved<Bool>?
    ) -> (option: String, origin: Origin?)? {
        if let keepsAlive, !keepsAlive.value { return ("httpclose", keepsAlive.origin) }
        if let closesServer, closesServer.value { return ("http-server-close", closesServer.origin) }
        guard let given = keepsAlive ?? closesServer else { return nil }
        return ("http-keep-alive", given.origin)
    }

    public func contribute(to global: inout GlobalContribution) throws {
        global.defaults("option \(option)", from: origin)
    }
}
