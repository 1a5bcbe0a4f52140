/// v1 Service (Kubernetes documentation, "Service").
public struct Service: Hashable, Sendable {
    public var metadata: ObjectMeta
    public var type: ServiceType
    /// The DNS name that an ExternalName Service stands for.
    public var externalName: String?
    public var ports: [ServicePort]
    /// Whether `clusterIP` is `None`; such a Service may have no ports.
    public var isHeadless: Bool

    public init(
        metadata: ObjectMeta, type: ServiceType = .clusterIP, externalName: String? = nil, ports: [ServicePort] = [],
        isHeadless: Bool = false
    ) {
        self.metadata = metadata
        self.type = type
        self.externalName = externalName
        self.ports = ports
        self.isHeadless = isHeadless
    }
}

public enum ServiceType: String, Hashable, Sendable, CaseIterable {
    case clusterIP = "ClusterIP"
    case nodePort = "NodePort"
    case loadBalancer = "LoadBalancer"
    case externalName = "ExternalName"
}

/// A port that a Service offers.
public struct ServicePort: Hashable, Sendable {
    /// May be missing when the Service has one port only.
    public var name: String?
    public var port: Int
    /// The port of the pods; nil means the same number as `port`.
    public var targetPort: PortReference?
    public var `protocol`: String
    /// Such as `kubernetes.io/h2c`.
    public var appProtocol: String?

    public init(
        name: String? = nil, port: Int, targetPort: PortReference? = nil, protocol: String = "TCP", appProtocol: String? = nil
    ) {
        self.name = name
        self.port = port
        self.targetPort = targetPort
        self.protocol = `protocol`
        self.appProtocol = appProtocol
    }
}
