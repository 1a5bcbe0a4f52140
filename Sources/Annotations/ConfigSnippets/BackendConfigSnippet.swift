import Core

/// Raw lines for backends.
public struct BackendConfigSnippet: RouteAnnotation {
    static let lines = AnnotationKey(
        "backend-config-snippet", .snippet, scopes: [.configMap, .ingress, .service], acts: .backend, update: .reload,
        since: "1.5",
        example: "http-send-name-header X-Server",
        summary: """
            HAProxy directives, one a line, for the backend of the Service; on an Ingress for the backends of all its \
            Services, in the \
            ConfigMap for all backends.
            """)

    public static let reference = AnnotationReference(
        family: "config-snippets", title: "Backend snippet",
        summary: """
            Gives a backend what no other annotation offers. The lines come after the controller's own. A line that HAProxy \
            refuses is \
            reported to the object that wrote it and takes the whole snippet out of force; other objects are not affected. \
            Lines that \
            would begin another section are refused at once.

            Of snippets at several scopes only the nearest is in force. Two Ingresses with different snippets for one Service \
            get a backend each, with the same pods.

            Names of servers in a snippet are looked up by HAProxy's resolvers, at run time: `server api api.example.com:80` has no address \
            before the first answer, and a name that nobody answers for keeps no configuration waiting. `init-addr libc` on the line asks \
            the C library at each load, as HAProxy does without the controller; a check that takes too long for it counts as refused.

            Variables that the Go controller sets are there where a snippet, or `log-format` or `log-format-tcp`, names them:

            \(SnippetVariable.table)

            In a backend they are set before its other rules, so that `txn.path` is the path before `path-rewrite`; with \
            `set-host` the host in `txn.base` is the one that the pods get.

            Who may write this key is trusted like the controller: a snippet can read every file that HAProxy can, the keys of \
            other namespaces' certificates among them, change the maps and variables that other namespaces' requests are \
            judged by, and send requests to any address that HAProxy reaches. Where Ingresses and Services are written by people \
            who must not do that, switch these snippets off; the manifests in `deploy/` do. \
            `--disable-config-snippets backend` switches these snippets off; `all` \
            does so for snippets of every kind.
            """,
        keys: [lines.reference],
        examples: [
            AnnotationExample(
                "Requests per client and URL, limited by a stick table",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(),
                    ExampleManifest.service(annotations: [
                        (
                            "backend-config-snippet",
                            """
                            stick-table type binary len 20 size 100k expire 30s store http_req_rate(10s)
                            http-request track-sc0 base32+src
                            http-request deny deny_status 429 if { sc_http_req_rate(0) gt 50 }
                            """
                        )
                    ])),
                leadsTo: [
                    "http-request track-sc0 base32+src", "http-request deny deny_status 429 if { sc_http_req_rate(0) gt 50 }",
                ])
        ])

    let snippet: ConfigSnippet

    public init?(_ values: AnnotationValues) throws {
        guard let snippet = try values.snippet(Self.lines, for: .backend) else { return nil }
        self.snippet = snippet
    }

    public func contribute(to route: inout RouteContribution) throws {
        route.backend.snippet(snippet.lines)
    }
}
