import TestSupport

/// A change of the cluster, as a trace has them.
enum Change {
    /// The site's pods become others, more or fewer.
    case endpoints(site: Int)
    /// A path comes or goes.
    case path(site: Int)
    case value(site: Int, key: Int, value: Int)
    /// A Secret gets a new certificate.
    case certificate(Int)
    /// A Service with its Ingress comes or goes.
    case service
    /// A value of the controller's ConfigMap.
    case configMap(key: Int, value: Int)

    enum Kind: String, CaseIterable {
        case endpoints, path, value, certificate, service, configMap = "ConfigMap"

        /// How many of a hundred changes.
        var share: Int {
            switch self {
            case .endpoints: 70
            case .path: 10
            case .value: 8
            case .certificate, .service: 5
            case .configMap: 2
            }
        }
    }

    var kind: Kind {
        switch self {
        case .endpoints: .endpoints
        case .path: .path
        case .value: .value
        case .certificate: .certificate
        case .service: .service
        case .configMap: .configMap
        }
    }

    private static let periods = ["1s", "10s", "1m", "1h"]

    /// Annotations whose values reach HAProxy without a reload, and what a value of them looks like. A period that
    /// nobody has had needs a table of its own, and such a name of a header rules of its own: of these there are few.
    static let annotations: [(key: String, value: @Sendable (Int) -> String)] = [
        ("rate-limit-requests", { "\(100_000 + $0)" }), ("rate-limit-period", { periods[$0 % periods.count] }),
        ("rate-limit-status-code", { $0 % 2 == 0 ? "429" : "503" }), ("rate-limit-whitelist", { "198.51.100.\($0 % 256)" }),
        ("cors-allow-origin", { "https://origin-\($0).example.com" }), ("cors-max-age", { "\(5 + $0)s" }),
        ("cors-allow-methods", { $0 % 2 == 0 ? "GET, POST" : "GET, PUT, DELETE" }),
        ("cors-allow-headers", { "X-Header-\($0)" }), ("cors-allow-credentials", { $0 % 2 == 0 ? "true" : "false" }),
        ("request-set-header", { "X-Site value-\($0)" }), ("response-set-header", { "X-Answer value-\($0)" }),
        ("allow-list", { "127.0.0.0/8, 10.\($0 % 256).0.0/16" }), ("deny-list", { "203.0.113.\($0 % 256)" }),
        ("src-ip-header", { "X-Client-\($0 % 4)" }), ("set-host", { "pod-\($0).example.com" }),
        ("ssl-redirect-port", { "\(8_000 + $0)" }), ("pod-maxconn", { "\(1_000 + $0)" }),
    ]

    /// Keys of the ConfigMap, whether a change of their value needs a reload, and what a value looks like.
    static let settings: [(key: String, needsReload: Bool, value: @Sendable (Int) -> String)] = [
        ("timeout-client", true, { "\(60 + $0)s" }), ("timeout-http-request", true, { "\(60 + $0)s" }),
        ("maxconn", false, { "\(2_000 + $0)" }), ("rate-limit-period", false, { periods[$0 % periods.count] }),
    ]

    /// The same seed gives the same trace.
    static func trace(_ count: Int, sites: Int, secrets: Int, seed: UInt64, without left: Kind?) -> [Change] {
        var generator = SeededGenerator(seed: seed)
        let kinds = Kind.allCases.flatMap { kind in kind == left ? [] : [Kind](repeating: kind, count: kind.share) }
        return (0..<count).map { _ in
            let site = Int.random(in: 0..<sites, using: &generator)
            let value = Int.random(in: 0..<1_000, using: &generator)
            return switch generator.pick(kinds) {
            case .endpoints: .endpoints(site: site)
            case .path: .path(site: site)
            case .value: .value(site: site, key: Int.random(in: 0..<annotations.count, using: &generator), value: value)
            case .certificate: .certificate(Int.random(in: 0..<secrets, using: &generator))
            case .service: .service
            case .configMap: .configMap(key: Int.random(in: 0..<settings.count, using: &generator), value: value)
            }
        }
    }
}
