import Core

/// Sends clients from HTTP to HTTPS.
public struct SSLRedirect: RouteAnnotation {
    static let isEnabled = AnnotationKey(
        "ssl-redirect", .bool, scopes: [.configMap, .ingress], default: "true where the Ingress has TLS for the host, else false",
        acts: .frontend, update: .map, since: "1.4", summary: "Whether plain HTTP is redirected to HTTPS.")
    static let code = AnnotationKey(
        "ssl-redirect-code", .redirectCode, scopes: [.configMap, .ingress], default: "302", acts: .frontend, update: .map,
        since: "1.4", summary: "The status of the redirect. 307 and 308 keep the method and the body of the request.")
    static let port = AnnotationKey(
        "ssl-redirect-port", .port, scopes: [.configMap, .ingress], default: "443", acts: .frontend, update: .map, since: "1.5",
        summary: "The port that clients reach HTTPS on; 443 does not show in the URL.")

    public static let reference = AnnotationReference(
        family: "ssl-redirect", title: "Redirect to HTTPS",
        summary: """
            Requests that arrive without TLS are answered with a redirect to the same host, path and query with `https`. By \
            default this is done for hosts under `spec.tls` of their Ingress and for those whose TLS is passed through to the \
            pods (`ssl-passthrough`).

            A value of `ssl-redirect` that cannot be read counts as `true`.

            Where a load balancer in front ends TLS, all requests arrive without it: set `ssl-redirect` to `false` there. Once \
            any route redirects, no change needs a reload.
            """,
        keys: [isEnabled.reference, code.reference, port.reference],
        examples: [
            AnnotationExample(
                "A permanent redirect to HTTPS on port 8443",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(
                        annotations: [("ssl-redirect-code", "308"), ("ssl-redirect-port", "8443")], tls: true),
                    ExampleManifest.service()),
                leadsTo: ["http-request redirect code 308 location https://", "maps/ssl-redirect.map: 308|:8443"]),
            AnnotationExample(
                "No redirect although the host has a certificate",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(annotations: [("ssl-redirect", "false")], tls: true), ExampleManifest.service()),
                leadsTo: ["maps/path-prefix.map: shop.example.com/ shop_svc_web_http"]),
        ])

    /// nil where nobody said.
    let choice: Bool?
    let status: RedirectCode
    let port: Int

    public init?(_ values: AnnotationValues) throws {
        let written = try values.resolved(Self.isEnabled, unreadableAs: true)
        if let written, !written.value {
            values.warnIdle(
                [Self.code.reference, Self.port.reference], "has no effect with ssl-redirect: false", on: written.object)
        }
        choice = written?.value
        status = try values[Self.code] ?? .found
        port = try values[Self.port] ?? 443
    }

    public func contribute(to route: inout RouteContribution) throws {
        guard choice ?? route.context.hostHasTLS else { return }
        try route.set("ssl-redirect", to: "\(status.rawValue)|\(port == 443 ? "" : ":\(port)")")
        route.use(Self.rules)
    }

    private static let rules = FrontendRules(
        id: "ssl-redirect", phase: .redirect,
        [
            "http-request set-var(txn.ssl_redirect) \(routeValue: "ssl-redirect") if !{ ssl_fc }",
            // HTTP/1.0 clients may name no host, and there is no URL to send them to.
            "http-request deny deny_status 400 if { var(txn.ssl_redirect) -m found } \(raw: isNameless)",
        ],
        exit: RedirectCode.exit(
            backend: "ingress-ssl-redirect", location: "https://%[var(txn.host)]%[var(txn.ssl_redirect),field(2,|)]%[pathq]",
            code: "txn.ssl_redirect"),
        inlined: { values in
            guard let parts = values["ssl-redirect"]?.split(separator: "|", omittingEmptySubsequences: false) else { return [] }
            return [
                "http-request deny deny_status 400 if !{ ssl_fc } \(raw: isNameless)",
                """
                http-request redirect code \(raw: String(parts[0])) \
                location https://%[var(txn.host)]\(raw: String(parts[1]))%[pathq] if !{ ssl_fc }
                """,
            ]
        },
        answer: { values, request in
            guard !request.isTLS, let value = values["ssl-redirect"] else { return nil }
            guard !request.host.isEmpty else { return .status(400, "there is no host to redirect to") }
            let parts = value.split(separator: "|", omittingEmptySubsequences: false)
            guard parts.count == 2, let code = Int(parts[0]) else { return nil }
            return .redirect(status: code, location: "https://\(request.host)\(parts[1])\(request.path)\(request.query)")
        })

    private static let isNameless = "!{ var(txn.host) -m len 1: }"
}
