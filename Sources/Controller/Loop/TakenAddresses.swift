import Core

/// Values that HAProxy cannot have because it cannot listen where they want it to: another process has the port. They are
/// refused for as long as that is so.
struct TakenAddresses {
    /// How long to wait where it cannot be seen whether an address has become free.
    static let retryPeriod = Duration.seconds(60)

    private struct Entry {
        let object: ObjectKey
        let key: String
        let value: String
        let failures: [ListenerFailure]
        /// When to try again whatever it looks like; nil where it can be seen.
        let retry: ContinuousClock.Instant?
    }

    private var entries: [Entry] = []

    /// - Parameter failures: all that HAProxy said about the value.
    mutating func add(_ object: ObjectKey, key: String, value: String, failures: [ListenerFailure], now: ContinuousClock.Instant)
    {
        // What looks free and was refused all the same is no question of looking.
        let isVisible = failures.contains { $0.isOver == false }
        entries.removeAll { $0.object == object && $0.key == key }
        entries.append(
            Entry(
                object: object, key: key, value: value, failures: failures, retry: isVisible ? nil : now + Self.retryPeriod))
    }

    /// Whether some value is worth another try.
    func hasFree(now: ContinuousClock.Instant) -> Bool { entries.contains { Self.isFree($0, now: now) } }

    /// The values that are worth another try, which are forgotten.
    mutating func takeFree(now: ContinuousClock.Instant) -> [(object: ObjectKey, key: String, value: String)] {
        let free = entries.filter { Self.isFree($0, now: now) }
        entries.removeAll { entry in free.contains { $0.object == entry.object && $0.key == entry.key } }
        return free.map { ($0.object, $0.key, $0.value) }
    }

    private static func isFree(_ entry: Entry, now: ContinuousClock.Instant) -> Bool {
        if let retry = entry.retry { return now >= retry }
        return entry.failures.allSatisfy { $0.isOver != false }
    }
}
