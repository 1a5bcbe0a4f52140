/// v1 Service (Kubernetes documentation, "Service").
public struct Service: Hashable, Sendable {
    public var metadata: ObjectMeta
    public var type: ServiceType
    /// The DNS name that an ExternalName Service stands for.
    public var externalName: String?
    public var ports: [ServicePort]
    /// Whether `clusterIP` is `None`; such a Service may have no ports.
    public var isHeadless: Bool
    /// Where it is reached: its cluster addresses, external addresses and those of its load balancers.
    public var addresses: [IPAddress]

    public init(
        metadata: ObjectMeta, type: ServiceType = .clusterIP, externalName: String? = nil, ports: [ServicePort] = [],
        isHeadless: Bool = false, addresses: [IPAddress] = []
    ) {
        self.metadata = metadata
        self.type = type
        self.externalName = externalName
        self.ports = ports
        self.isHeadless = isHeadless
        self.addresses = addresses
    }
}

extension Service {
    /// Whether it is of type ExternalName and names an address.
    var namesAddress: Bool {
        guard type == .externalName, let externalName, case .address? = ExternalTarget(externalName) else { return false }
        return true
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

/// What the name of an ExternalName Service stands for. No resolver but the DNS is ever asked for names, so that nobody reads an
/// address in a text that is none here, such as `127.1`.
enum ExternalTarget: Hashable, Sendable {
    case address(IPAddress)
    /// A DNS name without a dot at its end.
    case name(String)

    /// - Parameter externalName: a DNS-1123 subdomain, with a dot at its end or not.
    /// - Returns: nil for names that no DNS server can know: they end in a number, which some programs take for an address
    ///   ("URL Standard", section 3.5, "ends in a number"), or have a label of more than 63 bytes (RFC 1035, section 2.3.4).
    init?(_ externalName: String) {
        let name = externalName.hasSuffix(".") ? String(externalName.dropLast()) : externalName
        if let address = IPAddress(name) {
            self = .address(address)
            return
        }
        let labels = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard let last = labels.last, labels.allSatisfy({ (1...63).contains($0.count) }), !Self.isNumber(last) else { return nil }
        // Such names never reach a DNS server (RFC 6761, section 6.3).
        self = last.elementsEqual("localhost".utf8) ? .address(.loopback) : .name(name)
    }

    private static func isNumber(_ label: Substring.UTF8View) -> Bool {
        let digits = label.starts(with: "0x".utf8) ? label.dropFirst(2) : label
        let isHexadecimal = digits.count < label.count
        return digits.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || isHexadecimal && (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
        }
    }
}
