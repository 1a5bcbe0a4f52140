/// The addresses of all replicas of this controller: those of the Services that lead to this one, too.
///
/// Only Services of the controller's own namespace count, which the operator writes. Elsewhere somebody could put this controller's
/// address beside those of other people's pods, which would be refused then.
struct ReplicaAddresses {
    private var byService: [ObjectKey: Set<IPAddress>] = [:]

    /// The pods of a Service of the controller's namespace are these, ready or not.
    mutating func note(_ service: ObjectKey, _ slices: [EndpointSlice]) {
        let addresses = slices.flatMap(\.endpoints).flatMap(\.ipAddresses).map { $0.mappedIPv4 ?? $0 }
        byService[service] = addresses.isEmpty ? nil : Set(addresses)
    }

    /// - Parameter hosts: the addresses of this host.
    func addresses(beside hosts: Set<IPAddress>) -> Set<IPAddress> {
        let own = hosts.filter { !$0.isLoopback }
        return byService.values.reduce(into: []) { all, addresses in
            if !addresses.isDisjoint(with: own) { all.formUnion(addresses) }
        }
    }
}
