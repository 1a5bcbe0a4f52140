import Core

/// Cross-origin resource sharing (Fetch standard, section "CORS protocol").
public struct CORS: RouteAnnotation {
    static let enable = AnnotationKey(
        "cors-enable", .bool, scopes: [.configMap, .ingress], default: "false", acts: .frontend, update: .map, since: "1.5",
        summary: "Adds CORS headers to the answers to requests that carry an Origin.")
    static let allowOrigin = AnnotationKey(
        "cors-allow-origin", .origin, scopes: [.configMap, .ingress], default: "*", acts: .frontend, update: .map, since: "1.5",
        summary: """
            The origins that may read the answers: `*` for all, one origin such as `https://www.example.com`, or a regular \
            expression that the whole Origin has to match.
            """)
    static let allowMethods = AnnotationKey(
        "cors-allow-methods", .methods, scopes: [.configMap, .ingress], default: "*", acts: .frontend, update: .map, since: "1.5",
        summary: "The methods that scripts of other origins may use.")
    static let allowHeaders = AnnotationKey(
        "cors-allow-headers", .headerNames, scopes: [.configMap, .ingress], default: "*", acts: .frontend, update: .map,
        since: "1.5", summary: "The request headers that scripts of other origins may set.")
    static let allowCredentials = AnnotationKey(
        "cors-allow-credentials", .bool, scopes: [.configMap, .ingress], default: "false", acts: .frontend, update: .map,
        since: "1.5", summary: "Whether browsers may send cookies and passwords along.")
    static let maxAge = AnnotationKey(
        "cors-max-age", .duration, scopes: [.configMap, .ingress], default: "5s", acts: .frontend, update: .map, since: "1.5",
        example: "10m", summary: "How long browsers may remember the answer to a preflight request; whole seconds count.")
    static let respondToOptions = AnnotationKey(
        "cors-respond-to-options", .bool, scopes: [.configMap, .ingress], default: "false", acts: .frontend, update: .map,
        since: "3.0",
        summary: "Answers OPTIONS requests that carry an Origin with 204 instead of passing them on to a pod.")

    public static let reference = AnnotationReference(
        family: "cors", title: "Cross-origin resource sharing",
        summary: """
            Browsers let a script read the answers of another site only when that site agrees. With `cors-enable` HAProxy adds \
            the headers that say so to every answer to a request with an Origin, also to those that HAProxy makes itself.

            An origin without any of the characters `\\ ^ $ * + ? ( ) [ ] { } |` is taken as it is. Anything else is a regular \
            expression, and the whole Origin has to match it: `^https://(www|app)\\.example\\.com$` means the same with and \
            without `^` and `$`. Characters, classes, groups, alternatives and repetitions are understood; look-around and \
            back-references are refused. Where not every origin is allowed, the matching Origin is sent back, and `Vary: Origin` \
            on all answers keeps caches from mixing them up; an Origin that does not match gets no CORS headers.

            HAProxy compares an Origin with the expressions of all routes, so there is a bound of how many there are: 32 different \
            ones of a namespace and 256 in all, the oldest first, unless `--limits namespace-origin-expressions` and \
            `origin-expressions` say otherwise. Routes whose expression is beyond that have no CORS headers. Expressions that stand \
            for a few origins, as the one above does, are no expressions for HAProxy and do not count.

            With `cors-respond-to-options` HAProxy answers every OPTIONS request that carries an Origin, whether or not it has the \
            `Access-Control-Request-Method` of a preflight request. Such requests need no credentials, because browsers send none \
            with them; a deny-list or allow-list still refuses them. Browsers send credentials only to sites that name the origin: \
            with `cors-allow-origin: "*"` the header of `cors-allow-credentials` is sent as asked and has no effect on them. With \
            credentials, browsers take `*` in the lists of methods and headers for a name, so spell the lists out.

            All changes are map updates: once any route uses CORS, no change needs a reload.
            """,
        keys: [
            enable.reference, allowOrigin.reference, allowMethods.reference, allowHeaders.reference, allowCredentials.reference,
            maxAge.reference, respondToOptions.reference,
        ],
        unreadable: .switchesOff,
        examples: [
            AnnotationExample(
                "Two front ends may call the API, with cookies",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(annotations: [
                        ("cors-enable", "true"), ("cors-allow-origin", #"^https://(www|app)\.example\.com$"#),
                        ("cors-allow-methods", "GET, POST, DELETE"), ("cors-allow-headers", "Content-Type, X-Request-ID"),
                        ("cors-allow-credentials", "true"), ("cors-max-age", "10m"), ("cors-respond-to-options", "true"),
                    ]),
                    ExampleManifest.service()),
                leadsTo: ["http-after-response set-header Access-Control-Allow-Origin %[var(txn.allowed_origin)]"])
        ])

    let origin: AllowedOrigin
    /// Where the origin was written; nil for the default.
    let source: Resolved<AllowedOrigin>?
    let methods: String
    let headers: String
    let sendsCredentials: Bool
    let age: Int
    let answersPreflight: Bool

    public init?(_ values: AnnotationValues) throws {
        guard try values[Self.enable] == true else {
            values.warnIdle(Self.reference.keys.filter { $0.name != "cors-enable" }, "has no effect without cors-enable: true")
            return nil
        }
        let origin = try values.resolved(Self.allowOrigin)
        self.origin = origin?.value ?? .any
        source = origin
        methods = try values[Self.allowMethods] ?? "*"
        headers = try values[Self.allowHeaders] ?? "*"
        let credentials = try values.resolved(Self.allowCredentials)
        sendsCredentials = credentials?.value == true
        age = Int((try values[Self.maxAge] ?? .seconds(5)).components.seconds)
        answersPreflight = try values[Self.respondToOptions] ?? false
        if let credentials, credentials.value, self.origin == .any {
            values.warn(
                credentials,
                "has no effect on browsers with cors-allow-origin *: they send credentials only to sites that name the origin")
        }
        if let origin, case .matching(let pattern) = origin.value, pattern.isNeverSent {
            values.warn(
                origin,
                "matches no Origin that browsers send: those are a scheme, :// and a host in lower case, with the port where it "
                    + "is not the usual one, and no path")
        }
    }

    public func contribute(to route: inout RouteContribution) throws {
        if case .matching(let pattern) = origin {
            switch origin.kind {
            case .any, .literal: break
            case .list(let origins):
                for origin in origins {
                    try route.addEntry(to: "cors-origins", key: "\(pattern.id):\(origin)", value: origin)
                }
            case .expression:
                guard let source else { break }
                try route.addSearchedEntry(
                    to: "cors-origin-patterns", key: "^\(pattern.id):(?:\(pattern.expression))$", value: pattern.text,
                    costing: pattern.steps, from: source)
            }
        }
        // In one entry, because each look-up costs a request more than taking it apart. The number is what HAProxy takes the
        // entry for where it wants one; no field can have a `;`.
        let fields = [String(flags.rawValue), methods, headers, String(age), origin.text]
        try route.set("cors", to: fields.joined(separator: ";"))
        route.use(Self.comparison)
        route.use(Self.preflight)
        route.use(Self.answer)
    }

    private var flags: Flags {
        var flags: Flags = []
        if sendsCredentials { flags.insert(.credentials) }
        if answersPreflight { flags.insert(.preflight) }
        switch origin.kind {
        case .any: flags.insert(.any)
        case .literal: flags.insert(.varies)
        case .list: flags.formUnion([.varies, .list])
        case .expression: flags.formUnion([.varies, .expression])
        }
        return flags
    }

    /// What a route wants, as the bits of a number that rules look at.
    private struct Flags: OptionSet {
        let rawValue: Int

        init(rawValue: Int) { self.rawValue = rawValue }

        /// The number that an entry of the map begins with.
        init(of entry: String) { rawValue = Int(entry.prefix { $0 != ";" }) ?? 0 }

        static let credentials = Flags(rawValue: 1)
        static let preflight = Flags(rawValue: 2)
        /// Every origin may read the answers.
        static let any = Flags(rawValue: 4)
        /// The origins are entries of a map.
        static let list = Flags(rawValue: 8)
        /// Origins match a regular expression.
        static let expression = Flags(rawValue: 16)
        /// Answers are not the same for all origins.
        static let varies = Flags(rawValue: 32)

        /// Whether the route has the flag; false without CORS.
        var condition: String { "{ var(txn.cors),and(\(rawValue)) -m bool }" }
    }

    // MARK: - Fixed rules

    /// Before whatever may refuse the request, so that refusals carry the headers too. The whole field is compared: a comma in
    /// it does not make it two origins.
    private static let comparison = FrontendRules(
        id: "cors", phase: .source,
        [
            "http-request set-var(txn.origin) req.fhdr(origin)",
            "http-request set-var(txn.cors) \(routeValue: "cors")",
            // One origin, or `*`; what it is not is looked for elsewhere.
            "http-request set-var(txn.allowed_origin) var(txn.cors),field(5,;) if { var(txn.origin) -m found }",
            """
            http-request unset-var(txn.allowed_origin) if !{ var(txn.allowed_origin),strcmp(txn.origin) eq 0 } \
            !\(raw: Flags.any.condition)
            """,
            """
            http-request set-var(txn.allowed_origin) var(txn.origin) if \(raw: unlessKnown) \(raw: Flags.list.condition) \
            { var(txn.cors),field(5,;),concat(:,txn.origin),map_str(\(map: "cors-origins")) -m found }
            """,
            """
            http-request set-var(txn.allowed_origin) var(txn.origin) if \(raw: unlessKnown) \(raw: Flags.expression.condition) \
            { var(txn.origin) -m len le \(OriginPattern.longestOrigin) } { var(txn.cors),field(5,;),concat(:,txn.origin),map_reg(\(map: "cors-origin-patterns")) -m found }
            """,
        ],
        inlined: { values in
            guard let entry = values["cors"] else { return [] }
            let fields = Fields(entry)
            // The others are looked up, which is most of the work.
            guard fields.flags.isDisjoint(with: [.list, .expression]) else { return nil }
            // Not in braces, which a `}` would close however it is quoted.
            return [
                fields.flags.contains(.any)
                    ? "acl ingress_origin \(raw: origin) -m found"
                    : "acl ingress_origin \(raw: origin) -m str -- \(fields.origin)",
                "http-request set-var(txn.allowed_origin) bool(true) if ingress_origin",
            ]
        })

    /// Without a number HAProxy looks at each of several.
    private static let origin = "req.fhdr(origin,-1)"

    /// Asked first, because it costs less than taking the entry apart, and most routes name one origin.
    private static let unlessKnown = "!{ var(txn.allowed_origin) -m found }"

    /// After the lists of networks, whose family comes first, and before authentication: browsers send no credentials with
    /// preflight requests.
    private static let preflight = FrontendRules(
        id: "cors", phase: .accessControl,
        [
            "http-request return status 204 if METH_OPTIONS { var(txn.origin) -m found } \(raw: Flags.preflight.condition)"
        ],
        inlined: { values in
            guard let entry = values["cors"], Flags(of: entry).contains(.preflight) else { return [] }
            return ["http-request return status 204 if METH_OPTIONS { \(raw: origin) -m found }"]
        })

    private static let answer = FrontendRules(
        id: "cors", phase: .headers,
        [
            """
            http-after-response set-header Access-Control-Allow-Origin %[var(txn.allowed_origin)] \
            if { var(txn.allowed_origin) -m found }
            """,
            """
            http-after-response set-header Access-Control-Allow-Methods %[var(txn.cors),field(2,;)] \
            if { var(txn.allowed_origin) -m found }
            """,
            """
            http-after-response set-header Access-Control-Allow-Headers %[var(txn.cors),field(3,;)] \
            if { var(txn.allowed_origin) -m found }
            """,
            """
            http-after-response set-header Access-Control-Max-Age %[var(txn.cors),field(4,;)] \
            if { var(txn.allowed_origin) -m found }
            """,
            """
            http-after-response set-header Access-Control-Allow-Credentials true \
            if \(raw: Flags.credentials.condition) { var(txn.allowed_origin) -m found }
            """,
            "http-after-response add-header Vary Origin if \(raw: Flags.varies.condition)",
        ],
        inlined: { values in
            guard let entry = values["cors"] else { return [] }
            let fields = Fields(entry)
            var headers = [
                ("Allow-Origin", fields.origin), ("Allow-Methods", fields.methods), ("Allow-Headers", fields.headers),
                ("Max-Age", fields.age),
            ]
            if fields.flags.contains(.credentials) { headers.append(("Allow-Credentials", "true")) }
            // One condition with a name costs less memory than one in each rule.
            return ["acl ingress_cors var(txn.allowed_origin) -m found"]
                + headers.map { name, value in
                    """
                    http-after-response set-header Access-Control-\(raw: name) \(literal: value) if ingress_cors
                    """
                } + (fields.flags.contains(.varies) ? ["http-after-response add-header Vary Origin"] : [])
        })

    /// An entry of the map, taken apart.
    private struct Fields {
        let flags: Flags
        let methods, headers, age, origin: String

        init(_ entry: String) {
            var rest = entry.utf8[...]
            func next() -> String {
                let end = rest.firstIndex(of: UInt8(ascii: ";")) ?? rest.endIndex
                defer { rest = end < rest.endIndex ? rest[rest.index(after: end)...] : rest[end...] }
                return String(entry[rest.startIndex..<end])
            }
            flags = Flags(of: next())
            (methods, headers, age, origin) = (next(), next(), next(), next())
        }
    }
}
