import Core

/// Which connections are logged, and when.
public struct LogOptions: GlobalAnnotation {
    static let ignoresNull = AnnotationKey(
        "dontlognull", .bool, scopes: [.configMap], default: "true", acts: .defaults, update: .reload, since: "1.4",
        summary: "Connections over which no data came, such as those of port scans and load balancers' checks, are not logged.")

    static let isEarly = AnnotationKey(
        "logasap", .bool, scopes: [.configMap], default: "false", acts: .defaults, update: .reload, since: "1.4",
        summary: "Logs a request as soon as the headers of the response are complete instead of at its end.")

    public static let reference = AnnotationReference(
        family: "logging", title: "What is logged when",
        summary: """
            With logasap long downloads and streams show up in the log when they begin. What is not known by then, the total \
            time and the bytes, has a `+` in front and the value so far.
            """,
        keys: [ignoresNull.reference, isEarly.reference],
        examples: [
            AnnotationExample(
                "Every connection, at once",
                manifest: ExampleManifest.configMap([("dontlognull", "false"), ("logasap", "true")]),
                leadsTo: ["option logasap"])
        ])

    let ignoresNull: Resolved<Bool>?
    let isEarly: Resolved<Bool>?

    public init?(_ values: AnnotationValues) throws {
        ignoresNull = try values.resolved(Self.ignoresNull)
        isEarly = try values.resolved(Self.isEarly)
    }

    public func contribute(to global: inout GlobalContribution) throws {
        if ignoresNull?.value ?? true { global.defaults("option dontlognull", from: ignoresNull?.origin) }
        if let isEarly, isEarly.value { global.defaults("option logasap", from: isEarly.origin) }
    }
}
