/// The addresses of this controller's pods and Services, and where no server may be because of them.
struct OwnAddresses {
    private var replicas = ReplicaAddresses()
    private(set) var policy: EndpointPolicy
    private var hasNewPolicy = false

    init(_ options: EngineOptions) { policy = EndpointPolicy(options) }

    /// Reads Services of the controller's own namespace, or their pods, anew.
    ///
    /// - Returns: whether there are such Services among those that changed.
    mutating func read(_ services: Set<ObjectKey>, in store: ObjectStore, _ options: EngineOptions) -> Bool {
        let own = services.filter { $0.namespace == options.ownNamespace }
        for service in own { replicas.update(service, store.services[service], store.slices(of: service)) }
        return !own.isEmpty
    }

    /// Works out where no server may be.
    ///
    /// - Parameters:
    ///   - listeners: those of the operator's snippets.
    ///   - tcpPorts: of the TCP services.
    mutating func renewPolicy(_ options: EngineOptions, listeners: [EngineOptions.Listener], tcpPorts: Set<Int>) {
        var options = options
        options.ownListeners += listeners
        let policy = EndpointPolicy(
            options, replicas: replicas.addresses(beside: options.ownAddresses), tcpPorts: tcpPorts)
        guard policy != self.policy else { return }
        self.policy = policy
        hasNewPolicy = true
    }

    /// - Returns: whether servers may be refused now that were not at the last call, or the other way round.
    mutating func takeNewPolicy() -> Bool {
        defer { hasNewPolicy = false }
        return hasNewPolicy
    }
}
