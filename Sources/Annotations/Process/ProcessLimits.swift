import Core

/// The size of the HAProxy process.
public struct ProcessLimits: GlobalAnnotation {
    static let connections = AnnotationKey(
        "maxconn", .integer(1...Int(Int32.max)).described(example: "20000"), scopes: [.configMap], acts: .global,
        update: .runtime, since: "1.4",
        summary: """
            How many connections of clients HAProxy serves at a time; more wait. Without it HAProxy takes what its limit of open \
            files allows. More than at the last reload takes another one.
            """)

    static let softStop = AnnotationKey(
        "hard-stop-after", .duration(atLeast: .milliseconds(1)), scopes: [.configMap], default: "30m", acts: .global,
        update: .reload,
        since: "1.4",
        summary: "How long connections that are open at a reload or stop may go on in the old process before they are cut.")

    public static let reference = AnnotationReference(
        family: "process", title: "Process limits",
        summary: "What the whole HAProxy process may use and how long an old one may live on after a reload.",
        keys: [connections.reference, softStop.reference],
        examples: [
            AnnotationExample(
                "20000 connections, and a minute for those of an old process",
                manifest: ExampleManifest.configMap([("maxconn", "20000"), ("hard-stop-after", "1m")]),
                leadsTo: ["maxconn 20000", "hard-stop-after 1m"])
        ])

    let connections: Resolved<Int>?
    let softStop: Resolved<Duration>?

    public init?(_ values: AnnotationValues) throws {
        connections = try values.resolved(Self.connections)
        softStop = try values.resolved(Self.softStop)
    }

    public func contribute(to global: inout GlobalContribution) throws {
        if let connections { global.limitConnections(to: connections.value, from: connections.origin) }
        global.global("hard-stop-after \(softStop?.value ?? .seconds(30 * 60))", from: softStop?.origin ?? Origin(key: "process"))
    }
}
