import Core

/// One spelling of each path.
public struct PathNormalization: RouteAnnotation {
    static let mode = AnnotationKey(
        "path-normalization", .choice("off", "safe", "full"), scopes: [.configMap, .ingress], default: "off", acts: .routing,
        update: .map, since: "own key", example: "full",
        summary: """
            How the paths of requests to the hosts of the Ingress are spelled before a rule is chosen by them, and what the pods \
            get.
            """)

    public static let reference = AnnotationReference(
        family: "path-normalization", title: "Path normalization",
        summary: """
            `/admin` can be written in many ways: `//admin`, `/./admin`, `/x/../admin`, `/%61dmin`, `/admin;x`. HAProxy compares \
            paths letter by letter, and pods often do not: where `/` is open and `/admin` is protected, such a spelling takes \
            the open rule and reaches the pod's `/admin`. With this key HAProxy gives all paths of a host one spelling first, \
            chooses the rule by it, and hands it on.

            | Value | What it does |
            | --- | --- |
            | `off` | nothing: paths are compared and handed on as clients write them |
            | `safe` | what RFC 3986 calls equivalent: escapes of letters, digits, `-`, `.`, `_` and `~` are decoded, other \
            escapes are in upper case, `.` and `..` are resolved; a broken escape such as `/%zz` is answered 400 |
            | `full` | beside that, runs of slashes are one slash, and parameters (`;x` at the end of a path element) are \
            removed; encoded slashes and backslashes, backslashes and NULs (`%2F`, `%5C`, `\\`, `%00`) are answered 400 |

            `full` is the one that protects pods whose habits nobody knows; `safe` suits pods that read slashes and parameters as \
            they are. Letters keep their case, and the query is left alone but for its escapes.

            The key holds for all requests to a host, those of other Ingresses too. So the namespace of the host's oldest \
            Ingress decides, and of several of its values the one that does most is in force. For rules without a host the \
            ConfigMap alone decides. Where TLS is passed through there are no paths.

            HAProxy calls what this takes (`http-request normalize-uri`) experimental up to and including release 3.4. It is \
            used where the operator allows such directives, by the line `expose-experimental-directives` in \
            `global-config-snippet`. Without it the routes that ask for normalization are closed.

            The first use is a reload; then hosts come and go without one. While any host uses it, requests to all others pay \
            one look-up.
            """,
        keys: [mode.reference], isProtection: true,
        examples: [
            AnnotationExample(
                "/admin is for members, however it is written",
                manifest: ExampleManifest.join(
                    ExampleManifest.configMap([("global-config-snippet", "expose-experimental-directives")]),
                    ExampleManifest.ingress(annotations: [("path-normalization", "full")]), ExampleManifest.service()),
                leadsTo: [
                    "http-request normalize-uri path-merge-slashes", "maps/path-normalization.map: shop.example.com/ full",
                ])
        ])

    /// What pages of protections say, because these are chosen by the path.
    static let note = """
        Where only some paths of a host are protected, set [`path-normalization`](path-normalization.md): without it, other \
        spellings of such a path, like `//admin` or `/%61dmin`, take the rule of `/`.
        """

    let mode: Resolved<String>

    public init?(_ values: AnnotationValues) throws {
        guard let mode = try values.resolved(Self.mode), mode.value != "off" else { return nil }
        guard values.environment.allowsExperimentalDirectives else {
            throw mode.error(
                "needs directives that HAProxy calls experimental, which the operator has not allowed",
                expected: "off, or the line expose-experimental-directives in global-config-snippet of the controller's ConfigMap"
            )
        }
        self.mode = mode
    }

    public func contribute(to route: inout RouteContribution) throws {
        guard let value = PathNormalizationMode(rawValue: mode.value) else { return }
        route.normalizePaths(value, from: mode.origin, forEverybody: mode.scope == .configMap)
    }
}
