import Core
import Foundation
import Logging

/// What the controller tells the cluster: that it runs, where its Ingresses are found, and what is wrong with objects.
///
/// Every replica follows what there is to tell; the one that leads writes it.
struct ClusterReporting: ControlLoopObserver {
    private let identity: ControllerIdentity
    private let election: LeaderElection
    private let membership: ReplicaMembership
    private let events: EventRecorder
    private let publisher: StatusPublisher?
    private let service: PublishedService?
    private let addresses: [LoadBalancerAddress]
    private let logger: Logger

    /// - Parameters:
    ///   - present: learns from the source what the status of each Ingress says; nil when it is not to be written.
    ///   - endpoints: how the server tells which pods are behind a Service.
    init(
        api: KubernetesAPI, identity: ControllerIdentity, status: StatusOptions, present: IngressAddresses?,
        endpoints: APIResource, logger: Logger
    ) {
        let leases = NamespaceLeases(api: api, namespace: identity.namespace)
        self.identity = identity
        self.logger = logger
        election = LeaderElection(identity: identity.name, name: identity.leaderLease, leases: leases, logger: logger)
        membership = ReplicaMembership(identity: identity, leases: leases, logger: logger)
        events = EventRecorder(api: api, instance: identity.name, endpoints: endpoints, logger: logger)
        publisher = present.map { StatusPublisher(present: $0, api: api, logger: logger) }
        service =
            publisher == nil ? nil : status.publishService.map { PublishedService(name: $0, api: api, logger: logger) }
        addresses = status.publishAddress
    }

    /// How many replicas of this controller run, each time that this changes; for one reader.
    var replicas: AsyncStream<Int> { membership.counts }

    /// Works until the task is cancelled, then takes leave of the other replicas.
    func run() async {
        logger.info(
            "taking part in leader election",
            metadata: ["identity": "\(identity.name)", "lease": "\(identity.namespace)/\(identity.leaderLease)"])
        if service == nil { await publisher?.publish(addresses) }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await membership.run() }
            group.addTask { await followLeadership() }
            group.addTask { await election.run() }
            if let service, let publisher { group.addTask { await service.run { await publisher.publish($0) } } }
        }
    }

    func serves(_ ownership: [ObjectKey: Bool]) async { await publisher?.serve(ownership) }

    func finds(_ new: [Finding], gone: [Finding]) async { await events.take(new, gone: gone) }

    /// Does the leader's work while this controller leads.
    private func followLeadership() async {
        var work: Task<Void, Never>?
        for await isLeading in election.changes {
            await membership.setLeading(isLeading)
            work?.cancel()
            await work?.value
            work = isLeading ? Task { await lead() } : nil
        }
        work?.cancel()
        await work?.value
    }

    private func lead() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await events.lead() }
            if let publisher { group.addTask { await publisher.lead() } }
        }
    }
}
