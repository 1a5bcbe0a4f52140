/// A route that a request may take, and the answer that it gets there.
public struct RequestWay: Hashable, Sendable {
    /// nil where no route takes the request.
    public let route: Route?
    public let answer: RequestAnswer

    /// What the request has to match; nil where it takes the way in any case.
    public var condition: RouteCondition? { route?.condition }
}

extension AssemblyReport {
    // MARK: - Answers

    /// How HAProxy answers a request: those ways that have a condition in the order in which they are tried, then the one for what
    /// matches none.
    ///
    /// The decisions are those of the frontends (``StaticSections``): routing, then fixed rules by their phases, then the
    /// backend. What depends on more than the request's outline is not among them, such as the client's address and passwords.
    public func answers(to request: RequestOutline) -> [RequestWay] {
        if let name = request.serverName, let route = passthrough(host: name) {
            return [RequestWay(route: route, answer: route.passthroughAnswer)]
        }
        guard !closedFrontends.contains(request.isTLS ? .https : .http) else {
            return [
                RequestWay(
                    route: nil,
                    answer: .status(503, "a protection of the whole \(request.isTLS ? "HTTPS" : "HTTP") cannot be built"))
            ]
        }
        let host = knownHost(request.host)
        guard host == request.host || request.namesHost else {
            return [RequestWay(route: nil, answer: .status(400, "the Host header names no host"))]
        }
        var request = request
        if let mode = normalization(ofHost: host) {
            guard let path = mode.normalized(request.path) else {
                return [RequestWay(route: nil, answer: .status(400, "path-normalization refuses the path"))]
            }
            request.path = path
        }
        let ways = ways(ofHost: request.host, path: request.path)
        var answers = ways.map { RequestWay(route: $0, answer: answer(to: request, on: $0)) }
        if ways.last.map({ $0.condition != nil }) ?? true {
            answers.append(RequestWay(route: nil, answer: .status(404, "no Ingress takes this request")))
        }
        return answers
    }

    private func answer(to request: RequestOutline, on route: Route) -> RequestAnswer {
        let values = RouteValues(settings: route.settings, maps: state.maps)
        for rules in rules {
            if let answer = rules.answer?(values, request) { return answer }
        }
        switch route.destination {
        case .backend(let name): return .pods(backend: name)
        case .unavailable(let reason):
            let isMisdirected = request.isTLS && routes.contains { $0.isPassthrough && $0.host == knownHost(request.host) }
            return isMisdirected
                ? .status(421, "TLS of the host is passed through, and the request came over a connection for another host")
                : .status(503, reason)
        }
    }

    // MARK: - Routes

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
        let request = RequestOutline(authority: host, path: path, isTLS: isTLS)
        if let name = request.serverName, let route = passthrough(host: name) { return [route] }
        return ways(ofHost: request.host, path: path)
    }

    /// The host of the rules that a request's host meets: its own, else that of its wildcard, else none.
    private func knownHost(_ host: String) -> String {
        let hosts = Set(routes.map(\.host))
        if hosts.contains(host) { return host }
        return Self.wildcard(of: host).flatMap { hosts.contains($0) ? $0 : nil } ?? ""
    }

    /// - Parameter host: as the rules have it.
    private func normalization(ofHost host: String) -> PathNormalizationMode? {
        state.maps[NormalizationTable.map]?.entries[SectionNames.hostKey(host) + "/"].flatMap(PathNormalizationMode.init)
    }

    private func ways(ofHost host: String, path: String) -> [Route] {
        let chosen = knownHost(host)
        let own = routes.filter { $0.host == chosen && !$0.isPassthrough && !($0.host.isEmpty && $0.pathType == nil) }
        let exact = own.filter { $0.pathType == .exact && $0.path.utf8.elementsEqual(path.utf8) }
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

    /// The route of a TLS connection for a host, where it is passed through.
    private func passthrough(host: String) -> Route? {
        let passthrough = routes.filter(\.isPassthrough)
        if let route = passthrough.first(where: { $0.host == host }) { return route }
        guard !routes.contains(where: { $0.host == host }), let wildcard = Self.wildcard(of: host) else { return nil }
        return passthrough.first { $0.host == wildcard }
    }

    private static func wildcard(of host: String) -> String? { host.firstIndex(of: ".").map { "*" + host[$0...] } }

    /// `/a` and `/a/` are one prefix.
    private static func length(_ route: Route) -> Int { route.path.utf8.count + (route.path.hasSuffix("/") ? 0 : 1) }

    private static func isPrefix(_ prefix: String, of path: String) -> Bool {
        (path + "/").utf8.starts(with: (prefix.hasSuffix("/") ? prefix : prefix + "/").utf8)
    }
}

extension Route {
    fileprivate var passthroughAnswer: RequestAnswer {
        switch destination {
        case .backend(let name): .passedThrough(backend: name)
        case .unavailable(let reason): .closedConnection(reason)
        }
    }
}
