import Core

/// Sends clients to another host.
public struct RequestRedirect: RouteAnnotation {
    static let target = AnnotationKey(
        "request-redirect", .hostAndPort, scopes: [.configMap, .ingress], acts: .frontend, update: .map, since: "1.5",
        summary: "The host, with a port where it is not the usual one, that clients are sent to.")
    static let code = AnnotationKey(
        "request-redirect-code", .redirectCode, scopes: [.configMap, .ingress], default: "302", acts: .frontend, update: .map,
        since: "1.5", summary: "The status of the redirect. 307 and 308 keep the method and the body of the request.")

    public static let reference = AnnotationReference(
        family: "redirect", title: "Redirect to another host",
        summary: """
            Every request of the route is answered with a redirect to the same scheme, path and query on another host; none \
            reaches a pod. A request that names the target host already is served, so that a route may have both the old and \
            the new host.

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

    let host: HostAndPort
    let status: RedirectCode

    public init?(_ values: AnnotationValues) throws {
        guard let host = try values[Self.target] else {
            values.warnIdle([Self.code.reference], "has no effect without request-redirect")
            return nil
        }
        self.host = host
        status = try values[Self.code] ?? .found
    }

    public func contribute(to route: inout RouteContribution) throws {
        try route.set("request-redirect", to: host.description.lowercased())
        try route.set("request-redirect-code", to: String(status.rawValue))
        route.use(Self.rules)
    }

    private static let rules = FrontendRules(
        id: "request-redirect", phase: .redirect,
        [
            "http-request set-var(txn.redirect_host) \(routeValue: "request-redirect")",
            // Whoever is there already is not sent in a circle: in whatever case, with trailing dots, and with or without the
            // scheme's own port.
            "http-request set-var(txn.redirect_port) \(raw: port) if \(raw: isAsked)",
            "http-request set-var(txn.redirect_here) var(txn.host) if \(raw: isAsked)",
            """
            http-request set-var(txn.redirect_here) var(txn.host),concat(:,txn.redirect_port) \
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
            backend: "ingress-redirect", location: "%[ssl_fc,iif(https,http)]://%[var(txn.redirect_host)]%[pathq]",
            code: "txn.redirect"),
        inlined: { values in
            guard let target = values["request-redirect"].flatMap(HostAndPort.init), let code = values["request-redirect-code"]
            else { return [] }
            func ports(_ own: Int) -> String {
                guard let port = target.port, port != own else { return "0 \(own)" }
                return String(port)
            }
            return [
                "acl ingress_redirected var(txn.host) -m str -- \(target.host)",
                """
                http-request redirect code \(raw: code) \
                location %[ssl_fc,iif(https,http)]://\(literal: target.description)%[pathq] if !ingress_redirected \
                or !{ ssl_fc } !{ \(raw: port) \(raw: ports(80)) } or { ssl_fc } !{ \(raw: port) \(raw: ports(443)) }
                """,
            ]
        },
        answer: { values, request in
            guard let host = values["request-redirect"], let code = values["request-redirect-code"].flatMap({ Int($0) })
            else { return nil }
            let (scheme, port) = request.isTLS ? ("https", ":443") : ("http", ":80")
            // Whoever is there already, with or without the scheme's own port, is not sent in a circle.
            let target = host.hasSuffix(port) ? String(host.dropLast(port.count)) : host
            guard request.authorityWithoutUsualPort != target else { return nil }
            return .redirect(status: code, location: "\(scheme)://\(host)\(request.path)\(request.query)")
        })

    /// The port in the Host header; 0 without one.
    private static let port = "req.fhdr(host),port_only"
    private static let isAsked = "{ var(txn.redirect_host) -m found }"
    private static let isElsewhere = "\(isAsked) !{ var(txn.redirect_here),strcmp(txn.redirect_host) eq 0 }"
}
