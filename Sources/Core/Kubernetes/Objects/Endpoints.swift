/// v1 Endpoints, the older form of EndpointSlices; its name is the Service's.
public struct Endpoints: Hashable, Sendable {
    public var metadata: ObjectMeta
    public var subsets: [EndpointSubset]

    public init(metadata: ObjectMeta, subsets: [EndpointSubset] = []) {
        self.metadata = metadata
        self.subsets = subsets
    }

    /// The same endpoints as slices: one for each subset and family of addresses.
    public func slices() -> [EndpointSlice] {
        subsets.enumerated().flatMap { index, subset in
            [EndpointSlice.AddressType.ipv4, .ipv6].compactMap { family in
                slice(of: subset, family: family, name: "\(metadata.name)-\(index)-\(family.rawValue.lowercased())")
            }
        }
    }

    private func slice(of subset: EndpointSubset, family: EndpointSlice.AddressType, name: String) -> EndpointSlice? {
        func endpoints(_ addresses: [IPAddress], isReady: Bool) -> [Endpoint] {
            addresses.filter { $0.isIPv6 == (family == .ipv6) }
                .map { Endpoint([$0], isReady: isReady) }
        }
        let all = endpoints(subset.addresses, isReady: true) + endpoints(subset.notReadyAddresses, isReady: false)
        guard !all.isEmpty else { return nil }
        var slice = EndpointSlice(
            metadata: ObjectMeta(namespace: metadata.namespace, name: name, creationTimestamp: metadata.creationTimestamp),
            serviceName: metadata.name, addressType: family, ports: subset.ports, endpoints: all)
        slice.isOfEndpoints = true
        return slice
    }
}

/// Addresses that have the same ports.
public struct EndpointSubset: Hashable, Sendable {
    public var addresses: [IPAddress]
    public var notReadyAddresses: [IPAddress]
    public var ports: [EndpointPort]

    init(ready addresses: [IPAddress], notReady notReadyAddresses: [IPAddress], ports: [EndpointPort] = []) {
        self.addresses = addresses
        self.notReadyAddresses = notReadyAddresses
        self.ports = ports
    }

    /// Leaves out texts that are no addresses.
    public init(addresses: [String] = [], notReadyAddresses: [String] = [], ports: [EndpointPort] = []) {
        self.init(
            ready: addresses.compactMap { IPAddress($0) }, notReady: notReadyAddresses.compactMap { IPAddress($0) }, ports: ports)
    }
}
