import Core

/// Limits how many requests a client may make.
public struct RateLimit: RouteAnnotation {
    static let requests = AnnotationKey(
        "rate-limit-requests", .integer(1...1_000_000_000), scopes: [.configMap, .ingress], acts: .frontend, update: .map,
        since: "1.4", summary: "How many requests a client may make in one period; the next ones are refused.")
    static let period = AnnotationKey(
        "rate-limit-period", .duration(atLeast: .milliseconds(1)), scopes: [.configMap, .ingress], default: "1s", acts: .frontend,
        update: .map, since: "1.4",
        summary: "The period over which requests are counted; it slides. One that no route has used yet needs a reload.")
    static let size = AnnotationKey(
        "rate-limit-size", .size, scopes: [.configMap, .ingress], default: "100k", acts: .frontend, update: .reload, since: "1.4",
        summary: "How many clients are remembered at the same time; beyond it the oldest are forgotten.")
    static let status = AnnotationKey(
        "rate-limit-status-code", .refusalStatus, scopes: [.configMap, .ingress], default: "403", acts: .frontend, update: .map,
        since: "1.5",
        summary: "The status of the answer to a refused request.")
    static let exempt = AnnotationKey(
        "rate-limit-whitelist", .addresses, scopes: [.configMap, .ingress], acts: .frontend, update: .map, since: "3.2",
        summary: "Networks whose requests are neither counted nor refused.")

    public static let reference = AnnotationReference(
        family: "rate-limit", title: "Rate limits",
        summary: """
            Each client address may make so many requests in a period; one more gets the status code and does not reach a pod. \
            Refused requests count too, so that a client has to slow down before it is served again. Routes of a \
            namespace with the same limit, period and size count together: a client that is limited on one of them is limited on all \
            of them.

            The address is the one after `src-ip-header`; HAProxy's `show table` lists it in hexadecimal digits. The limit, the status and the exempt networks change without a \
             reload; a period or size that no other route has yet needs one, because each pair has a stick table of its own. Tenants' \
             tables have a largest size, one by one and together (`--limits rate-limit-entries=...,total-rate-limit-entries=...`).

             \(PathNormalization.note)
            """,
        keys: [requests.reference, period.reference, size.reference, status.reference, exempt.reference], isProtection: true,
        examples: [
            AnnotationExample(
                "Sixty requests a minute",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(annotations: [
                        ("rate-limit-requests", "60"), ("rate-limit-period", "1m"), ("rate-limit-status-code", "429"),
                    ]),
                    ExampleManifest.service()),
                leadsTo: [
                    "backend RateLimit-1m-102400",
                    "stick-table type string len 64 size 102400 expire 1m store http_req_rate(1m) peers localinstance",
                    "maps/rate-limit.map: 60|05c8b37331fa5a8e|1m-102400", "maps/rate-limit-status-code.map: 429",
                ]),
            AnnotationExample(
                "No limit for the office, and room for a million clients",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(annotations: [
                        ("rate-limit-requests", "20"), ("rate-limit-size", "1m"), ("rate-limit-whitelist", "192.0.2.0/24"),
                    ]),
                    ExampleManifest.service()),
                leadsTo: ["stick-table type string len 64 size 1048576 expire 1s", "maps/addresses.map: 192.0.2.0/24"]),
        ])

    let limit: Int
    /// The period and the size of the table, as map entries and the table's name end.
    let counting: String
    let table: StickTable
    let statusCode: Int
    let exempt: Resolved<AddressSource>?
    private let isOperators: Bool

    public init?(_ values: AnnotationValues) throws {
        guard let limit = try values[Self.requests] else {
            values.warnIdle(
                [Self.period.reference, Self.size.reference, Self.status.reference, Self.exempt.reference],
                "has no effect without rate-limit-requests")
            return nil
        }
        let period = try values.resolved(Self.period)
        let length = period?.value ?? .seconds(1)
        let asked = try values.resolved(Self.size)
        try asked?.require(asked?.value ?? 0, "entries", within: .rateLimitEntries, of: values.environment.limits)
        let size = asked?.value ?? min(102_400, values.environment.limits[.rateLimitEntries])
        // Without either it is the usual table, which is not a tenant's choice.
        isOperators = [period?.scope, asked?.scope].allSatisfy { $0 == nil || $0 == .configMap }
        self.limit = limit
        statusCode = try values[Self.status] ?? 403
        exempt = try values.resolved(Self.exempt)
        counting = "\(length.haproxyNotation)-\(size)"
        table = StickTable(
            name: "RateLimit-\(counting)", key: "type string len 64", entries: size,
            "expire \(length) store http_req_rate(\(length))")
    }

    public func contribute(to route: inout RouteContribution) throws {
        // HAProxy takes it for the limit where it wants a number; all of it tells the counters of different settings apart, and those
        // of different namespaces: else the page of one could have its visitors refused by another one.
        let namespace = (route.context.ingress ?? route.context.service).namespace
        try route.set("rate-limit", to: "\(limit)|\(StableID.make([namespace]))|\(counting)")
        try route.set("rate-limit-status-code", to: String(statusCode))
        route.use(table)
        route.use(Self.begin)
        if let exempt {
            route.set("rate-limit-whitelist", to: try route.addresses(exempt))
            route.use(.source)
            route.use(Self.exemption)
        }
        route.use(Self.counting(in: table, counting), isOperators: isOperators)
    }

    /// The statuses that HAProxy has an answer for (configuration manual, section 4.2, "http-request deny").
    static let statuses = [400, 401, 403, 404, 405, 407, 408, 410, 413, 421, 422, 425, 429, 500, 501, 502, 503, 504]

    // MARK: - Fixed rules

    /// Refuses with any status, so that a changed one is a changed map entry.
    private static let begin = FrontendRules(
        id: "1 begin", phase: .rateLimit, ["http-request set-var(txn.rate) \(routeValue: "rate-limit")"],
        exit: FrontendExit(
            backend: "ingress-rate-limited", condition: "{ var(txn.rate_status) -m found }",
            lines: refusals),
        inlined: { _ in [] })

    private static let refusals = statuses.map { status -> Directive in
        "http-request deny deny_status \(status) if { var(txn.rate_status) -m int \(status) }"
    }

    private static let exemption = FrontendRules(
        id: "2 exempt", phase: .rateLimit,
        [
            "http-request set-var(txn.rate_exempt) \(routeValue: "rate-limit-whitelist") if { var(txn.rate) -m found }",
            """
            http-request unset-var(txn.rate) if { var(txn.rate_exempt) -m found } \
            { var(txn.rate_exempt),concat(:,txn.source),map_beg(\(map: "addresses")) -m found }
            """,
        ])

    /// Counts in the third tracker; the first is left to config snippets. The address is in hexadecimal digits, which cost less than
    /// its usual form. A table has no counter for requests that are tracked in another.
    private static func counting(in table: StickTable, _ counting: String) -> FrontendRules {
        let lines: [Directive] = [
            """
            http-request track-sc2 src,hex,concat(|,txn.rate) table \(raw: table.name) \
            if { var(txn.rate) -m end \(raw: "|" + counting) }
            """,
            """
            http-request set-var(txn.rate_status) \(routeValue: "rate-limit-status-code") \
            if { sc_http_req_rate(2,\(raw: table.name)),sub(txn.rate) gt 0 }
            """,
        ]
        return FrontendRules(
            named: "3 \(table.name)", phase: .rateLimit, lines, backendLines: lines + refusals,
            inlined: { values in
                guard let rate = values["rate-limit"], let status = values["rate-limit-status-code"],
                    rate.hasSuffix("|" + counting)
                else { return [] }
                return [
                    "http-request track-sc2 src,hex,concat(|\(raw: rate)) table \(raw: table.name)",
                    """
                    http-request deny deny_status \(raw: status) \
                    if { sc_http_req_rate(2,\(raw: table.name)) gt \(raw: String(rate.prefix { $0 != "|" })) }
                    """,
                ]
            })
    }
}

extension ValueType where Value == Int {
    fileprivate static let refusalStatus = ValueType(
        name: "HTTP status", expected: "one of \(RateLimit.statuses.map(String.init).joined(separator: ", "))", example: "429"
    ) { text in
        guard let status = Int(text), RateLimit.statuses.contains(status) else {
            throw ValueError("is not a status that HAProxy can refuse a request with")
        }
        return status
    }
}
