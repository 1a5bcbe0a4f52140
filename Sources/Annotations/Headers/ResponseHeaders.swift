import Core

/// Headers of the answers that clients get.
public struct ResponseHeaders: RouteAnnotation {
    static let headers = AnnotationKey(
        "response-set-header", .headerSettings(of: .response), scopes: [.configMap, .ingress], acts: .frontend, update: .map,
        since: "1.4",
        summary: """
            Sets headers of answers: a line is a header's name, a space and its value, and replaces what the pod sent under that \
            name.
            """)

    public static let reference = AnnotationReference(
        family: "headers", title: "Response headers",
        summary: """
            Values are written as for `request-set-header` and change the same way. Answers that HAProxy makes itself for the \
            route, such as redirects and refusals, carry the headers too; only those with log-format strings, and headers \
            that find no room in the frontends beside those of many tenants, are left to answers of requests that came as far as \
            the backend.
            """,
        keys: [headers.reference],
        examples: [
            AnnotationExample(
                "What browsers may do with the pages",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(annotations: [
                        ("response-set-header", "X-Frame-Options DENY\nContent-Security-Policy \"default-src 'self'\"\n")
                    ]),
                    ExampleManifest.service()),
                leadsTo: [
                    "http-after-response set-header X-Frame-Options",
                    "maps/response-header-content-security-policy.map: default-src 'self'",
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
            case .text(let text):
                let map = "response-header-\(setting.id)"
                try route.set(map, to: text)
                route.use(
                    setting.rules("http-after-response", map, id: "response \(setting.id) \(setting.name)"),
                    isOperators: scope == .configMap)
            case .format(let format):
                route.backend.rule(.headers, "http-after-response set-header \(setting.name) \(format)")
            }
        }
    }
}
