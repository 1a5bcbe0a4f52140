extension Engine {
    /// What is wrong with annotations of Services that no route leads to, which assembling does not look at.
    public func unusedServiceFindings(_ store: ObjectStore, assembly: Assembly) -> [Finding] {
        let used = Set(assembly.routes.map(\.service))
        return store.services.keys.filter { !used.contains($0) }.sorted().flatMap { key -> [Finding] in
            let annotations = store.services[key]?.metadata.annotations ?? [:]
            let (set, findings) = registry.annotationSet(of: key, annotations: annotations, scope: .service)
            let values = set.entries.sorted { $0.key < $1.key }.compactMap { name, entry in
                registry.keys[name]?.flaw(of: entry, on: key)
            }
            return findings + values
        }
    }
}

extension Assembly {
    /// The route that a request takes, as the routing maps decide it.
    ///
    /// - Parameters:
    ///   - host: without port, in any case.
    ///   - path: without query.
    ///   - isTLS: whether the client speaks TLS, with the host as SNI.
    public func route(host: String, path: String, isTLS: Bool) -> Route? {
        let host = host.lowercased()
        let hosts = Set(routes.map(\.host))
        if isTLS {
            let passthrough = routes.filter(\.isPassthrough)
            if let route = passthrough.first(where: { $0.host == host }) { return route }
            if !hosts.contains(host), let wildcard = Self.wildcard(of: host),
                let route = passthrough.first(where: { $0.host == wildcard })
            {
                return route
            }
        }
        var chosen = ""
        if hosts.contains(host) {
            chosen = host
        } else if let wildcard = Self.wildcard(of: host), hosts.contains(wildcard) {
            chosen = wildcard
        }
        let candidates = routes.filter { $0.host == chosen && !$0.isPassthrough && !($0.host.isEmpty && $0.pathType == nil) }
        return candidates.first { $0.pathType == .exact && $0.path == path }
            ?? candidates.filter { $0.pathType != .exact && Self.isPrefix($0.path, of: path) }.max {
                $0.path.utf8.count < $1.path.utf8.count
            }
            ?? routes.first { $0.host.isEmpty && $0.pathType == nil }
    }

    private static func wildcard(of host: String) -> String? { host.firstIndex(of: ".").map { "*" + host[$0...] } }

    private static func isPrefix(_ prefix: String, of path: String) -> Bool {
        (path + "/").hasPrefix(prefix.hasSuffix("/") ? prefix : prefix + "/")
    }
}
