import Foundation
import Logging

/// Finds out, with the other replicas, who of them leads: whoever holds the Lease.
///
/// The rules are client-go's (`tools/leaderelection`): a Lease is free when its holder gave it back, or when it has not changed
/// for its duration by the observer's own clock - clocks of different hosts are never compared -, every write names the version
/// that it replaces, and a leader that could not renew in time stops before another may begin.
actor LeaderElection {
    /// For how long what holds. A crashed leader's work is taken over after `leaseDuration` and one `retryInterval` at most.
    struct Times: Sendable {
        /// How long a Lease is respected that does not change.
        var leaseDuration = Duration.seconds(10)
        /// How often the leader renews.
        var renewInterval = Duration.seconds(3)
        /// When a leader that cannot renew stops leading; less than `leaseDuration`.
        var renewDeadline = Duration.seconds(7)
        /// How often the others look, and how soon a failed renewal is tried again, at least.
        var retryInterval = Duration.seconds(1)
        /// How long giving the Lease back may take.
        var releaseLimit = Duration.seconds(3)
    }

    typealias Instant = ContinuousClock.Instant

    private let identity: String
    private let name: String
    private let leases: any LeaseStore
    private let times: Times
    private let logger: Logger
    /// The Lease as it was last seen, and since when it has been seen like that.
    private var known: Lease?
    private var knownSince: Instant?
    /// When the last renewal that succeeded was begun; nil while others lead.
    private var renewed: Instant?
    private var lastHolder = ""
    private var lastFailure: String?
    private var watchdog: Task<Void, Never>?
    private let stream: AsyncStream<Bool>
    private let continuation: AsyncStream<Bool>.Continuation

    /// - Parameters:
    ///   - identity: what no other candidate is called.
    ///   - name: the Lease's.
    init(identity: String, name: String, leases: any LeaseStore, times: Times = Times(), logger: Logger) {
        self.identity = identity
        self.name = name
        self.leases = leases
        self.times = times
        self.logger = logger
        (stream, continuation) = AsyncStream.makeStream()
    }

    /// Whether this controller leads, each time that this changes; for one reader.
    nonisolated var changes: AsyncStream<Bool> { stream }

    var isLeading: Bool { renewed != nil }

    /// Works until the task is cancelled, then gives the Lease back.
    func run() async {
        while !Task.isCancelled {
            let begun = ContinuousClock.now
            let limit = renewed.map { $0 + times.renewDeadline - begun } ?? times.renewDeadline
            let succeeded = await withLimit(limit) { await self.attempt(now: begun) } ?? false
            expire(now: .now)
            try? await Task.sleep(for: pause(now: .now, succeeded: succeeded))
        }
        // The task is cancelled, and with it every request that it would send itself.
        await Task { await withLimit(times.releaseLimit) { await self.release() } }.value
        continuation.finish()
    }

    /// One step: renews the Lease, or takes it if it is free.
    ///
    /// - Returns: whether the server answered as it should.
    @discardableResult
    func attempt(now: Instant) async -> Bool {
        do {
            if isLeading { try await renew(now) } else { try await campaign(now) }
            return true
        } catch let error as APIError {
            // Another candidate was faster: the next look shows who.
            if error.isConflict { return true }
            if error.description != lastFailure { logger.warning("leader election: \(error)") }
            lastFailure = error.description
        } catch {}
        expire(now: now)
        return false
    }

    /// Stops leading if the Lease was not renewed in time.
    func expire(now: Instant) {
        guard let renewed, now >= renewed + times.renewDeadline else { return }
        lose("the Lease could not be renewed for \(times.renewDeadline / .seconds(1)) s")
    }

    /// Gives the Lease back, so that another replica need not wait until it expires.
    func release() async {
        let isHolder = isLeading || known?.holder == identity
        lose("the controller ends")
        do {
            // The last renewal may have succeeded without an answer: what is stored counts.
            guard let lease = try await leases.lease(name), lease.holder == identity else { return }
            var spec = spec(renewing: lease, at: Date())
            spec.holderIdentity = ""
            spec.leaseDurationSeconds = 1
            known = try await leases.update(lease, spec: spec)
        } catch {
            if isHolder { logger.warning("the Lease \(name) could not be given back: \(error)") }
        }
    }

    // MARK: - Steps

    private func campaign(_ now: Instant) async throws {
        guard let lease = try await leases.lease(name) else {
            let created = try await leases.create(name, labels: ControllerIdentity.labels, spec: spec(renewing: nil, at: Date()))
            win(created, begun: now)
            return
        }
        see(lease, at: now)
        guard lease.holder.isEmpty || lease.holder == identity || now >= expiry(of: lease) else { return }
        win(try await leases.update(lease, spec: spec(renewing: lease, at: Date())), begun: now)
    }

    private func renew(_ now: Instant) async throws {
        guard let known else { return try await campaign(now) }
        do { win(try await leases.update(known, spec: spec(renewing: known, at: Date())), begun: now) } catch let error
            as APIError
            where error.isConflict || error.isNotFound
        {
            // Somebody edited or removed it, or the answer to an earlier renewal was lost: a look tells.
            try await campaign(now)
        }
    }

    /// The fields of the Lease with this controller as holder.
    private func spec(renewing lease: Lease?, at date: Date) -> Lease.Spec {
        let time = APITime.micros(date)
        var spec = Lease.Spec(
            holderIdentity: identity, leaseDurationSeconds: max(1, Int((times.leaseDuration / .seconds(1)).rounded(.up))),
            acquireTime: time, renewTime: time, leaseTransitions: 0)
        guard let lease else { return spec }
        let isMine = lease.holder == identity
        if isMine { spec.acquireTime = lease.spec?.acquireTime ?? time }
        spec.leaseTransitions = (lease.spec?.leaseTransitions ?? 0) + (isMine ? 0 : 1)
        return spec
    }

    private func recover() {
        if lastFailure != nil { logger.info("the Lease \(name) can be reached again") }
        lastFailure = nil
    }

    private func see(_ lease: Lease, at now: Instant) {
        recover()
        if known?.spec != lease.spec || knownSince == nil { knownSince = now }
        known = lease
        if isLeading, lease.holder != identity { lose("\(lease.holder.isEmpty ? "nobody" : lease.holder) holds the Lease") }
        if lease.holder != lastHolder, !lease.holder.isEmpty, lease.holder != identity {
            logger.info("the leader is \(lease.holder)")
        }
        lastHolder = lease.holder
    }

    /// When the Lease will be free unless it changes.
    private func expiry(of lease: Lease) -> Instant {
        // What is written counts, for the holder may have other times; but not without limit.
        let written = (lease.spec?.leaseDurationSeconds).flatMap { (1...3600).contains($0) ? Duration.seconds($0) : nil }
        return (knownSince ?? .now) + (written.map { max($0, times.leaseDuration) } ?? times.leaseDuration)
    }

    private func win(_ lease: Lease, begun: Instant) {
        recover()
        known = lease
        knownSince = begun
        lastHolder = identity
        let wasLeading = isLeading
        renewed = begun
        watch(until: begun + times.renewDeadline)
        if !wasLeading {
            logger.info("became leader", metadata: ["identity": "\(identity)", "lease": "\(name)"])
            continuation.yield(true)
        }
    }

    private func lose(_ reason: String) {
        guard isLeading else { return }
        renewed = nil
        watchdog?.cancel()
        logger.notice("stopped leading: \(reason)")
        continuation.yield(false)
    }

    // MARK: - Time

    /// Whatever the renewal waits for, leading ends in time.
    private func watch(until deadline: Instant) {
        watchdog?.cancel()
        watchdog = Task { [weak self] in
            guard (try? await Task.sleep(until: deadline, clock: .continuous)) != nil else { return }
            await self?.expire(now: deadline)
        }
    }

    private func pause(now: Instant, succeeded: Bool) -> Duration {
        // Candidates that look at different times do not all write at the same time.
        let retry = times.retryInterval * Double.random(in: 1...1.3)
        let least = times.retryInterval / 50
        guard succeeded else { return renewed == nil ? retry : min(retry, times.renewInterval / 3) }
        if let renewed { return max(least, renewed + times.renewInterval - now) }
        // Given back, or snatched away: another look tells more.
        guard let known, !known.holder.isEmpty else { return least }
        return max(least, min(retry, expiry(of: known) - now))
    }
}
