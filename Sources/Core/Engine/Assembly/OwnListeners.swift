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
    init(_ options: EngineOptions, tcpPorts: Set<Int>) {
        func inOrder(_ addresses: Set<IPAddress>) -> [IPAddress] {
            addresses.filter { !$0.isLoopback && !$0.isUnspecified }.sorted { $0.description < $1.description }
        }
        ownAddresses = inOrder(options.ownAddresses)
        replicaAddresses = inOrder(options.replicaAddresses)
        for service in options.replicaServices { services[service.port, default: []].append(service.address) }
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

/// Which addresses servers may have.
struct EndpointPolicy: Equatable {
    private let own: OwnListeners
    private let refusesLocal: Bool

    init(_ options: EngineOptions, tcpPorts: Set<Int> = []) {
        own = OwnListeners(options, tcpPorts: tcpPorts)
        refusesLocal = options.refusesLocalEndpoints
    }

    /// The part of the policy for servers at one port.
    func rule(at port: Int) -> Rule { Rule(refusesLocal: refusesLocal, own: own.addresses(at: port)) }

    struct Rule {
        fileprivate let refusesLocal: Bool
        fileprivate let own: [IPAddress.Prefix]

        /// Why there is no server at an address; nil where there may be one.
        func refusal(of address: IPAddress) -> String? {
            if address.isIn(IPAddress.unusable) { return "no server can have such an address" }
            if refusesLocal, address.isIn(IPAddress.local) {
                return "a loopback or link-local address is no pod's; --allow-loopback-endpoints allows them"
            }
            return address.isIn(own) ? "the controller itself listens there" : nil
        }

        /// All addresses that are refused.
        var refused: [IPAddress.Prefix] { IPAddress.unusable + (refusesLocal ? IPAddress.local : []) + own }
    }
}

/// A server whose address is looked up for each request. HAProxy connects to the very address that was looked at: a DNS server that
/// answers differently the next time gains nothing.
public struct ExternalServer: Hashable, Sendable {
    /// A DNS name.
    let name: String
    let port: Int
    /// Where the name must not lead, in CIDR notation.
    let refused: [String]

    init(name: String, port: Int, rule: EndpointPolicy.Rule) {
        self.name = name
        self.port = port
        refused = rule.refused.map(\.description)
    }

    /// The header that counts how often a request came by here (RFC 8586). Nobody else sets it.
    public static let loopHeader = "CDN-Loop"
    /// Controllers in a chain are fewer.
    private static let mostPasses = 8

    /// A name may lead to a load balancer before this controller, whose address nobody here knows. A request that comes back again and again
    /// would take all connections that there are.
    private static let loopRules: [Directive] = [
        """
        http-request return status 508 content-type text/plain string \("loop detected") \
        if { req.hdr_cnt(\(raw: loopHeader)) ge \(mostPasses) }
        """,
        "http-request add-header \(raw: loopHeader) haproxy-ingress",
    ]

    /// As the `server` line calls it.
    var serverName: String { "\(name):\(port)" }

    /// The rules that look the name up, before all others: nothing but they choose where the request goes. A name without an address,
    /// and one that leads where it must not, is 503, or the connection is closed (configuration manual, section 4.2, "http-request
    /// do-resolve").
    func rules(isTCP: Bool, prefersIPv6: Bool) -> [Directive] {
        let verb = isTCP ? "tcp-request content" : "http-request"
        let refusal = isTCP ? "reject" : "deny deny_status 503"
        let family = prefersIPv6 ? "ipv6" : "ipv4"
        var rules: [Directive] = isTCP ? ["tcp-request inspect-delay 5s"] : Self.loopRules
        rules.append("\(raw: verb) do-resolve(txn.address,kubernetes,\(raw: family)) \("str(\(name))")")
        rules.append("\(raw: verb) \(raw: refusal) unless { var(txn.address) -m found }")
        // HAProxy reads 64 words of a line.
        for start in stride(from: 0, to: refused.count, by: 40) {
            let some = refused[start..<min(start + 40, refused.count)].joined(separator: " ")
            rules.append("\(raw: verb) \(raw: refusal) if { var(txn.address) -m ip \(raw: some) }")
        }
        rules.append("\(raw: verb) set-dst var(txn.address)")
        rules.append("\(raw: verb) set-dst-port int(\(port))")
        return rules
    }
}
