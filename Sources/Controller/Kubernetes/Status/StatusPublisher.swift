import Core
import Foundation
import Logging

/// Writes into the status of our Ingresses where clients find them, and takes it out of those that are not ours any more.
///
/// All replicas follow what is ours; only the leader writes, and only what differs.
actor StatusPublisher {
    struct Times: Sendable {
        /// How many requests are under way together, at most; after so many failures in a row all wait.
        var concurrency = 10
        /// How long all wait then.
        var pause = BackOff(initial: .milliseconds(500), maximum: .seconds(30))
        /// How long to wait before the status of one Ingress is written once more.
        var retry = BackOff(initial: .milliseconds(500), maximum: .seconds(300))
    }

    private let present: IngressAddresses
    private let api: KubernetesAPI
    private let times: Times
    private let logger: Logger
    /// nil until it is known.
    private var addresses: [LoadBalancerAddress]?
    private var owned: Set<ObjectKey> = []
    private var isServing = false
    /// Everything that this controller would have written so far: how it knows its own addresses again.
    private var known: Set<LoadBalancerAddress> = []
    /// Ingresses that were ours, until their status says nothing of us.
    private var left: Set<ObjectKey> = []
    /// What may have to be written.
    private var dirty: Set<ObjectKey> = []
    private var failures: [ObjectKey: Int] = [:]
    /// What failed and waits for its next attempt.
    private var waiting: Set<ObjectKey> = []
    private var lastFailure: String?
    private var waker: AsyncStream<Void>.Continuation?

    /// - Parameter present: what the source sees.
    init(present: IngressAddresses, api: KubernetesAPI, times: Times = Times(), logger: Logger) {
        self.present = present
        self.api = api
        self.times = times
        self.logger = logger
    }

    /// What clients should find.
    func publish(_ addresses: [LoadBalancerAddress]) {
        let addresses = LoadBalancerAddress.sorted(addresses)
        guard addresses != self.addresses else { return }
        logger.info("addresses for Ingresses: \(addresses.isEmpty ? "none" : addresses.map(\.text).joined(separator: ", "))")
        self.addresses = addresses
        known.formUnion(addresses)
        touch(owned)
    }

    /// Ingresses that are ours from now on, and those that are ours no more.
    func serve(_ ownership: [ObjectKey: Bool]) {
        for (key, isOurs) in ownership {
            if isOurs {
                owned.insert(key)
                left.remove(key)
            } else if owned.remove(key) != nil {
                left.insert(key)
            }
        }
        isServing = true
        touch(Set(ownership.keys))
    }

    /// Writes until the task is cancelled.
    func lead() async {
        let (wake, waker) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.waker = waker
        present.follow { waker.yield() }
        dirty = owned.union(left)
        failures = [:]
        waiting = []
        waker.yield()
        var pauses = 0
        for await _ in wake {
            dirty.formUnion(present.takeTouched())
            if await write() {
                pauses = 0
            } else {
                try? await Task.sleep(for: times.pause.delay(failures: pauses))
                pauses += 1
                waker.yield()
            }
        }
        present.follow(nil)
        self.waker = nil
    }

    private func touch(_ keys: Set<ObjectKey>) {
        guard let waker, !keys.isEmpty else { return }
        dirty.formUnion(keys)
        waker.yield()
    }

    // MARK: - Writing

    /// What the status should say; nil when that is not our business.
    private func wanted(_ key: ObjectKey) -> [LoadBalancerAddress]? {
        guard isServing, let addresses else { return nil }
        if owned.contains(key) { return addresses }
        guard left.contains(key) else { return nil }
        let present = present[key]
        guard !present.isEmpty, known.isSuperset(of: present) else {
            // Somebody else's by now, or nobody's.
            left.remove(key)
            return nil
        }
        return []
    }

    /// - Returns: whether it makes sense to go on: false when everything fails.
    private func write() async -> Bool {
        let keys = dirty.subtracting(waiting)
        dirty = []
        var due: [ObjectKey] = []
        for key in keys { if let wanted = wanted(key), Set(wanted) != Set(present[key]) { due.append(key) } }
        guard !due.isEmpty else { return true }
        var written = 0
        var failed = 0
        var rest = due[...]
        await withTaskGroup(of: Outcome.self) { group in
            for key in rest.prefix(times.concurrency) { group.addTask { await self.write(key) } }
            rest = rest.dropFirst(times.concurrency)
            for await outcome in group {
                switch outcome {
                case .written:
                    written += 1
                    failed = 0
                case .failed: failed += 1
                case .moot: break
                }
                guard failed < times.concurrency, !Task.isCancelled, let key = rest.popFirst() else { continue }
                group.addTask { await self.write(key) }
            }
        }
        dirty.formUnion(rest)
        if written > 0 { logger.debug("wrote the status of \(written) Ingresses") }
        return failed < times.concurrency
    }

    private enum Outcome { case written, failed, moot }

    private struct Patch: Encodable {
        struct Status: Encodable {
            struct LoadBalancer: Encodable { var ingress: [LoadBalancerAddress] }
            var loadBalancer: LoadBalancer
        }
        var status: Status
    }

    private func write(_ key: ObjectKey) async -> Outcome {
        guard let addresses = wanted(key) else { return .moot }
        let path = APIResource.ingresses.path(namespace: key.namespace, name: key.name, subresource: "status")
        do {
            try await api.send(
                "PATCH", path, body: Patch(status: .init(loadBalancer: .init(ingress: addresses))),
                contentType: "application/merge-patch+json")
            present.note(addresses, for: key)
            // Once is enough: whoever writes the same address again means it.
            if !owned.contains(key) { left.remove(key) }
            // What is ours, or where to find it, may have changed meanwhile.
            if wanted(key).map({ $0 != addresses }) ?? false { touch([key]) }
            failures[key] = nil
            lastFailure = nil
            return .written
        } catch let error as APIError where error.isNotFound {
            // Gone; if it comes again, the source tells.
            failures[key] = nil
            left.remove(key)
            return .moot
        } catch is CancellationError {
            return .moot
        } catch {
            retry(key, after: error)
            return .failed
        }
    }

    private func retry(_ key: ObjectKey, after error: any Error) {
        // One reason for all of them is told once.
        let reason = (error as? APIError).map(Self.reason) ?? "\(error)"
        if reason != lastFailure { logger.warning("the status of \(key) cannot be written: \(error)") }
        lastFailure = reason
        let count = failures[key] ?? 0
        failures[key] = count + 1
        waiting.insert(key)
        let wait = max(times.retry.delay(failures: count) * Double.random(in: 1...1.3), (error as? APIError)?.retryAfter ?? .zero)
        Task { [weak self] in
            try? await Task.sleep(for: wait)
            await self?.tryAgain(key)
        }
    }

    private func tryAgain(_ key: ObjectKey) {
        waiting.remove(key)
        touch([key])
    }

    private static func reason(_ error: APIError) -> String {
        switch error {
        case .refused(let refusal): "\(refusal.status) \(refusal.reason)"
        case .unreachable(let failure): failure.reason
        default: error.description
        }
    }
}
