/// Names that sections and maps have in every configuration.
enum SectionNames {
    /// Answers 404: no Ingress matches.
    static let notFound = "ingress-not-found"
    /// Answers 400: the request names a host that no host can be.
    static let badRequest = "ingress-bad-request"
    /// Answers 503: the route's Service is missing or its protection cannot be built.
    static let unavailable = "ingress-unavailable"
    /// Closes connections of TCP services and passed-through TLS that would go to a backend that cannot be built.
    static let unavailableTCP = "ingress-unavailable-tcp"
    /// Hands connections that are not passed through to the frontend that ends TLS.
    static let termination = "ingress-tls-termination"
    /// The key of the route that takes what no other matches, in `path-exact.map`.
    static let defaultKey = "default"
    /// The map from hosts without wildcard whose one path is `/` to their routes, which are in `path-prefix.map` as well.
    static let wholeHostsMap = "host-route"
    /// The map from the port of a TCP service to its backend.
    static let tcpServicesMap = "tcp-services"

    /// A host as the maps have it: `*.example.com` is `.example.com`.
    static func hostKey(_ host: String) -> String { host.hasPrefix("*.") ? String(host.dropFirst()) : host }

    /// A host as Ingresses write it.
    static func host(ofKey key: String) -> String { key.hasPrefix(".") ? "*" + key : key }
}

extension RoutingPlace {
    /// The host as the maps have it, where the place is all of a host.
    var wholeHost: String? {
        guard map == "path-prefix", let slash = key.utf8.firstIndex(of: UInt8(ascii: "/")) else { return nil }
        return key.utf8.index(after: slash) == key.utf8.endIndex ? String(key[..<slash]) : nil
    }

    /// - Parameter type: nil for a default backend.
    init(host: String, path: String, type: PathType?) {
        if host.isEmpty, type == nil {
            self.init(map: "path-exact", key: SectionNames.defaultKey)
        } else if type == .exact {
            self.init(map: "path-exact", key: SectionNames.hostKey(host) + path)
        } else {
            self.init(map: "path-prefix", key: SectionNames.hostKey(host) + (path.hasSuffix("/") ? path : path + "/"))
        }
    }
}
