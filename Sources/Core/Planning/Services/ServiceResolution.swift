/// Where a Service's port leads: the servers behind it.
struct ServiceResolution {
    let store: ObjectStore
    let options: EngineOptions
    let policy: EndpointPolicy
    let refusals: Refusals

    /// - Parameters:
    ///   - policy: without it that of the options.
    ///   - refusals: objects that HAProxy refused.
    init(store: ObjectStore, options: EngineOptions, policy: EndpointPolicy? = nil, refusals: Refusals = Refusals()) {
        self.store = store
        self.options = options
        self.policy = policy ?? EndpointPolicy(options)
        self.refusals = refusals
    }

    struct Resolved {
        /// The name that a backend carries for the port: the port's name, else its number.
        let portName: String
        var servers: [Server] = []
        /// How many servers there are beyond the limit, which get no requests.
        var excess = 0
        /// The name that is looked up in the DNS for each request; nil where ``servers`` are reached by their addresses.
        var name: ExternalServer?
        var isExternalName: Bool { name != nil }
        /// About EndpointSlices with servers that must not be.
        var findings: [Finding] = []
    }

    /// - Throws: a text that says what is missing.
    func resolve(_ key: ObjectKey, port: PortReference?) throws(Missing) -> Resolved {
        guard let service = store.services[key] else { throw Missing("\(key) does not exist", object: key) }
        if service.type == .externalName { return try external(service, key: key, port: port) }
        guard let servicePort = find(port, in: service) else {
            let known = service.ports.map { port in port.name.map { "\($0) (\(port.port))" } ?? String(port.port) }
            throw Missing(
                "\(key) has no port \(port?.description ?? ""); it has \(known.isEmpty ? "none" : known.joined(separator: ", "))")
        }
        var resolved = Resolved(portName: servicePort.name ?? String(servicePort.port))
        fill(&resolved, with: key, port: servicePort)
        let limit = options.environment.limits[.backendServers]
        resolved.excess = max(0, resolved.servers.count - limit)
        resolved.servers = Array(resolved.servers.prefix(limit))
        return resolved
    }

    /// Whether the pods speak HTTP/2 in the clear at a port.
    func podsSpeakHTTP2(_ key: ObjectKey, port: PortReference?) -> Bool {
        appProtocol(key, port: port) == "kubernetes.io/h2c"
    }

    /// What the pods speak at a port: the Service says so, else its EndpointSlices, into which Kubernetes copies it.
    private func appProtocol(_ key: ObjectKey, port: PortReference?) -> String? {
        guard let service = store.services[key], let port = find(port, in: service) else { return nil }
        if let declared = port.appProtocol { return declared }
        for slice in store.slices(of: key) {
            for slicePort in slice.ports where Self.isOf(port, slicePort) {
                if let found = slicePort.appProtocol { return found }
            }
        }
        return nil
    }

    /// The name that a Service of type ExternalName stands for, without the dot that may end it.
    func externalName(_ key: ObjectKey) -> String? {
        guard let service = store.services[key], service.type == .externalName, let name = service.externalName else {
            return nil
        }
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }

    struct Missing: Error {
        let reason: String
        /// The Service, where there is none.
        let object: ObjectKey?

        init(_ reason: String, object: ObjectKey? = nil) {
            self.reason = reason
            self.object = object
        }
    }

    private func find(_ port: PortReference?, in service: Service) -> ServicePort? {
        // A number may stand for a UDP port too, which nothing here can use.
        let ports = service.ports.lazy.filter { $0.protocol == "TCP" }
        return switch port {
        case nil: ports.first
        case .number(let number): ports.first { $0.port == number }
        case .name(let name): ports.first { $0.name == name }
        }
    }

    private func external(_ service: Service, key: ObjectKey, port: PortReference?) throws(Missing) -> Resolved {
        guard options.isExternalNameEnabled else {
            throw Missing("\(key) is of type ExternalName, which --disable-service-external-name switched off")
        }
        guard let name = service.externalName else { throw Missing("\(key) has no externalName") }
        guard let target = ExternalTarget(name) else { throw Missing("\(key) has an externalName that is no DNS name") }
        let declared = find(port, in: service)
        let number: Int
        switch (declared, port) {
        case (let declared?, _):
            if case .number(let target)? = declared.targetPort { number = target } else { number = declared.port }
        case (nil, .number(let asked)?) where !service.ports.contains { $0.name == String(asked) }: number = asked
        default: throw Missing("\(key) has no port \(port?.description ?? "")")
        }
        var resolved = Resolved(portName: declared?.name ?? String(declared?.port ?? number))
        switch target {
        case .address(let address):
            if let refusal = policy.rule(at: number).refusal(of: address) {
                throw Missing("\(key) leads to \(Server(address, port: number).endpoint): \(refusal)")
            }
            resolved.servers = [Server(address, port: number)]
        case .name(let name):
            resolved.servers = [Server(address: name, port: number)]
            resolved.name = ExternalServer(name: name, port: number, rule: policy.rule(at: number))
        }
        return resolved
    }

    private static func isOf(_ port: ServicePort, _ slicePort: EndpointPort) -> Bool {
        slicePort.protocol == "TCP" && (slicePort.name ?? "") == (port.name ?? "")
    }

    private static func finding(
        about slice: EndpointSlice, service: ObjectKey, refusal: String, example: String
    ) -> Finding {
        let object = slice.isOfEndpoints ? ObjectKey(.endpoints, namespace: service.namespace, name: service.name) : slice.key
        return Finding(
            .error, object: object, key: slice.isOfEndpoints ? "subsets" : "endpoints", value: example,
            "is left out: \(refusal)", expected: "the address of a pod")
    }

    /// By name, each once.
    private static func inOrder(_ servers: [Server]) -> [Server] {
        let sorted = servers.sorted()
        return sorted.indices.filter { $0 == 0 || sorted[$0] != sorted[$0 - 1] }.map { sorted[$0] }
    }

    /// The slices of a Service without those that HAProxy refused.
    private func slices(of key: ObjectKey) -> [EndpointSlice] {
        let slices = store.slices(of: key)
        guard !refusals.isEmpty else { return slices }
        if refusals.refusal(of: ObjectKey(.endpoints, namespace: key.namespace, name: key.name)) != nil { return [] }
        return slices.filter {
            refusals.refusal(of: ObjectKey(.endpointSlice, namespace: $0.metadata.namespace, name: $0.metadata.name)) == nil
        }
    }

    /// Ready endpoints; terminating ones that still serve are drained beside them, or stand in when there are no others
    /// (Kubernetes, "EndpointSlices", section "Conditions").
    private func fill(_ resolved: inout Resolved, with key: ObjectKey, port: ServicePort) {
        var ready: [Server] = []
        var terminating: [Server] = []
        for slice in slices(of: key) {
            for slicePort in slice.ports where Self.isOf(port, slicePort) {
                guard let number = slicePort.port else { continue }
                let rule = policy.rule(at: number)
                // The first endpoint that is refused, by why.
                var refused: [String: String] = [:]
                for endpoint in slice.endpoints {
                    // Addresses of one endpoint are fungible; Kubernetes fills in one.
                    guard let address = endpoint.ipAddresses.first else { continue }
                    let isTerminating = !endpoint.isReady && endpoint.isServing && endpoint.isTerminating
                    guard endpoint.isReady || isTerminating else { continue }
                    let server = Server(address, port: number)
                    if let refusal = rule.refusal(of: address) {
                        if refused[refusal] == nil { refused[refusal] = server.endpoint }
                    } else if isTerminating {
                        terminating.append(server)
                    } else {
                        ready.append(server)
                    }
                }
                for (refusal, example) in refused.sorted(by: { $0.key < $1.key }) {
                    resolved.findings.append(Self.finding(about: slice, service: key, refusal: refusal, example: example))
                }
            }
        }
        if ready.isEmpty || terminating.isEmpty {
            resolved.servers = Self.inOrder(ready + terminating)
            return
        }
        let names = Set(ready.map(\.name))
        let draining = terminating.filter { !names.contains($0.name) }
        resolved.servers = Self.inOrder(ready + draining.map { Server(address: $0.address, port: $0.port, isDraining: true) })
    }
}
