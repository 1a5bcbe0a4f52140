import Core

/// Headers of clients whose names some pods take for other names.
public struct RequestHeaderNames: GlobalAnnotation {
    static let policy = AnnotationKey(
        "request-header-names", .choice("strict", "any"), scopes: [.configMap], default: "strict", acts: .frontend,
        update: .reload, since: "own key",
        summary: """
            Whether requests lose the headers whose names hold anything but letters, digits and `-` (strict), or keep them (any).
            """)

    public static let reference = AnnotationReference(
        family: "http-options", title: "Names of request headers",
        summary: """
            Many pods hand the headers of a request to programs as variables, and make one name of `X-Forwarded-For`, \
            `X_Forwarded_For` and `X.Forwarded.For` (RFC 3875, section 4.1.18; PHP and WSGI do so). A client could thus send its \
            own version of a header that HAProxy sets. By default HAProxy removes client headers with such names, as nginx \
            does; `request-set-header` may still set some.

            The HAProxy Kubernetes Ingress Controller keeps these headers: set `any` for clients that need them, where no pod \
            confuses names.
            """,
        keys: [policy.reference],
        examples: [
            AnnotationExample(
                "Clients send api_key",
                manifest: ExampleManifest.configMap([("request-header-names", "any")]),
                leadsTo: ["option http-restrict-req-hdr-names preserve"])
        ])

    let option: String
    let origin: Origin?

    public init?(_ values: AnnotationValues) throws {
        let policy = try values.resolved(Self.policy)
        option = policy?.value == "any" ? "preserve" : "delete"
        origin = policy?.origin
    }

    public func contribute(to global: inout GlobalContribution) throws {
        // In frontends, so that headers that backends set are left alone.
        global.frontend("option http-restrict-req-hdr-names \(raw: option)", from: origin)
    }
}
