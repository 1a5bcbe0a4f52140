/// Works out what one Ingress asks for.
struct IngressPlanner {
    let assembly: LiveAssembly
    let unit: Unit
    let own: OwnIngress
    private var index = 0
    /// The hosts whose TLS it passes through.
    private var passedHosts: Set<String> = []

    init(assembly: LiveAssembly, unit: Unit, own: OwnIngress) {
        self.assembly = assembly
        self.unit = unit
        self.own = own
    }

    private var key: ObjectKey { own.set.object }

    private mutating func order(_ rank: ClaimOrder.Rank) -> ClaimOrder {
        index += 1
        return ClaimOrder(rank: rank, created: own.ingress.age, object: key, index: index)
    }

    // MARK: - Routes

    /// The rules in their order, then the default backend: for requests to the Ingress's own hosts that no path matches, and for
    /// requests that nothing matches.
    mutating func planRoutes() {
        for rule in own.ingress.rules {
            for path in rule.paths { add(path.backend, host: rule.host ?? "", path: path.path, type: path.pathType) }
        }
        guard let backend = own.ingress.defaultBackend else { return }
        for host in Set(own.ingress.rules.compactMap(\.host)).sorted() { add(backend, host: host, path: "/", type: nil) }
        add(backend, host: "", path: "/", type: nil)
    }

    private mutating func add(_ backend: IngressBackend, host: String, path: String, type: PathType?) {
        let service = ObjectKey(.service, namespace: key.namespace, name: backend.serviceName)
        var context = RouteContext(
            ingress: key, service: service, hostHasTLS: own.hasTLS(for: host),
            externalName: assembly.services.externalName(service))
        var planned = assembly.plan(context, ingressSet: own.set, for: unit)
        if planned.plan.contribution.isPassthrough, !context.hostHasTLS {
            // The pods bring the TLS that spec.tls does not mention.
            context.hostHasTLS = true
            planned = assembly.plan(context, ingressSet: own.set, for: unit)
        }
        guard !planned.plan.isLeftOut else { return }
        let condition = planned.plan.contribution.condition
        var place = RoutingPlace(host: host, path: path, type: type)
        if let condition { place.condition = condition.id }
        func claim(_ place: RoutingPlace, _ rank: ClaimOrder.Rank, path: String, type: PathType?) -> RouteClaim {
            RouteClaim(
                order: order(rank), place: place, host: host, path: path, pathType: type, port: backend.port, planned: planned,
                condition: place.map == "sni" ? nil : condition)
        }
        let rank: ClaimOrder.Rank = type == nil ? .ingressDefault : .rule
        if planned.plan.contribution.isPassthrough {
            if let condition {
                unit.findings.append(
                    Finding(
                        .error, object: condition.origin.object, key: condition.origin.key,
                        "cannot be evaluated where ssl-passthrough hides the requests from HAProxy, so the Service gets none"))
                return
            }
            guard !host.isEmpty else {
                unit.findings.append(
                    Finding(
                        .error, object: key,
                        """
                        asks for ssl-passthrough, which is there only for rules with a host, because SNI is what chooses; \
                        \(type == nil ? "this default backend gets no requests" : "path \(path) of any host is closed")
                        """,
                        expected: "a host in spec.rules[].host"))
                // In clear it would be what its owner did not ask for. A default backend leaves the requests to others.
                if type != nil { unit.claims.append(claim(place, rank, path: path, type: type)) }
                return
            }
            unit.claims.append(claim(.passthrough(host), rank, path: path, type: type))
            // Pods have all paths of the host, so that none of them is unknown to clients that come without TLS of their own.
            let rest = RoutingPlace(host: host, path: "/", type: .prefix)
            if passedHosts.insert(host).inserted {
                unit.claims.append(claim(rest, .passthroughRest, path: "/", type: nil))
            }
        }
        unit.claims.append(claim(place, rank, path: path, type: type))
    }

    // MARK: - Certificates

    mutating func planCertificates() {
        for (index, tls) in own.ingress.tls.enumerated() {
            guard let name = tls.secretName else { continue }
            let field = "spec.tls[\(index)].secretName"
            let secret = ObjectKey(.secret, namespace: key.namespace, name: name)
            for (file, bundle) in assembly.certificates(of: secret, for: key, field: field, unit: unit) {
                for host in names(of: tls, bundle: bundle) {
                    unit.certificateHosts.insert(host)
                    assembly.certificates.add(
                        CertificateTable.Claim(
                            order: order(.rule), host: host, ingress: key, path: file.path, algorithm: bundle.keyAlgorithm,
                            field: field, secret: name))
                }
            }
        }
    }

    /// `spec.tls[].hosts`; without them the hosts of the rules, and for rules without a host the names in the certificate.
    private func names(of tls: IngressTLS, bundle: CertificateBundle) -> [String] {
        let hosts = tls.hosts.isEmpty ? own.ingress.rules.map { $0.host ?? "" } : tls.hosts
        let names = hosts.contains("") || hosts.isEmpty ? hosts.filter { !$0.isEmpty } + bundle.names : hosts
        return Set(names.filter(DefaultCertificates.isName)).sorted()
    }
}
