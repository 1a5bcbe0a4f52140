/// discovery.k8s.io/v1 EndpointSlice (Kubernetes documentation, "EndpointSlices").
public struct EndpointSlice: Hashable, Sendable {
    public var metadata: ObjectMeta
    /// The Service of the same namespace, from the label `kubernetes.io/service-name`; nil for a slice that belongs to none.
    public var serviceName: String?
    public var addressType: AddressType
    public var ports: [EndpointPort]
    public var endpoints: [Endpoint]
    /// Whether an Endpoints object stands behind it.
    var isOfEndpoints = false

    var key: ObjectKey { ObjectKey(.endpointSlice, namespace: metadata.namespace, name: metadata.name) }

    public enum AddressType: String, Hashable, Sendable, CaseIterable {
        case ipv4 = "IPv4"
        case ipv6 = "IPv6"
        case fqdn = "FQDN"
    }

    public init(
        metadata: ObjectMeta, serviceName: String? = nil, addressType: AddressType = .ipv4, ports: [EndpointPort] = [],
        endpoints: [Endpoint] = []
    ) {
        self.metadata = metadata
        self.serviceName = serviceName
        self.addressType = addressType
        self.ports = ports
        self.endpoints = endpoints
    }
}

/// A port of every endpoint of a slice.
public struct EndpointPort: Hashable, Sendable {
    /// The Service port's name; nil where that has none.
    public var name: String?
    /// nil means any port.
    public var port: Int?
    public var `protocol`: String
    /// Such as `kubernetes.io/h2c`.
    public var appProtocol: String?

    public init(name: String? = nil, port: Int?, protocol: String = "TCP", appProtocol: String? = nil) {
        self.name = name
        self.port = port
        self.protocol = `protocol`
        self.appProtocol = appProtocol
    }
}

/// A pod, or whatever else answers for a Service.
public struct Endpoint: Hashable, Sendable {
    /// Interchangeable addresses of the one endpoint.
    public var ipAddresses: [IPAddress]
    /// Whether it wants traffic; never true while it terminates.
    public var isReady: Bool
    /// Whether it answers, even while it terminates.
    public var isServing: Bool
    public var isTerminating: Bool

    /// - Parameter isServing: as `isReady` when not given, which is what Kubernetes says of a missing condition.
    public init(_ addresses: [IPAddress], isReady: Bool = true, isServing: Bool? = nil, isTerminating: Bool = false) {
        ipAddresses = addresses
        self.isReady = isReady
        self.isServing = isServing ?? isReady
        self.isTerminating = isTerminating
    }

    /// The addresses as text.
    public var addresses: [String] { ipAddresses.map(\.description) }

    /// Leaves out texts that are no addresses.
    public init(addresses: [String], isReady: Bool = true, isServing: Bool? = nil, isTerminating: Bool = false) {
        self.init(addresses.compactMap { IPAddress($0) }, isReady: isReady, isServing: isServing, isTerminating: isTerminating)
    }
}
