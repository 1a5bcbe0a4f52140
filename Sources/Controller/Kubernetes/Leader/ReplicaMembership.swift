import Foundation
import Logging

/// Tells the other replicas that this one runs, by a Lease of its own, and counts them by theirs.
///
/// Leases rather than the endpoints of a Service: they are there with and without a Service, and for controllers outside of the
/// cluster.
actor ReplicaMembership {
    struct Times: Sendable {
        /// How long a replica is counted that does not renew.
        var duration = Duration.seconds(30)
        /// How often it renews, and counts.
        var interval = Duration.seconds(10)
        /// How long taking leave may take.
        var releaseLimit = Duration.seconds(3)
    }

    private let identity: ControllerIdentity
    private let leases: any LeaseStore
    private let times: Times
    private let logger: Logger
    private var census: ReplicaCensus
    private var own: Lease?
    private var replicas: Int?
    private var lastFailure: String?
    /// Whether this replica clears away what is left of others.
    private var clearsAway = false
    private let stream: AsyncStream<Int>
    private let continuation: AsyncStream<Int>.Continuation

    init(identity: ControllerIdentity, leases: any LeaseStore, times: Times = Times(), logger: Logger) {
        self.identity = identity
        self.leases = leases
        self.times = times
        self.logger = logger
        census = ReplicaCensus(own: identity.replicaLease, duration: times.duration)
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// How many replicas run, this one among them, each time that this changes; for one reader. Nothing before the first count.
    nonisolated var counts: AsyncStream<Int> { stream }

    /// Only the leader clears away expired Leases.
    func setLeading(_ isLeading: Bool) { clearsAway = isLeading }

    /// Works until the task is cancelled, then takes leave.
    func run() async {
        while !Task.isCancelled {
            await attempt(now: .now)
            try? await Task.sleep(for: times.interval)
        }
        // The task is cancelled, and with it every request that it would send itself.
        await Task { await withLimit(times.releaseLimit) { await self.leave() } }.value
        continuation.finish()
    }

    /// Renews the own Lease and counts all.
    func attempt(now: ContinuousClock.Instant) async {
        do {
            try await renew()
            let count = census.count(try await leases.leases(labels: identity.replicaLabels), now: now)
            if lastFailure != nil { logger.info("the replicas' Leases can be reached again") }
            lastFailure = nil
            if count.replicas != replicas {
                replicas = count.replicas
                logger.info("replicas of this controller: \(count.replicas)")
                continuation.yield(count.replicas)
            }
            // A Lease that was renewed meanwhile has another version, and stays.
            if clearsAway { for lease in count.expired { await clearAway(lease) } }
        } catch is CancellationError {
        } catch {
            census.miss()
            let reason = "\(error)"
            if reason != lastFailure { logger.warning("the replicas cannot be counted: \(reason)") }
            lastFailure = reason
        }
    }

    private func clearAway(_ lease: Lease) async {
        do { try await leases.delete(lease) } catch let error as APIError where !error.isConflict && !error.isNotFound {
            logger.debug("the Lease \(lease.metadata.name) of a replica that is gone cannot be cleared away: \(error)")
        } catch {}
    }

    private func renew() async throws {
        let now = APITime.micros(Date())
        var spec = Lease.Spec(
            holderIdentity: identity.name, leaseDurationSeconds: max(1, Int((times.duration / .seconds(1)).rounded(.up))),
            acquireTime: now, renewTime: now)
        if let own {
            spec.acquireTime = own.spec?.acquireTime ?? now
            do {
                self.own = try await leases.update(own, spec: spec)
                return
            } catch let error as APIError where error.isConflict || error.isNotFound {}
            self.own = nil
        }
        if let found = try await leases.lease(identity.replicaLease) {
            own = try await leases.update(found, spec: spec)
        } else {
            own = try await leases.create(identity.replicaLease, labels: identity.replicaLabels, spec: spec)
        }
    }

    private func leave() async {
        // An answer to the last renewal may have been lost with the version in it.
        guard let lease = try? await leases.lease(identity.replicaLease) else { return }
        do { try await leases.delete(lease) } catch {
            logger.warning("the Lease \(identity.replicaLease) stays behind until the leader clears it away: \(error)")
        }
    }
}
