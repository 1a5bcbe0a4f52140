import Core

/// Takes the client's address from a request header.
public struct SourceAddressHeader: RouteAnnotation {
    static let key = AnnotationKey(
        "src-ip-header", .headerName, scopes: [.configMap, .ingress], acts: .frontend, update: .map, since: "1.5",
        summary: "The request header that holds the client's address.")

    public static let reference = AnnotationReference(
        family: "src-ip-header", title: "Source address from a header",
        summary: """
            Behind a cloud load balancer or a CDN, connections come from it and not from the client. With this key the client's \
            address is read from a request header before any access control, rate limit or log line looks at it. Of several \
            addresses in the header, the last counts, which is the one that the nearest proxy added. A request without the \
            header, or with something else in it, keeps the address of its connection.

            Once any route uses the key, changes need no reload between \
            \(customaryHeaders.map { "`\($0)`" }.joined(separator: ", ")); another header needs one when the first route uses it. There is room for few \
            others (`--limits frontend-rules=...`); a route whose header finds none answers 503.

            Anybody who reaches HAProxy directly can send the header: use it only where all traffic passes the proxy that sets it.
            """,
        keys: [key.reference], unreadable: .closes,
        examples: [
            AnnotationExample(
                "Behind a CDN",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(annotations: [("src-ip-header", "CF-Connecting-IP")]), ExampleManifest.service()),
                leadsTo: ["http-request set-src req.hdr_ip(cf-connecting-ip)"])
        ])

    /// In lower case: header names have none.
    let header: String
    private let isOperators: Bool

    public init?(_ values: AnnotationValues) throws {
        guard let header = try values.resolved(Self.key) else { return nil }
        self.header = header.value.lowercased()
        isOperators = header.scope == .configMap
    }

    public func contribute(to route: inout RouteContribution) throws {
        try route.set("src-ip-header", to: header)
        route.use(Self.customary)
        guard !Self.customaryHeaders.contains(header) else { return }
        route.use(
            // Lists of networks are looked at in the frontends, so that behind them it would be too late.
            FrontendRules(
                named: "2 \(header)", phase: .sourceAddress, [Self.rule(header)],
                backendLines: [Self.refusal(header)], isClosedInBackends: true,
                inlined: { [header] values in values["src-ip-header"] == header ? [Self.replacement(header)] : [] }),
            isOperators: isOperators)
    }

    /// What proxies and content networks call it. A rule has to spell its header out; with these in place from the first use on,
    /// a change from one to another is a map entry.
    static let customaryHeaders = [
        "x-forwarded-for", "x-real-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip", "fastly-client-ip",
        "x-azure-clientip",
    ]

    private static let customary = FrontendRules(
        id: "1 customary", phase: .sourceAddress,
        ["http-request set-var(txn.source_header) \(routeValue: "src-ip-header")"] + customaryHeaders.map(rule),
        inlined: { values in
            values["src-ip-header"].map { customaryHeaders.contains($0) ? [replacement($0)] : [] } ?? []
        })

    private static func rule(_ header: String) -> Directive {
        "\(part: replacement(header)) if { var(txn.source_header) -m str -- \(header) }"
    }

    /// In a backend, where it is too late for the address.
    private static func refusal(_ header: String) -> Directive {
        "http-request deny deny_status 503 if { var(txn.source_header) -m str -- \(header) }"
    }

    private static func replacement(_ header: String) -> Directive { "http-request set-src req.hdr_ip(\(raw: header))" }
}
