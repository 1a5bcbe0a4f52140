/// The addresses of all replicas of this controller, and those of the Services that lead to them.
///
/// Only Services of the controller's own namespace count, which the operator writes. Elsewhere somebody could put this controller's
/// address beside those of other people's pods, which would be refused then.
struct ReplicaAddresses {
    private var byService: [ObjectKey: Addresses] = [:]

    struct Addresses: Equatable {
        var pods: Set<IPAddress> = []
        /// Where the Services are reached.
        var services: Set<EngineOptions.Listener> = []
    }

    /// - Parameter slices: of the Service; their pods count whether they are ready or not.
    mutating func update(_ key: ObjectKey, _ service: Service?, _ slices: [EndpointSlice]) {
        let pods = slices.flatMap(\.endpoints).flatMap(\.ipAddresses).map { $0.mappedIPv4 ?? $0 }
        guard !pods.isEmpty else {
            byService[key] = nil
            return
        }
        let ports = service?.ports.filter { $0.protocol == "TCP" } ?? []
        let listeners = (service?.addresses ?? []).flatMap { address in
            ports.map { EngineOptions.Listener(address: address, port: $0.port) }
        }
        byService[key] = Addresses(pods: Set(pods), services: Set(listeners))
    }

    /// - Parameter hosts: the addresses of this host.
    func addresses(beside hosts: Set<IPAddress>) -> Addresses {
        let own = hosts.filter { !$0.isLoopback }
        return byService.values.reduce(into: Addresses()) { all, addresses in
            guard !addresses.pods.isDisjoint(with: own) else { return }
            all.pods.formUnion(addresses.pods)
            all.services.formUnion(addresses.services)
        }
    }
}
