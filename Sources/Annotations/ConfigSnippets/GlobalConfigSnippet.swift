import Core

/// Raw lines for the global section.
public struct GlobalConfigSnippet: GlobalAnnotation {
    static let lines = AnnotationKey(
        "global-config-snippet", .snippet, scopes: [.configMap], acts: .global, update: .reload, since: "1.5",
        example: "tune.bufsize 32768", summary: "HAProxy directives, one a line, for the global section.")

    public static let reference = AnnotationReference(
        family: "config-snippets", title: "Global snippet",
        summary: """
            Process-wide settings that no other key offers, such as buffer sizes or cipher lists. The lines come after the \
            controller's \
            own; a snippet with a line that HAProxy refuses is reported and left out.

            `--disable-config-snippets global` switches it off.
            """,
        keys: [lines.reference],
        examples: [
            AnnotationExample(
                "Larger buffers, for large headers",
                manifest: ExampleManifest.configMap([("global-config-snippet", "tune.bufsize 32768")]),
                leadsTo: ["tune.bufsize 32768"])
        ])

    let snippet: ConfigSnippet

    public init?(_ values: AnnotationValues) throws {
        guard let snippet = try values.snippet(Self.lines, for: .global) else { return nil }
        self.snippet = snippet
    }

    public func contribute(to global: inout GlobalContribution) throws {
        global.globalSnippet(snippet.lines)
    }
}
