import Core

/// One of HAProxy's timeouts (configuration manual, section 4.2, `timeout ...`) and the key that sets it.
struct Timeout: Sendable {
    /// What follows the word `timeout`, such as `http-request`.
    let name: String
    let key: AnnotationKey<Duration>
    let defaultValue: Duration?

    init(
        _ name: String, scopes: Set<Scope>, default defaultValue: Duration? = nil, acts: ConfigurationPart, example: String,
        summary: String
    ) {
        self.name = name
        self.defaultValue = defaultValue
        // HAProxy's timers count milliseconds.
        key = AnnotationKey(
            "timeout-\(name)", .duration(atLeast: .milliseconds(1)), scopes: scopes, default: defaultValue?.haproxyNotation,
            acts: acts,
            update: .reload, since: "1.4", example: example, summary: summary)
    }

    /// The timeout in force; nil when there is neither a value nor a default.
    func setting(_ values: AnnotationValues) throws -> Setting? {
        let resolved = try values.boundedTimeout(key)
        guard let value = resolved?.value ?? defaultValue else { return nil }
        return Setting(name: name, value: value, scope: resolved?.scope, origin: resolved?.origin ?? Origin(key: "timeouts"))
    }

    struct Setting: Hashable, Sendable {
        let name: String
        let value: Duration
        /// Where it was written; nil for the default.
        let scope: Scope?
        let origin: Origin

        var line: Directive { "timeout \(raw: name) \(value)" }
    }
}

extension AnnotationValues {
    /// A timeout of connections with pods. A tenant's that is longer than the operator allows counts as absent: connections that wait
    /// take room that all tenants share, in HAProxy and in its workers from before a reload.
    func boundedTimeout(_ key: AnnotationKey<Duration>) throws -> Resolved<Duration>? {
        guard let asked = try resolved(key) else { return nil }
        let longest = Duration.seconds(environment.limits[.timeout])
        guard asked.scope > .configMap, asked.value > longest else { return asked }
        note(
            asked.error(
                "is longer than \(longest.haproxyNotation); \(environment.limits.description(of: .timeout))",
                expected: "at most \(longest.haproxyNotation)"))
        return nil
    }
}
