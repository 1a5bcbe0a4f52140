/// Works out what one Ingress asks for.
struct IngressPlanner {
    private let planner: Planner
    private(set) var plan: ObjectPlan
    private let own: OwnIngress
    private var index = 0
    /// The hosts whose TLS it passes through.
    private var passedHosts: Set<String> = []

    init(_ planner: Planner, _ plan: ObjectPlan, _ own: OwnIngress) {
        (self.planner, self.plan, self.own) = (planner, plan, own)
    }

    private var limits: ResourceLimits { planner.options.environment.limits }
    private var key: ObjectKey { own.set.object }

    private mutating func order(_ rank: ClaimOrder.Rank) -> ClaimOrder {
        index += 1
        return ClaimOrder(rank: rank, created: own.ingress.age, object: key, index: index)
    }

    // MARK: - Routes

    /// The rules in their order, then the default backend: for requests to the Ingress's own hosts that no path matches, and for
    /// requests that nothing matches.
    mutating func planRoutes() {
        let limits = limits
        var paths = 0
        for rule in own.ingress.rules {
            for path in rule.paths where takes(&paths, limits[.ingressPaths]) {
                add(path.backend, host: rule.host ?? "", path: path.path, type: path.pathType)
            }
        }
        if paths > limits[.ingressPaths] {
            plan.findings.append(
                Finding(
                    .error, object: key, key: "spec.rules",
                    "has \(paths) paths, of which the first \(limits[.ingressPaths]) are served; "
                        + limits.description(of: .ingressPaths)))
        }
        guard let backend = own.ingress.defaultBackend else { return }
        for host in Set(own.ingress.rules.compactMap(\.host)).sorted() { add(backend, host: host, path: "/", type: nil) }
        add(backend, host: "", path: "/", type: nil)
    }

    /// Counts one more, and tells whether it is within a limit.
    private func takes(_ count: inout Int, _ limit: Int) -> Bool {
        count += 1
        return count <= limit
    }

    private mutating func add(_ backend: IngressBackend, host: String, path: String, type: PathType?) {
        let service = ObjectKey(.service, namespace: key.namespace, name: backend.serviceName)
        var context = RouteContext(
            ingress: key, service: service, hostHasTLS: own.hasTLS(for: host),
            externalName: planner.services.externalName(service),
            podsSpeakHTTP2: planner.services.podsSpeakHTTP2(service, port: backend.port))
        var planned = planner.plan(context, ingressSet: own.set, in: &plan)
        if planned.plan.contribution.isPassthrough, !context.hostHasTLS {
            // The pods bring the TLS that spec.tls does not mention.
            context.hostHasTLS = true
            planned = planner.plan(context, ingressSet: own.set, in: &plan)
        }
        guard !planned.plan.isLeftOut else { return }
        let condition = planned.plan.contribution.condition
        let places = RequestPath.spellings(of: path).map { spelling in
            var place = RoutingPlace(host: host, path: spelling, type: type)
            if let condition { place.condition = condition.id }
            return (path: spelling, place: place)
        }
        if let problem = places.compactMap({ planner.problem(of: $0.place) }).first {
            plan.findings.append(
                Finding(
                    .error, object: key, key: "spec.rules", value: host + path, "\(problem); the path is left out",
                    expected: "a host and a path that HAProxy reads whole", example: "/shop"))
            return
        }
        func route(_ place: RoutingPlace, _ rank: ClaimOrder.Rank, path: String, type: PathType?) -> PlannedRoute {
            PlannedRoute(
                order: order(rank), place: place, host: host, path: path, pathType: type, port: backend.port, planned: planned,
                condition: place.map == "sni" ? nil : condition)
        }
        let rank: ClaimOrder.Rank = type == nil ? .ingressDefault : .rule
        if planned.plan.contribution.isPassthrough {
            if let condition {
                plan.findings.append(
                    Finding(
                        .error, object: condition.origin.object, key: condition.origin.key,
                        "cannot be evaluated where ssl-passthrough hides the requests from HAProxy, so the Service gets none"))
                return
            }
            guard !host.isEmpty else {
                plan.findings.append(
                    Finding(
                        .error, object: key,
                        """
                        asks for ssl-passthrough, which is there only for rules with a host, because SNI is what chooses; \
                        \(type == nil ? "this default backend gets no requests" : "path \(path) of any host is closed")
                        """,
                        expected: "a host in spec.rules[].host"))
                // In clear it would be what its owner did not ask for. A default backend leaves the requests to others.
                if type != nil {
                    for (path, place) in places { plan.routes.append(route(place, rank, path: path, type: type)) }
                }
                return
            }
            plan.routes.append(route(.passthrough(host), rank, path: path, type: type))
            // Pods have all paths of the host, so that none of them is unknown to clients that come without TLS of their own.
            let rest = RoutingPlace(host: host, path: "/", type: .prefix)
            if passedHosts.insert(host).inserted {
                plan.routes.append(route(rest, .passthroughRest, path: "/", type: nil))
            }
        }
        for (path, place) in places { plan.routes.append(route(place, rank, path: path, type: type)) }
    }

    // MARK: - Certificates

    mutating func planCertificates() {
        let limits = limits
        var names = 0
        defer {
            if names > limits[.certificateHosts] {
                plan.findings.append(
                    Finding(
                        .error, object: key, key: "spec.tls",
                        "brings certificates for \(names) hosts, of which the first \(limits[.certificateHosts]) have them; "
                            + limits.description(of: .certificateHosts)))
            }
        }
        for (index, tls) in own.ingress.tls.enumerated() {
            guard let name = tls.secretName else { continue }
            let field = "spec.tls[\(index)].secretName"
            let secret = ObjectKey(.secret, namespace: key.namespace, name: name)
            for (file, bundle) in planner.certificates(of: secret, for: key, field: field, in: &plan).certificates {
                let covered = Set(bundle.names.filter(CertificateClaim.isName)).sorted().prefix(limits[.certificateHosts])
                plan.certificates.files.append((file.path, Array(covered), bundle.keyAlgorithm))
                let hosts = Set(tls.hosts.filter(CertificateClaim.isName)).sorted()
                for host in hosts where takes(&names, limits[.certificateHosts]) {
                    plan.certificates.claims.append(
                        CertificateClaim(
                            order: order(.rule), host: host, ingress: key, path: file.path, algorithm: bundle.keyAlgorithm,
                            field: field, secret: name))
                }
            }
        }
    }
}

extension Planner {
    /// Why no routing map can have a place; nil when one can.
    fileprivate func problem(of place: RoutingPlace) -> String? {
        // A route's value names a backend, settings and candidates.
        let longest = String(repeating: "x", count: 400)
        return MapFile.problem(key: place.key, value: longest, base.handlers.environment.readerLimits)
    }
}
