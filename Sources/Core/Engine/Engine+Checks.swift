extension Engine {
    /// What is wrong with annotations of Services that no route leads to, which assembling does not look at.
    public func unusedServiceFindings(_ store: ObjectStore, assembly: Assembly) -> [Finding] {
        let used = Set(assembly.routes.map(\.service)).union(
            assembly.valuesInForce.keys.filter(\.isTCPService).map(\.service))
        return store.services.keys.filter { !used.contains($0) }.sorted().flatMap { key -> [Finding] in
            let annotations = store.services[key]?.metadata.annotations ?? [:]
            let (set, findings) = registry.annotationSet(
                of: key, annotations: annotations, scope: .service, limits: options.environment.limits)
            let values = set.entries.sorted { $0.key < $1.key }.compactMap { name, entry in
                registry.keys[name]?.flaw(of: entry, on: key)
            }
            return findings + values
        }
    }
}

extension Assembly {
    /// The route that a request takes when it matches no condition, as the routing maps decide it.
    ///
    /// - Parameters:
    ///   - host: without port, in any case.
    ///   - path: without query.
    ///   - isTLS: whether the client speaks TLS, with the host as SNI.
    public func route(host: String, path: String, isTLS: Bool) -> Route? {
        ways(host: host, path: path, isTLS: isTLS).last.flatMap { $0.condition == nil ? $0 : nil }
    }

    /// The routes that a request may take: those with a condition in the order in which they are tried, then the one that takes
    /// the rest, where there is one.
    public func ways(host: String, path: String, isTLS: Bool) -> [Route] {
        let host = host.lowercased()
        let hosts = Set(routes.map(\.host))
        if isTLS, let route = passthrough(host: host, hosts: hosts) { return [route] }
        var chosen = ""
        if hosts.contains(host) {
            chosen = host
        } else if let wildcard = Self.wildcard(of: host), hosts.contains(wildcard) {
            chosen = wildcard
        }
        let own = routes.filter { $0.host == chosen && !$0.isPassthrough && !($0.host.isEmpty && $0.pathType == nil) }
        let exact = own.filter { $0.pathType == .exact && $0.path == path }
        // Default backends of an Ingress for its own hosts have the path "/" and count as prefixes.
        let prefixes = own.enumerated().filter { $1.pathType != .exact && Self.isPrefix($1.path, of: path) }.sorted { a, b in
            let (x, y) = (Self.length(a.element), Self.length(b.element))
            if x != y { return x > y }
            if (a.element.condition == nil) != (b.element.condition == nil) { return a.element.condition != nil }
            return a.offset < b.offset
        }.map(\.element)
        let rest = routes.filter { $0.host.isEmpty && $0.pathType == nil }
        var ways: [Route] = []
        for route in exact + prefixes + rest {
            guard let condition = route.condition else { return ways + [route] }
            if !ways.contains(where: { $0.condition == condition }) { ways.append(route) }
        }
        return ways
    }

    private func passthrough(host: String, hosts: Set<String>) -> Route? {
        let passthrough = routes.filter(\.isPassthrough)
        if let route = passthrough.first(where: { $0.host == host }) { return route }
        guard !hosts.contains(host), let wildcard = Self.wildcard(of: host) else { return nil }
        return passthrough.first { $0.host == wildcard }
    }

    private static func wildcard(of host: String) -> String? { host.firstIndex(of: ".").map { "*" + host[$0...] } }

    /// `/a` and `/a/` are one prefix.
    private static func length(_ route: Route) -> Int { route.path.utf8.count + (route.path.hasSuffix("/") ? 0 : 1) }

    private static func isPrefix(_ prefix: String, of path: String) -> Bool {
        (path + "/").hasPrefix(prefix.hasSuffix("/") ? prefix : prefix + "/")
    }
}
