import ArgumentParser
import Core

/// Where clients find an Ingress: an element of `status.loadBalancer.ingress` (Kubernetes API reference, "LoadBalancerIngress"),
/// without what only its writer knows, such as its ports.
enum LoadBalancerAddress: Hashable, Sendable {
    case ip(String)
    case hostname(String)

    var text: String {
        switch self {
        case .ip(let text), .hostname(let text): text
        }
    }

    /// Each once, in one order, so that replicas write the same.
    static func sorted(_ addresses: some Sequence<LoadBalancerAddress>) -> [LoadBalancerAddress] {
        Set(addresses).sorted { $0.text < $1.text }
    }

    /// What the status of an object says.
    static func status(of node: Node) -> [LoadBalancerAddress] {
        guard let status = node["status"], case .sequence(let entries)? = status["loadBalancer"]?["ingress"]?.value else {
            return []
        }
        return entries.compactMap { entry in
            if let ip = entry["ip"]?.string, !ip.isEmpty { return .ip(ip) }
            return entry["hostname"]?.string.flatMap { $0.isEmpty ? nil : .hostname($0) }
        }
    }

    /// Where clients find a Service: what its load balancer got, else its external addresses, else the cluster's own address for
    /// it where it has no other. The addresses of nodes, at which a NodePort Service answers, are not looked for.
    static func published(by service: Node) -> [LoadBalancerAddress] {
        let balanced = status(of: service)
        guard balanced.isEmpty, let spec = service["spec"] else { return balanced }
        if case .sequence(let external)? = spec["externalIPs"]?.value, !external.isEmpty {
            return external.compactMap { $0.string.map(LoadBalancerAddress.ip) }
        }
        switch spec["type"]?.string ?? ServiceType.clusterIP.rawValue {
        case ServiceType.clusterIP.rawValue:
            return spec["clusterIP"]?.string.flatMap { ["", "None"].contains($0) ? nil : [.ip($0)] } ?? []
        case ServiceType.externalName.rawValue:
            return spec["externalName"]?.string.map { [.hostname($0)] } ?? []
        default: return []
        }
    }
}

extension LoadBalancerAddress: Encodable {
    private enum Field: String, CodingKey { case ip, hostname }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Field.self)
        switch self {
        case .ip(let text): try container.encode(text, forKey: .ip)
        case .hostname(let text): try container.encode(text, forKey: .hostname)
        }
    }
}

extension LoadBalancerAddress: ExpressibleByArgument {
    /// An IP address, or a host name in lower case.
    init?(argument: String) {
        if !argument.contains("/"), IPNetwork(argument) != nil {
            self = .ip(argument)
            return
        }
        // What ends in a number was meant to be an IP address.
        guard argument.isDNSSubdomain, argument.split(separator: ".").last.map({ Int($0) == nil }) == true else { return nil }
        self = .hostname(argument)
    }

    var defaultValueDescription: String { text }
}
