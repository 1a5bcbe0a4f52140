/// A way that requests take: which Ingress sends which host and path to which backend.
public struct Route: Hashable, Sendable {
    public enum Destination: Hashable, Sendable {
        /// The backend's name.
        case backend(String)
        /// 503, and why.
        case unavailable(String)
    }

    /// nil for the operator's own default backend.
    public let ingress: ObjectKey?
    /// As the Ingress writes it; empty for any host.
    public let host: String
    public let path: String
    /// nil for a default backend.
    public let pathType: PathType?
    public let service: ObjectKey
    public let port: PortReference?
    public let destination: Destination
    /// The id of the route's settings; empty when it has none.
    public let settings: String
    public let isPassthrough: Bool
    /// What requests have to match for this route; nil for the one that takes the rest.
    public let condition: RouteCondition?
    public let context: RouteContext
}

extension [Route] {
    /// As requests are matched. Of the routes at one place those with a condition come first, in the order of their Ingresses.
    var inMatchingOrder: [Route] {
        func rank(_ route: Route) -> (Int, String, Int, Int, String, Int) {
            let host = route.host.isEmpty ? 2 : route.host.hasPrefix("*") ? 1 : 0
            let type = route.pathType == .exact ? 0 : route.pathType == nil ? 2 : 1
            // `/a` and `/a/` are one prefix.
            let path = route.pathType == .exact || route.path.hasSuffix("/") ? route.path : route.path + "/"
            return (host, route.host, type, -path.utf8.count, path, route.condition == nil ? 1 : 0)
        }
        let ranked = enumerated().map { (index: $0, route: $1, rank: rank($1)) }
        return ranked.sorted { a, b in a.rank == b.rank ? a.index < b.index : a.rank < b.rank }.map(\.route)
    }
}
