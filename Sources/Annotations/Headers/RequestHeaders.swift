import Core

/// Headers of the requests that pods get.
public struct RequestHeaders: RouteAnnotation {
    static let headers = AnnotationKey(
        "request-set-header", .headerSettings(of: .request), scopes: [.configMap, .ingress], acts: .frontend, update: .map,
        since: "1.4",
        summary: """
            Sets headers of requests: a line is a header's name, a space and its value, and replaces what the client sent under \
            that name.
            """)

    public static let reference = AnnotationReference(
        family: "headers", title: "Request headers",
        summary: """
            A value is a text or a log-format string of HAProxy's, in which `%[src]` stands for the client's address and \
            `%[req.hdr(user-agent)]` for another header; [Expressions](../expressions.md) lists what may be used. A `%` before \
            anything else is just that, and `%%` always is. Where two lines name one header, the last one counts. \
            Content-Length and Transfer-Encoding are refused: they say where a message ends, which only HAProxy knows.

            Quotes around a whole value are taken off. Between double quotes `\\"` is a quote, `\\\\` a backslash and `\\$` a \
            dollar sign, and any other backslash stays; between single quotes, and without quotes, every character stands for \
            itself. So `Permissions-Policy "geolocation=(self \\"https://example.com\\")"` and \
            `Permissions-Policy geolocation=(self "https://example.com")` are the same.

            Texts change without a reload, as long as some route sets that header already. Log-format strings are part of the \
            backend and need one. Where tenants set many different headers, a new one is part of the backend too \
            (`--limits frontend-rules=...`).
            """,
        keys: [headers.reference],
        examples: [
            AnnotationExample(
                "Where a request came from",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(annotations: [
                        ("request-set-header", "X-Environment production\nX-Client %[src]:%[src_port]\n")
                    ]),
                    ExampleManifest.service()),
                leadsTo: [
                    "http-request set-header X-Environment %[var(txn.request_header_x_environment)]",
                    "http-request set-header X-Client %[src]:%[src_port]",
                    "maps/request-header-x-environment.map: production",
                ])
        ])

    let settings: [HeaderSetting]
    let scope: Scope

    public init?(_ values: AnnotationValues) throws {
        guard let settings = try values.resolved(Self.headers) else { return nil }
        try settings.require(settings.value.count, "headers", within: .headerNames, of: values.environment.limits)
        self.settings = settings.value
        scope = settings.scope
    }

    public func contribute(to route: inout RouteContribution) throws {
        for setting in settings {
            switch setting.value {
            case .text(let text) where setting.isRestricted:
                // Frontends drop such headers after their own rules.
                route.backend.rule(.headers, "http-request set-header \(setting.name) \(literal: text)")
            case .text(let text):
                let map = "request-header-\(setting.id)"
                try route.set(map, to: text)
                route.use(
                    setting.rules("http-request", map, id: "request \(setting.id) \(setting.name)"),
                    isOperators: scope == .configMap)
            case .format(let format):
                route.backend.rule(.headers, "http-request set-header \(setting.name) \(format)")
            }
        }
    }
}
