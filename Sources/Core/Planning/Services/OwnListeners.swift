extension EngineOptions {
    /// An address and port that the controller or its HAProxy listens on.
    public struct Listener: Hashable, Sendable {
        /// An unspecified address stands for all addresses of its family.
        public let address: IPAddress
        public let port: Int
        /// Whether a listener at all addresses of IPv6 takes connections by IPv4, too (`ipv6(7)`, "IPV6_V6ONLY").
        public let isDualStack: Bool

        public init(address: IPAddress, port: Int, isDualStack: Bool = false) {
            self.address = address.mappedIPv4 ?? address
            self.port = port
            self.isDualStack = isDualStack && address.mappedIPv4 == nil
        }

        /// Whether connections to addresses of a family come to it, where it listens at all addresses.
        fileprivate func takes(isIPv6: Bool) -> Bool { address.isIPv6 == isIPv6 || isDualStack && address.isIPv6 }
    }
}

/// The listeners that requests must not come back to: who proxies to them reads what only this host may, or has HAProxy ask itself
/// without end. The other replicas of the controller listen where this one does.
struct OwnListeners: Equatable {
    private var listeners: [Int: [EngineOptions.Listener]] = [:]
    private let ownAddresses: [IPAddress]
    private let replicaAddresses: [IPAddress]
    /// What leads to a replica from elsewhere, by port.
    private var services: [Int: [IPAddress]] = [:]

    /// - Parameter tcpPorts: of the TCP services.
    init(_ options: EngineOptions, replicas: ReplicaAddresses.Addresses, tcpPorts: Set<Int>) {
        func inOrder(_ addresses: Set<IPAddress>) -> [IPAddress] {
            addresses.filter { !$0.isLoopback && !$0.isUnspecified }.sorted { $0.description < $1.description }
        }
        ownAddresses = inOrder(options.ownAddresses)
        replicaAddresses = inOrder(replicas.pods)
        for service in replicas.services { services[service.port, default: []].append(service.address) }
        services = services.mapValues { inOrder(Set($0)) }
        for listener in options.ownListeners { listeners[listener.port, default: []].append(listener) }
        // HAProxy resolves an address that is none here: then it may be any.
        let addresses = [
            options.ipv4Address.map { IPAddress($0) ?? .unspecified },
            options.ipv6Address.map { IPAddress($0) ?? .unspecifiedIPv6 },
        ].compactMap(\.self)
        for port in tcpPorts.union(options.listeners.keys) where port != 0 {
            listeners[port, default: []] += addresses.map { EngineOptions.Listener(address: $0, port: port) }
        }
    }

    /// The addresses that lead to one of the listeners at a port, each once.
    func addresses(at port: Int) -> [IPAddress.Prefix] {
        var known: Set<String> = []
        let all = (listeners[port] ?? []).flatMap(prefixes) + (services[port] ?? []).map { IPAddress.Prefix($0) }
        return all.filter { known.insert($0.description).inserted }
    }

    private func prefixes(of listener: EngineOptions.Listener) -> [IPAddress.Prefix] {
        let address = listener.address
        if address.isLoopback { return [IPAddress.Prefix(address)] }
        guard address.isUnspecified else { return ([address] + replicaAddresses).map { IPAddress.Prefix($0) } }
        let loopback = IPAddress.loopbackNetworks.filter { listener.takes(isIPv6: $0.address.isIPv6) }
        return loopback
            + (ownAddresses + replicaAddresses).filter { listener.takes(isIPv6: $0.isIPv6) }.map { IPAddress.Prefix($0) }
    }
}
