import Core

/// What search engines may do with a route's pages.
public struct RobotsTag: RouteAnnotation {
    static let rules = AnnotationKey(
        "robots-tag", .robotsRules, scopes: [.configMap, .ingress, .service], acts: .frontend, update: .map, since: "1.0",
        summary: "What search engines may do with the pages: the value of the X-Robots-Tag header of all responses.")

    public static let reference = AnnotationReference(
        family: "robots-tag", title: "X-Robots-Tag",
        summary: """
            Responses get an X-Robots-Tag header, which search engines read like a robots meta tag of the page. A header that the \
            pods set themselves is replaced.
            """,
        keys: [rules.reference],
        examples: [
            AnnotationExample(
                "A shop that no search engine lists",
                manifest: """
                    apiVersion: networking.k8s.io/v1
                    kind: Ingress
                    metadata:
                      name: web
                      namespace: shop
                      annotations:
                        haproxy.org/robots-tag: noindex, nofollow
                    spec:
                      ingressClassName: haproxy
                      rules:
                        - host: shop.example.com
                          http:
                            paths:
                              - path: /
                                pathType: Prefix
                                backend: {service: {name: web, port: {name: http}}}
                    ---
                    apiVersion: v1
                    kind: Service
                    metadata: {name: web, namespace: shop}
                    spec:
                      ports: [{name: http, port: 8080}]
                    ---
                    apiVersion: discovery.k8s.io/v1
                    kind: EndpointSlice
                    metadata:
                      name: web-1
                      namespace: shop
                      labels: {kubernetes.io/service-name: web}
                    addressType: IPv4
                    ports: [{name: http, port: 8080}]
                    endpoints: [{addresses: [10.0.0.1], conditions: {ready: true}}]
                    """,
                leadsTo: [
                    "http-after-response set-header X-Robots-Tag %[var(txn.robots_tag)] if { var(txn.robots_tag) -m found }"
                ])
        ])

    let rules: [RobotsRule]

    public init?(_ values: AnnotationValues) throws {
        guard let rules = try values[Self.rules] else { return nil }
        self.rules = rules
    }

    public func contribute(to route: inout RouteContribution) throws {
        try route.set("robots-tag", to: rules.map(\.rawValue).joined(separator: ", "))
        route.use(Self.header)
    }

    private static let header = FrontendRules(
        id: "robots-tag", phase: .headers,
        [
            "http-after-response set-var(txn.robots_tag) \(routeValue: "robots-tag")",
            "http-after-response set-header X-Robots-Tag %[var(txn.robots_tag)] if { var(txn.robots_tag) -m found }",
        ],
        inlined: { values in
            values["robots-tag"].map { ["http-after-response set-header X-Robots-Tag \(literal: $0)"] } ?? []
        })
}

/// A rule of the X-Robots-Tag header.
enum RobotsRule: String, CaseIterable {
    case all, none, noindex, nofollow, noarchive, nosnippet, noimageindex, notranslate
}

extension ValueType where Value == [RobotsRule] {
    /// Rules, separated by commas.
    static let robotsRules = ValueType(
        name: "robots rules", expected: "one or more of \(RobotsRule.allCases.map(\.rawValue).joined(separator: ", "))",
        example: "noindex, nofollow"
    ) { text in
        try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            let word = part.split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased()
            guard let rule = RobotsRule(rawValue: word) else {
                throw ValueError("holds \(word.quotedForPeople), which is no rule")
            }
            return rule
        }
    }
}
