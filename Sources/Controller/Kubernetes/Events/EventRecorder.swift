import Core
import Foundation
import Logging

/// Makes Events of findings, on the objects that have to change.
///
/// All replicas know what there is to say; only the leader writes. A finding that lasts is one Event, repeated before the server
/// forgets it (after an hour, unless told otherwise); nothing is said twice within ``Limits/quiet``, whoever said it first.
actor EventRecorder {
    struct Limits: Sendable {
        /// How many Events are written at once after quiet, and how long each further one takes.
        var burst = 25
        var interval = Duration.seconds(1)
        /// How long nothing is written about the same finding on the same object.
        var quiet = Duration.seconds(600)
        /// How often a finding that lasts is repeated.
        var repetition = Duration.seconds(1800)
        var retry = BackOff(initial: .seconds(1), maximum: .seconds(300))
    }

    typealias Instant = ContinuousClock.Instant

    private struct Entry {
        /// When it is to be written next.
        var due: Instant
        /// Of those that are due the one found first comes first.
        let order: Int
        var failures = 0
    }

    private let api: KubernetesAPI
    private let instance: String
    private let resources: [ObjectKind: APIResource]
    private let limits: Limits
    private let logger: Logger
    private var entries: [Finding: Entry] = [:]
    /// When something was written about findings, and about which object of that name, for as long as that matters.
    private var written: [Finding: (at: Instant, uid: String)] = [:]
    private var found = 0
    private var budget: EventBudget
    private var lastFailure: String?
    private var waker: AsyncStream<Void>.Continuation?
    private var timer: Task<Void, Never>?

    /// - Parameters:
    ///   - instance: which of the replicas this is.
    ///   - endpoints: how the server tells which pods are behind a Service.
    init(api: KubernetesAPI, instance: String, endpoints: APIResource, limits: Limits = Limits(), logger: Logger) {
        self.api = api
        self.instance = instance
        self.limits = limits
        self.logger = logger
        var resources = Dictionary(uniqueKeysWithValues: APIResource.all.map { ($0.kind, $0) })
        resources[endpoints.kind] = endpoints
        self.resources = resources
        budget = EventBudget(burst: limits.burst, interval: limits.interval, now: .now)
    }

    /// Takes note of findings that are new, and of those that are no more.
    func take(_ new: some Collection<Finding>, gone: some Collection<Finding>) {
        for finding in gone { entries[finding] = nil }
        let now = ContinuousClock.now
        written = written.filter { now < $0.value.at + limits.quiet }
        for finding in new where finding.object != nil && entries[finding] == nil {
            entries[finding] = Entry(due: now, order: found)
            found += 1
        }
        waker?.yield()
    }

    /// Writes until the task is cancelled.
    func lead() async {
        let (wake, waker) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        self.waker = waker
        waker.yield()
        for await _ in wake {
            while !Task.isCancelled, let (finding, due) = next() {
                let now = ContinuousClock.now
                if due > now {
                    wakeAfter(due - now)
                    break
                }
                if let wait = budget.take(now: now) {
                    try? await Task.sleep(for: wait)
                } else {
                    await write(finding)
                }
            }
        }
        timer?.cancel()
        self.waker = nil
    }

    private func next() -> (finding: Finding, due: Instant)? {
        entries.min { ($0.value.due, $0.value.order) < ($1.value.due, $1.value.order) }.map { ($0.key, $0.value.due) }
    }

    private func wakeAfter(_ wait: Duration) {
        timer?.cancel()
        timer = Task { [waker] in
            if (try? await Task.sleep(for: wait)) != nil { waker?.yield() }
        }
    }

    // MARK: - Writing

    private func write(_ finding: Finding) async {
        guard let entry = entries[finding], let object = finding.object, let resource = resources[object.kind] else {
            entries[finding] = nil
            return
        }
        do {
            let next = try await write(finding, about: object, of: resource)
            schedule(finding, entry.order, at: next, failures: 0)
            lastFailure = nil
        } catch is CancellationError {
        } catch {
            let reason = "\(error)"
            if reason != lastFailure { logger.warning("an Event on \(object) cannot be written: \(reason)") }
            lastFailure = reason
            let wait = limits.retry.delay(failures: entry.failures) * Double.random(in: 1...1.3)
            schedule(finding, entry.order, at: .now + wait, failures: entry.failures + 1)
        }
    }

    /// A finding that was mended and came again in the meantime keeps its own time.
    private func schedule(_ finding: Finding, _ order: Int, at due: Instant, failures: Int) {
        guard entries[finding]?.order == order else { return }
        entries[finding] = Entry(due: due, order: order, failures: failures)
    }

    /// - Returns: when there is something to say again.
    private func write(_ finding: Finding, about object: ObjectKey, of resource: APIResource) async throws -> Instant {
        guard let uid = try await uid(of: object, resource) else { return .now + limits.repetition }
        // An object that was made anew has nothing said about it yet.
        if let last = written[finding], last.uid == uid, .now < last.at + limits.quiet { return last.at + limits.quiet }
        try await write(ObjectEvent(finding, about: object, of: resource, uid: uid, instance: instance, at: Date()))
        written[finding] = (.now, uid)
        return .now + limits.repetition
    }

    private struct Identified: Decodable {
        struct Metadata: Decodable { var uid: String? }
        var metadata: Metadata
    }

    /// - Returns: nil when the object is gone.
    private func uid(of object: ObjectKey, _ resource: APIResource) async throws -> String? {
        let path = resource.path(namespace: object.namespace, name: object.name)
        do {
            // The server that knows nothing of metadata alone sends the whole object.
            let bytes = try await api.get(path, accept: "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1")
            return try JSONDecoder().decode(Identified.self, from: Data(bytes)).metadata.uid
        } catch let error as APIError where error.isNotFound {
            return nil
        } catch let error as DecodingError {
            throw APIError.unreadable(url: path, reason: "is no object: \(error)")
        }
    }

    private struct Repetition: Encodable {
        var count: Int
        var lastTimestamp: String
        var reportingInstance: String
    }

    private func write(_ event: ObjectEvent) async throws {
        let path = "/api/v1/namespaces/\(event.metadata.namespace)/events"
        do {
            try await api.send("POST", path, body: event)
        } catch let error as APIError where error.isConflict {
            let own = "\(path)/\(event.metadata.name)"
            let found = try JSONDecoder().decode(ObjectEvent.self, from: Data(try await api.get(own)))
            // Another replica, or this one before it was started again, has just said so.
            if let last = found.lastTimestamp.flatMap(APITime.date), -last.timeIntervalSinceNow < limits.quiet / .seconds(1) {
                return
            }
            let repetition = Repetition(
                count: (found.count ?? 1) + 1, lastTimestamp: APITime.seconds(Date()), reportingInstance: instance)
            try await api.send("PATCH", own, body: repetition, contentType: "application/merge-patch+json")
        }
    }
}
