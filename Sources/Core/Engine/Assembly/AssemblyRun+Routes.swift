/// Who claimed which place in a routing map first.
struct Claims {
    struct Place: Hashable {
        let map: String
        let key: String
        /// The id of what requests have to match; empty for the route that takes the rest.
        var condition = ""
    }
    private var owners: [Place: ObjectKey] = [:]

    /// nil when the place was free; else who has it.
    mutating func claim(_ place: Place, for ingress: ObjectKey) -> ObjectKey? {
        if let owner = owners[place] { return owner }
        owners[place] = ingress
        return nil
    }
}

extension AssemblyRun {
    /// The key of the route that takes what no other matches, in `path-exact.map`.
    static let defaultKey = "default"

    /// The rules of an Ingress, in their order.
    mutating func planRules(_ own: OwnIngress, claims: inout Claims) {
        for rule in own.ingress.rules {
            for path in rule.paths {
                add(path.backend, host: rule.host ?? "", path: path.path, type: path.pathType, of: own, claims: &claims)
            }
        }
    }

    /// The default backend of an Ingress: for requests to its own hosts that no path matches, and for requests that nothing
    /// matches. Comes after the rules of all Ingresses, which go first however young they are.
    mutating func planDefault(_ own: OwnIngress, claims: inout Claims) {
        guard let backend = own.ingress.defaultBackend else { return }
        for host in Set(own.ingress.rules.compactMap(\.host)).sorted() {
            add(backend, host: host, path: "/", type: nil, of: own, claims: &claims)
        }
        add(backend, host: "", path: "/", type: nil, of: own, claims: &claims)
    }

    private mutating func add(
        _ backend: IngressBackend, host: String, path: String, type: PathType?, of own: OwnIngress, claims: inout Claims
    ) {
        let set = own.set
        let service = ObjectKey(.service, namespace: set.object.namespace, name: backend.serviceName)
        var context = RouteContext(
            ingress: set.object, service: service, hostHasTLS: own.hasTLS(for: host), externalName: services.externalName(service)
        )
        var plan = plan(context, ingressSet: set)
        if plan.contribution.isPassthrough, !context.hostHasTLS {
            // The pods bring the TLS that spec.tls does not mention.
            context.hostHasTLS = true
            plan = self.plan(context, ingressSet: set)
        }
        guard !plan.isLeftOut else { return }
        let condition = plan.contribution.condition
        var places = [Self.place(host: host, path: path, type: type)]
        if let condition { places[0].condition = condition.id }
        if plan.contribution.isPassthrough {
            if let condition {
                findings.append(
                    Finding(
                        .error, object: condition.origin.object, key: condition.origin.key,
                        "cannot be evaluated where ssl-passthrough hides the requests from HAProxy, so the Service gets none"))
                return
            }
            guard !host.isEmpty else {
                findings.append(
                    Finding(.warning, object: set.object, "passes TLS through only for rules with a host: SNI is what chooses"))
                return
            }
            places.append(Claims.Place(map: "sni", key: Self.hostKey(host)))
        }
        for place in places {
            if let owner = claims.claim(place, for: set.object) {
                // A second path of a passed-through host, or a default backend beside the rule for "/", is no conflict.
                if owner != set.object || (place.map != "sni" && type != nil) {
                    findings.append(conflict(of: set.object, with: owner, host: host, path: path))
                }
                continue
            }
            routes.append(
                PlannedRoute(
                    ingress: set.object, host: host, path: path, pathType: type, service: service, port: backend.port,
                    context: context, map: place.map, key: place.key, condition: place.map == "sni" ? nil : condition))
        }
    }

    private func conflict(of ingress: ObjectKey, with owner: ObjectKey, host: String, path: String) -> Finding {
        let what = "\(host.isEmpty ? "any host" : "host \(host)"), path \(path)"
        return Finding(
            .warning, object: ingress,
            owner == ingress ? "has two rules for \(what); the first is in force" : "claims \(what), which the older \(owner) has"
        )
    }

    mutating func planDefaultBackend(claims: inout Claims) {
        guard let name = options.defaultBackendService else { return }
        let service = ObjectKey(.service, namespace: name.namespace, name: name.name)
        let context = RouteContext(
            ingress: nil, service: service, hostHasTLS: false, externalName: services.externalName(service))
        let plan = plan(context, ingressSet: nil)
        let condition = plan.contribution.condition
        let place = Claims.Place(map: "path-exact", key: Self.defaultKey, condition: condition?.id ?? "")
        guard !plan.isLeftOut, claims.claim(place, for: service) == nil else { return }
        routes.append(
            PlannedRoute(
                ingress: nil, host: "", path: "/", pathType: nil, service: service, port: options.defaultBackendPort,
                context: context, map: place.map, key: place.key, condition: condition))
    }

    /// Finds the servers behind a route and notes the backend that it needs.
    mutating func resolve(_ planned: PlannedRoute, in backends: inout Backends) -> PlannedRoute {
        var route = planned
        guard let plan = plans[route.context] else { return route }
        do {
            let resolved = try services.resolve(route.service, port: route.port)
            if let reason = plan.closedReason {
                route.unavailable = reason
                return route
            }
            guard !plan.contribution.isPassthrough || route.map == "sni" else {
                route.unavailable = "TLS is passed through to the pods, which plain HTTP cannot reach"
                return route
            }
            route.backend = backends.add(route.service, for: route.ingress, resolved: resolved, plan: plan)
        } catch {
            route.unavailable = error.reason
            findings.append(
                Finding(.error, object: route.ingress ?? route.service, key: route.ingress == nil ? nil : "spec", error.reason))
        }
        return route
    }

    func finish(_ route: PlannedRoute, names: [Backends.Identity: String]) -> Route {
        let name = route.backend.flatMap { names[$0] }
        return Route(
            ingress: route.ingress, host: route.host, path: route.path, pathType: route.pathType, service: route.service,
            port: route.port, destination: name.map { .backend($0) } ?? .unavailable(route.unavailable ?? "there is no backend"),
            settings: plans[route.context]?.settingsID ?? "", isPassthrough: route.map == "sni", condition: route.condition,
            context: route.context)
    }

    /// Fills the routing maps, and those that fixed rules read.
    mutating func fillMaps(_ finished: [Route], global: GlobalContribution) {
        var maps = global.mapEntries
        for name in ["host", "path-exact", "path-prefix"] { maps[name] = [:] }
        var ways = ConditionalRoutes()
        for (route, planned) in zip(finished, routes) {
            let target =
                switch route.destination {
                case .backend(let name): name
                case .unavailable: Self.unavailableBackend
                }
            if planned.map == "sni", target == Self.unavailableBackend {
                maps["sni", default: [:]][planned.key] = "\(Self.unavailableTCPBackend).\(route.settings)"
            } else {
                let value = route.settings.isEmpty ? target : "\(target).\(route.settings)"
                if let condition = route.condition {
                    ways.add(value, at: Claims.Place(map: planned.map, key: planned.key), host: route.host, if: condition)
                } else {
                    maps[planned.map, default: [:]][planned.key] = value
                }
            }
            if !route.host.isEmpty { maps["host", default: [:]][Self.hostKey(route.host)] = Self.hostKey(route.host) }
            guard !route.settings.isEmpty, let plan = plans[planned.context] else { continue }
            for (name, value) in plan.contribution.values { maps[name, default: [:]][route.settings] = value }
            for (name, entries) in plan.contribution.sharedEntries {
                maps[name, default: [:]].merge(entries) { first, _ in first }
            }
        }
        ways.fill(&maps)
        conditionRules = ways.rules
        for (name, entries) in maps { state.maps[name] = MapFile(name: name, entries: entries) }
    }

    /// A host as the maps have it: `*.example.com` is `.example.com`.
    static func hostKey(_ host: String) -> String { host.hasPrefix("*.") ? String(host.dropFirst()) : host }

    static func place(host: String, path: String, type: PathType?) -> Claims.Place {
        if host.isEmpty, type == nil { return Claims.Place(map: "path-exact", key: defaultKey) }
        if type == .exact { return Claims.Place(map: "path-exact", key: hostKey(host) + path) }
        return Claims.Place(map: "path-prefix", key: hostKey(host) + (path.hasSuffix("/") ? path : path + "/"))
    }
}

/// An Ingress that is ours, with what is looked up often.
struct OwnIngress {
    let ingress: Ingress
    let set: AnnotationSet
    private let tlsHosts: Set<String>

    init(ingress: Ingress, set: AnnotationSet) {
        self.ingress = ingress
        self.set = set
        tlsHosts = Set(ingress.tls.flatMap { $0.hosts.isEmpty ? ingress.rules.map { $0.host ?? "" } : $0.hosts })
    }

    /// Whether `spec.tls` covers a rule's host; a wildcard covers one label.
    func hasTLS(for host: String) -> Bool {
        if tlsHosts.contains(host) { return true }
        guard let dot = host.firstIndex(of: ".") else { return false }
        return tlsHosts.contains("*" + host[dot...])
    }
}
