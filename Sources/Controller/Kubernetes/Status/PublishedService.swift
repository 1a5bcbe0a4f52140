import Core
import Logging

/// Follows the Service through which clients reach HAProxy, wherever it is.
struct PublishedService: Sendable {
    let name: EngineOptions.ObjectName
    let api: KubernetesAPI
    let logger: Logger
    var times = WatchTimes()

    /// Tells its addresses, each time that they may have changed, until the task is cancelled. While the server is out of reach
    /// the last ones stay.
    func run(_ tell: (_ addresses: [LoadBalancerAddress]) async -> Void) async {
        var watch = ResourceWatch(
            api: api, resource: .services, namespace: name.namespace, fieldSelector: "metadata.name=\(name.name)", times: times)
        watch.readsAddresses = true
        var lastProblem: String?
        func complain(_ problem: String?) {
            if let problem, problem != lastProblem { logger.warning("--publish-service \(name): \(problem)") }
            lastProblem = problem
        }
        await watch.run { event in
            switch event {
            case .listed(let objects, let refused):
                guard let found = objects.first else {
                    if refused.isEmpty {
                        complain("there is no such Service")
                        await tell([])
                    }
                    return
                }
                complain(Self.problem(of: found))
                await tell(found.addresses)
            case .changed(let found):
                complain(Self.problem(of: found))
                await tell(found.addresses)
            case .deleted:
                complain("the Service is gone")
                await tell([])
            // Out of reach is what the source says of all it follows.
            case .failed(let error): if !error.isUnreachable { complain("\(error)") }
            case .refused(let refused): complain(refused.findings.first?.description ?? "the Service is invalid")
            case .recovered: complain(nil)
            }
        }
    }

    private static func problem(of found: ResourceWatch.Versioned) -> String? {
        guard found.addresses.isEmpty, case .service(let service) = found.object else { return nil }
        return switch service.type {
        case .loadBalancer: "no load balancer has given it an address yet"
        case .nodePort:
            "a Service of type NodePort without externalIPs has no address of its own; --publish-address can name some"
        case .clusterIP, .externalName: "it has no address"
        }
    }
}
