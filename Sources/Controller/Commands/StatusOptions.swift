import ArgumentParser
import Core

/// What the controller writes into the status of Ingresses.
struct StatusOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            Write the addresses of this Service into the status of our Ingresses: those of its load balancer, else its \
            externalIPs, else its clusterIP. Addresses of nodes are not looked for.
            """, valueName: "namespace/name"))
    var publishService: EngineOptions.ObjectName?

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "Write this IP address or host name into the status of our Ingresses; can be repeated.", valueName: "address"))
    var publishAddress: [LoadBalancerAddress] = []

    @Flag(help: "Leave the status of Ingresses alone.")
    var disableIngressStatusUpdate = false

    /// Whether there is something to write.
    var isEnabled: Bool { !disableIngressStatusUpdate && (publishService != nil || !publishAddress.isEmpty) }

    mutating func validate() throws {
        if publishService != nil, !publishAddress.isEmpty {
            throw ValidationError("--publish-service and --publish-address both say where Ingresses are found: give one of them")
        }
    }
}
