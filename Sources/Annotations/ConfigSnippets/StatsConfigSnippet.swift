import Core

/// Raw lines for the statistics frontend.
public struct StatsConfigSnippet: GlobalAnnotation {
    static let lines = AnnotationKey(
        "stats-config-snippet", .snippet, scopes: [.configMap], acts: .frontend, update: .reload, since: "1.6",
        example: "http-request deny unless { src 10.0.0.0/8 }",
        summary: "HAProxy directives, one a line, for the frontend of the statistics page.")

    public static let reference = AnnotationReference(
        family: "config-snippets", title: "Statistics snippet",
        summary: """
            For instance a password in front of the statistics page and the metrics. A snippet with a line that HAProxy \
            refuses is \
            reported and left out.

            `--disable-config-snippets frontend` switches it off, and the frontend snippet with it.
            """,
        keys: [lines.reference],
        examples: [
            AnnotationExample(
                "Statistics for the own network only",
                manifest: ExampleManifest.configMap([("stats-config-snippet", "http-request deny unless { src 10.0.0.0/8 }")]),
                leadsTo: ["http-request deny unless { src 10.0.0.0/8 }"])
        ])

    let snippet: ConfigSnippet

    public init?(_ values: AnnotationValues) throws {
        guard let snippet = try values.snippet(Self.lines, for: .frontend) else { return nil }
        self.snippet = snippet
    }

    public func contribute(to global: inout GlobalContribution) throws {
        global.statsSnippet(snippet.lines)
    }
}
