import Core

/// Sends clients to another host.
public struct RequestRedirect: RouteAnnotation {
    static let target = AnnotationKey(
        "request-redirect", .redirectTarget, scopes: [.configMap, .ingress], acts: .frontend, update: .map, since: "1.5",
        summary: """
            The host, with a port where it is not the usual one, that clients are sent to; with `https://` or `http://` in front \
            they are sent there by this scheme.
            """)
    static let code = AnnotationKey(
        "request-redirect-code", .redirectCode, scopes: [.configMap, .ingress], default: "302", acts: .frontend, update: .map,
        since: "1.5", summary: "The status of the redirect. 307 and 308 keep the method and the body of the request.")

    public static let reference = AnnotationReference(
        family: "redirect", title: "Redirect to another host",
        summary: """
            Every request of the route is answered with a redirect to the same path and query on another host; none reaches a pod. \
            The scheme is that of the request where the target names none. A request that is at the target already is served, so \
            that a route may have both the old and the new host.

            The redirect to another host comes before the one to HTTPS (`ssl-redirect`). Once any route uses it, no change needs \
            a reload.
            """,
        keys: [target.reference, code.reference],
        examples: [
            AnnotationExample(
                "The shop has moved for good",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(annotations: [
                        ("request-redirect", "store.example.com"), ("request-redirect-code", "301"),
                    ]),
                    ExampleManifest.service()),
                leadsTo: [
                    "http-request redirect code 301 location", "maps/request-redirect.map: store.example.com",
                    "maps/request-redirect-code.map: 301",
                ])
        ])

    let target: RedirectTarget
    let status: RedirectCode

    public init?(_ values: AnnotationValues) throws {
        guard let target = try values[Self.target] else {
            values.warnIdle([Self.code.reference], "has no effect without request-redirect")
            return nil
        }
        self.target = target
        status = try values[Self.code] ?? .found
    }

    public func contribute(to route: inout RouteContribution) throws {
        try route.set("request-redirect", to: target.description.lowercased())
        try route.set("request-redirect-code", to: String(status.rawValue))
        route.use(Self.rules)
    }

    private static let rules = FrontendRules(
        id: "request-redirect", phase: .redirect,
        [
            "http-request set-var(txn.redirect_host) \(routeValue: "request-redirect")",
            """
            http-request set-var(txn.redirect_host) \(raw: scheme),concat(://,txn.redirect_host) \
            if \(raw: isAsked) !{ var(txn.redirect_host) -m sub :// }
            """,
            // Whoever is there already is not sent in a circle: in whatever case, with trailing dots, and with or without the
            // scheme's own port.
            "http-request set-var(txn.redirect_port) \(raw: port) if \(raw: isAsked)",
            "http-request set-var(txn.redirect_here) \(raw: scheme),concat(://,txn.host) if \(raw: isAsked)",
            """
            http-request set-var(txn.redirect_here) var(txn.redirect_here),concat(:,txn.redirect_port) \
            if \(raw: isAsked) { var(txn.redirect_port) -m int gt 0 } !{ ssl_fc } !{ var(txn.redirect_port) -m int 80 } \
            or \(raw: isAsked) { var(txn.redirect_port) -m int gt 0 } { ssl_fc } !{ var(txn.redirect_port) -m int 443 }
            """,
            """
            http-request set-var(txn.redirect) \(routeValue: "request-redirect-code") \
            if !{ ssl_fc } \(raw: isElsewhere) !{ var(txn.redirect_here),concat(:80),strcmp(txn.redirect_host) eq 0 } \
            or { ssl_fc } \(raw: isElsewhere) !{ var(txn.redirect_here),concat(:443),strcmp(txn.redirect_host) eq 0 }
            """,
        ],
        exit: RedirectCode.exit(
            backend: "ingress-redirect", location: "%[var(txn.redirect_host)]%[pathq]",
            code: "txn.redirect"),
        inlined: { values in
            guard let target = values["request-redirect"].flatMap(RedirectTarget.init), let code = values["request-redirect-code"]
            else { return [] }
            // By one scheme whoever comes by the other is elsewhere, and whoever comes by it and has another port.
            func isElsewhere(by scheme: RedirectTarget.Scheme) -> String {
                let condition = scheme == .https ? "{ ssl_fc }" : "!{ ssl_fc }"
                guard target.scheme ?? scheme == scheme else { return condition }
                let own = target.host.port.map { $0 == scheme.usualPort } ?? true
                let ports = own ? "0 \(scheme.usualPort)" : target.host.port.map(String.init) ?? ""
                return "\(condition) !{ \(port) \(ports) }"
            }
            let origin = target.scheme.map(\.rawValue) ?? "%[\(scheme)]"
            return [
                "acl ingress_redirected var(txn.host) -m str -- \(target.host.host)",
                """
                http-request redirect code \(raw: code) \
                location \(raw: origin)://\(literal: target.host.description)%[pathq] if !ingress_redirected \
                or \(raw: isElsewhere(by: .http)) or \(raw: isElsewhere(by: .https))
                """,
            ]
        },
        answer: { values, request in
            guard let target = values["request-redirect"].flatMap(RedirectTarget.init),
                let code = values["request-redirect-code"].flatMap({ Int($0) })
            else { return nil }
            let asked = request.isTLS ? RedirectTarget.Scheme.https : .http
            let scheme = target.scheme ?? asked
            // Whoever is there already, with or without the scheme's own port, is not sent in a circle.
            let port = target.host.port.flatMap { $0 == scheme.usualPort ? nil : $0 }
            let authority = target.host.host + (port.map { ":\($0)" } ?? "")
            guard scheme != asked || request.authorityWithoutUsualPort != authority else { return nil }
            return .redirect(status: code, location: "\(scheme)://\(target.host)\(request.path)\(request.query)")
        })

    private static let scheme = "ssl_fc,iif(https,http)"
    /// The port in the Host header; 0 without one.
    private static let port = "req.fhdr(host),port_only"
    private static let isAsked = "{ var(txn.redirect_host) -m found }"
    private static let isElsewhere = "\(isAsked) !{ var(txn.redirect_here),strcmp(txn.redirect_host) eq 0 }"
}
