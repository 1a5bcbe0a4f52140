/// Which addresses servers may have.
struct EndpointPolicy: Equatable {
    private let own: OwnListeners
    private let refusesLocal: Bool

    init(
        _ options: EngineOptions, replicas: ReplicaAddresses.Addresses = ReplicaAddresses.Addresses(), tcpPorts: Set<Int> = []
    ) {
        own = OwnListeners(options, replicas: replicas, tcpPorts: tcpPorts)
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
