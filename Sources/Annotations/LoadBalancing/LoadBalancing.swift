import Core

/// How requests are spread over the pods of a Service.
public struct LoadBalancing: RouteAnnotation {
    static let algorithm = AnnotationKey(
        "load-balance", .balance, scopes: [.configMap, .ingress, .service], default: "roundrobin", acts: .backend,
        update: .reload,
        since: "1.4", summary: "HAProxy's load-balancing algorithm and its arguments, as after `balance` in haproxy.cfg.")

    public static let reference = AnnotationReference(
        family: "load-balance", title: "Load balancing",
        summary: """
            | value | pods are chosen |
            | --- | --- |
            | `roundrobin` | in turns |
            | `static-rr` | in turns; new pods take slots that `scale-server-slots` provisions |
            | `leastconn` | by the fewest connections; for long sessions |
            | `random`, `random(DRAWS)` | the least loaded of two, or DRAWS, drawn by lot |
            | `first` | the first that has a connection left; only of use with a limit of connections per pod |
            | `source` | by the client's address |
            | `uri` | by the path; `whole` adds the query, `len N` and `depth N` look at its beginning only, `path-only` \
            leaves out scheme \
            and host |
            | `url_param NAME` | by a parameter of the query; `check_post` also looks for it in the body |
            | `hdr(NAME)` | by a header; `use_domain_only` looks at the main part of a host name only |
            | `rdp-cookie`, `rdp-cookie(NAME)` | by the cookie of the remote desktop protocol |
            | `hash EXPRESSION` | by a sample expression such as `req.cook(cart)` or `src,ipmask(24)`; HAProxy 2.6 and later; see [Expressions](../expressions.md) |

            Hashes are consistent: when a pod comes or goes, only its own share of clients changes pods, and HAProxy need not \
            reload.
            """,
        keys: [algorithm.reference],
        examples: [
            AnnotationExample(
                "The pod with the fewest connections",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(annotations: [("load-balance", "leastconn")]), ExampleManifest.service()),
                leadsTo: ["balance leastconn"]),
            AnnotationExample(
                "The same pod for the same cart",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(), ExampleManifest.service(annotations: [("load-balance", "hash req.cook(cart)")])),
                leadsTo: ["balance hash req.cook(cart)", "hash-type consistent"]),
        ])

    /// nil for the default.
    let asked: Resolved<BalanceAlgorithm>?

    public init?(_ values: AnnotationValues) throws {
        guard let asked = try values.resolved(Self.algorithm) else {
            asked = nil
            return
        }
        if case .hash = asked.value, !values.environment.capabilities.isAtLeast(2, 6) {
            throw asked.error("needs HAProxy 2.6 or later")
        }
        self.asked = asked
    }

    public func contribute(to route: inout RouteContribution) throws {
        var algorithm = asked?.value ?? .roundrobin
        if let asked, route.isTCP, algorithm.needsHTTP {
            algorithm = .roundrobin
            // The operator's choice for all backends need not suit each.
            if asked.scope > .configMap {
                route.warn(asked, "has no effect \(route.tcpReason): roundrobin is used")
            }
        }
        route.backend.balance(
            algorithm.line, acceptsDynamicServers: algorithm.acceptsDynamicServers, from: asked?.origin)
        // Without it HAProxy 2.6 answers `add server` with "Backend must use a dynamic load balancing".
        if algorithm.isHash { route.backend.option("hash-type consistent") }
    }
}
