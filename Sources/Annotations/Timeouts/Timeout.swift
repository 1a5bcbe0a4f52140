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
        let resolved = try values.resolved(key)
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
