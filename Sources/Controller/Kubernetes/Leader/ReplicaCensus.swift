/// Counts the controllers that run, by their Leases.
///
/// A Lease counts as long as it changes: for how long it has not is measured by the own clock, and only over times in which the
/// server could be asked, so that an outage of the server makes nobody look dead.
struct ReplicaCensus {
    typealias Instant = ContinuousClock.Instant

    struct Count: Equatable {
        /// With this controller, whether its own Lease is there or not.
        var replicas: Int
        /// The Leases of controllers that are gone.
        var expired: [Lease]
    }

    private struct Sighting {
        var version: String?
        var since: Instant
    }

    /// The name of the own Lease.
    let own: String
    /// How long a Lease is respected that does not change.
    let duration: Duration
    private var sightings: [String: Sighting] = [:]
    private var isBlind = false

    init(own: String, duration: Duration) {
        self.own = own
        self.duration = duration
    }

    /// The server could not be asked.
    mutating func miss() { isBlind = true }

    mutating func count(_ leases: [Lease], now: Instant) -> Count {
        var seen: [String: Sighting] = [:]
        var expired: [Lease] = []
        for lease in leases where lease.metadata.name != own {
            let version = lease.spec?.renewTime
            var sighting = sightings[lease.metadata.name] ?? Sighting(version: version, since: now)
            if sighting.version != version || isBlind { sighting = Sighting(version: version, since: now) }
            seen[lease.metadata.name] = sighting
            if now >= sighting.since + duration { expired.append(lease) }
        }
        sightings = seen
        isBlind = false
        return Count(replicas: seen.count - expired.count + 1, expired: expired)
    }
}
