/// Where a Service's port leads: the servers behind it.
struct ServiceResolution {
    let store: ObjectStore
    let options: EngineOptions

    struct Resolved {
        /// The name that a backend carries for the port: the port's name, else its number.
        let portName: String
        let servers: [Server]
        /// The pods are found by DNS and followed there.
        let isExternalName: Bool
        /// How many servers there are beyond the limit, which get no requests.
        var excess = 0
    }

    /// - Throws: a text that says what is missing.
    func resolve(_ key: ObjectKey, port: PortReference?) throws(Missing) -> Resolved {
        guard let service = store.services[key] else { throw Missing("\(key) does not exist") }
        if service.type == .externalName { return try external(service, key: key, port: port) }
        guard let servicePort = find(port, in: service) else {
            let known = service.ports.map { port in port.name.map { "\($0) (\(port.port))" } ?? String(port.port) }
            throw Missing(
                "\(key) has no port \(port?.description ?? ""); it has \(known.isEmpty ? "none" : known.joined(separator: ", "))")
        }
        let servers = servers(of: key, port: servicePort)
        let limit = options.environment.limits[.backendServers]
        return Resolved(
            portName: servicePort.name ?? String(servicePort.port), servers: Array(servers.prefix(limit)), isExternalName: false,
            excess: max(0, servers.count - limit))
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
        init(_ reason: String) { self.reason = reason }
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
        let declared = find(port, in: service)
        let number: Int
        switch (declared, port) {
        case (let declared?, _):
            if case .number(let target)? = declared.targetPort { number = target } else { number = declared.port }
        case (nil, .number(let asked)?): number = asked
        default: throw Missing("\(key) has no port \(port?.description ?? "")")
        }
        return Resolved(
            portName: declared?.name ?? String(declared?.port ?? number), servers: [Server(address: name, port: number)],
            isExternalName: true)
    }

    /// By name, each once.
    private static func inOrder(_ servers: [Server]) -> [Server] {
        let sorted = servers.sorted()
        return sorted.indices.filter { $0 == 0 || sorted[$0] != sorted[$0 - 1] }.map { sorted[$0] }
    }

    /// Ready endpoints; terminating ones that still serve are drained beside them, or stand in when there are no others
    /// (Kubernetes, "EndpointSlices", section "Conditions").
    private func servers(of key: ObjectKey, port: ServicePort) -> [Server] {
        var ready: [Server] = []
        var terminating: [Server] = []
        for slice in store.slices(of: key) {
            for slicePort in slice.ports where (slicePort.name ?? "") == (port.name ?? "") {
                guard let number = slicePort.port else { continue }
                for endpoint in slice.endpoints {
                    // Addresses of one endpoint are fungible; Kubernetes fills in one.
                    guard let address = endpoint.addresses.first else { continue }
                    let server = Server(address: address, port: number)
                    if endpoint.isReady {
                        ready.append(server)
                    } else if endpoint.isServing && endpoint.isTerminating {
                        terminating.append(server)
                    }
                }
            }
        }
        if ready.isEmpty || terminating.isEmpty { return Self.inOrder(ready + terminating) }
        let names = Set(ready.map(\.name))
        let draining = terminating.filter { !names.contains($0.name) }
        return Self.inOrder(ready + draining.map { Server(address: $0.address, port: $0.port, isDraining: true) })
    }
}
