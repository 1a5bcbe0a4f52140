import Core
import Logging
import Foundation

/// The objects of a cluster as a source: one watch for each resource, and for each namespace where only some are looked at.
///
/// Nothing is said before every list has arrived, and a list that arrives later changes only what is different.
actor ClusterSource {
    /// What is looked at.
    struct Scope: Sendable {
        /// Empty for all namespaces.
        var allowedNamespaces: Set<String> = []
        var deniedNamespaces: Set<String> = []
        /// The ConfigMaps that are read; there may be thousands of others.
        var configMaps: Set<EngineOptions.ObjectName> = []
        /// Namespaces whose Secrets are needed although nothing else there is looked at.
        var secretNamespaces: Set<String> = []
    }

    struct Followed {
        let watch: ResourceWatch
        /// Whether its first list has come, or cannot come because the server refuses it.
        var hasArrived = false
        var failure: APIError?
        var versions: [ObjectKey: String] = [:]
    }

    let api: KubernetesAPI
    private let scope: Scope
    private let endpoints: APIResource
    let times: WatchTimes
    private let addresses: IngressAddresses?
    private(set) var followed: [Followed] = []
    private var objectFindings: [ObjectKey: [Finding]] = [:]
    private var namelessFindings: [Int: [Finding]] = [:]
    /// What arrived before everything had.
    private var early: [KubernetesObject] = []
    private var isComplete = false
    /// Why Secrets that something names could not be got so far; see ``secrets(_:)``.
    var missedSecrets: [ObjectKey: APIError] = [:]
    var secretRetry: Task<Void, Never>?
    /// Why the server went out of reach, as the first watch that noticed said it: one message for all, until it is back.
    private(set) var outage: String?
    private let stream: AsyncStream<SourceUpdate>
    private let continuation: AsyncStream<SourceUpdate>.Continuation

    /// - Parameters:
    ///   - endpoints: how the server tells which pods are behind a Service.
    ///   - addresses: learns what the status of each Ingress says; nil when nobody wants to know.
    private let logger: Logger?

    init(
        api: KubernetesAPI, scope: Scope, endpoints: APIResource, addresses: IngressAddresses? = nil,
        times: WatchTimes = WatchTimes(), logger: Logger? = nil
    ) {
        self.logger = logger
        self.addresses = addresses
        self.api = api
        self.scope = scope
        self.endpoints = endpoints
        self.times = times
        (stream, continuation) = AsyncStream.makeStream()
    }

    /// The whole state, then every change.
    nonisolated var updates: AsyncStream<SourceUpdate> { stream }

    /// Works until the task is cancelled.
    func run() async {
        let watches = watches()
        followed = watches.map { Followed(watch: $0) }
        await withTaskGroup(of: Void.self) { group in
            for (index, watch) in watches.enumerated() {
                group.addTask { await watch.run { event in await self.take(event, from: index) } }
            }
        }
        secretRetry?.cancel()
        continuation.finish()
    }

    // MARK: - What is watched

    /// Secrets of kinds that nothing here can use are not even fetched: releases of Helm are large, and accounts' tokens many.
    private static let usableSecrets = "type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token"

    private func watches() -> [ResourceWatch] {
        func watch(_ resource: APIResource, in namespace: String?, _ selector: String? = nil) -> ResourceWatch {
            var watch = ResourceWatch(api: api, resource: resource, namespace: namespace, fieldSelector: selector, times: times)
            watch.readsAddresses = addresses != nil && resource.kind == .ingress
            watch.logger = logger
            return watch
        }
        let namespaces: [String?] = scope.allowedNamespaces.isEmpty ? [nil] : scope.allowedNamespaces.sorted()
        var watches = [watch(.ingressClasses, in: nil)]
        for namespace in namespaces {
            for resource in [.ingresses, .services, endpoints] { watches.append(watch(resource, in: namespace)) }
            watches.append(watch(.secrets, in: namespace, Self.usableSecrets))
        }
        if !scope.allowedNamespaces.isEmpty {
            for namespace in scope.secretNamespaces.subtracting(scope.allowedNamespaces).sorted() {
                watches.append(watch(.secrets, in: namespace, Self.usableSecrets))
            }
        }
        for name in scope.configMaps.sorted(by: { $0.description < $1.description }) {
            watches.append(watch(.configMaps, in: name.namespace, "metadata.name=\(name.name)"))
        }
        return watches
    }

    // MARK: - What comes

    private func take(_ event: ResourceWatch.Event, from index: Int) {
        var update = SourceUpdate(isInitial: false)
        switch event {
        case .listed(let objects, let refused): takeList(objects, refused, from: index, into: &update)
        case .changed(let versioned): take(versioned, from: index, into: &update)
        case .deleted(let key): forget(key, from: index, into: &update)
        case .refused(let refused): take(refused, from: index)
        case .failed(let error):
            if case .unreachable(let failure) = error, outage == nil { outage = failure.reason }
            followed[index].failure = error
            // A right that the operator did not give may never come; the rest must not wait for it.
            if error.isForbidden || error.isNotFound { followed[index].hasArrived = true }
        case .recovered: followed[index].failure = nil
        }
        tell(update)
    }

    private func takeList(
        _ objects: [ResourceWatch.Versioned], _ refused: [ResourceWatch.Refused], from index: Int, into update: inout SourceUpdate
    ) {
        followed[index].hasArrived = true
        followed[index].failure = nil
        namelessFindings[index] = nil
        var gone = Set(followed[index].versions.keys)
        for versioned in objects {
            let key = versioned.object.key
            gone.remove(key)
            if followed[index].versions[key] != versioned.version { take(versioned, from: index, into: &update) }
        }
        for object in refused {
            if let key = object.key { gone.remove(key) }
            take(object, from: index)
        }
        for key in gone { forget(key, from: index, into: &update) }
    }

    private func forget(_ key: ObjectKey, from index: Int, into update: inout SourceUpdate) {
        followed[index].versions[key] = nil
        objectFindings[key] = nil
        missedSecrets[key] = nil
        if key.kind == .ingress { addresses?.set([], for: key) }
        if includes(key) { update.deleted.append(key) }
    }

    private func take(_ versioned: ResourceWatch.Versioned, from index: Int, into update: inout SourceUpdate) {
        let key = versioned.object.key
        guard includes(key) else { return }
        followed[index].versions[key] = versioned.version
        objectFindings[key] = versioned.findings.isEmpty ? nil : versioned.findings
        missedSecrets[key] = nil
        if key.kind == .ingress { addresses?.set(versioned.addresses, for: key) }
        update.changed.append(versioned.object)
    }

    private func take(_ refused: ResourceWatch.Refused, from index: Int) {
        if let key = refused.key {
            if includes(key) { objectFindings[key] = refused.findings }
        } else {
            namelessFindings[index, default: []] += refused.findings
        }
    }

    private func includes(_ key: ObjectKey) -> Bool {
        key.namespace.isEmpty || key.kind == .configMap || key.kind == .secret || !scope.deniedNamespaces.contains(key.namespace)
    }

    func tell(_ update: SourceUpdate) {
        var update = update
        if !followed.contains(where: { $0.failure?.isUnreachable == true }) { outage = nil }
        if !isComplete {
            early += update.changed
            let gone = Set(update.deleted)
            if !gone.isEmpty { early.removeAll { gone.contains($0.key) } }
            guard followed.allSatisfy(\.hasArrived) else {
                // Whoever waits for the start wants to know what keeps it.
                let waiting = missingLists
                if !waiting.isEmpty { continuation.yield(SourceUpdate(isInitial: false, findings: waiting)) }
                return
            }
            isComplete = true
            update = SourceUpdate(isInitial: true, changed: early)
            early = []
        }
        update.findings = findings
        continuation.yield(update)
    }

    /// Everything that is wrong at this time.
    private var findings: [Finding] {
        let failures = followed.compactMap { followed in followed.failure.map { message(about: $0, of: followed.watch) } }
        return objectFindings.values.flatMap { $0 } + namelessFindings.values.flatMap { $0 }
            + (Set(failures).sorted() + [missedSecretsMessage].compactMap { $0 }).map { Finding(.error, $0) }
    }
}
