import Core

/// Raw lines for the HTTP and HTTPS frontends.
public struct FrontendConfigSnippet: GlobalAnnotation {
    static let lines = AnnotationKey(
        "frontend-config-snippet", .snippet, scopes: [.configMap], acts: .frontend, update: .reload, since: "1.6",
        example: "http-request set-header X-Ingress haproxy",
        summary: "HAProxy directives, one a line, for the frontends that clients connect to.")

    public static let reference = AnnotationReference(
        family: "config-snippets", title: "Frontend snippet",
        summary: """
            The lines enter both the HTTP and the HTTPS frontend after the controller's own rules, so that the route is already \
            chosen when they run. Redirects and refusals by rate limits come after them and before a `use_backend` of theirs. A \
            snippet with a line that HAProxy refuses is reported and left out. Other lines take a reload; \
            another number in a line `maxconn NUMBER` does not.

            `--disable-config-snippets frontend` switches it off, and the statistics snippet with it.
            """,
        keys: [lines.reference],
        examples: [
            AnnotationExample(
                "A header on every request",
                manifest: ExampleManifest.configMap([("frontend-config-snippet", "http-request set-header X-Ingress haproxy")]),
                leadsTo: ["http-request set-header X-Ingress haproxy"])
        ])

    let snippet: ConfigSnippet

    public init?(_ values: AnnotationValues) throws {
        guard let snippet = try values.snippet(Self.lines, for: .frontend) else { return nil }
        self.snippet = snippet
    }

    public func contribute(to global: inout GlobalContribution) throws {
        global.frontendSnippet(snippet.lines)
    }
}
