/// A server that HAProxy is to forget as soon as its sessions have ended, or a backend without servers.
struct Departure: Hashable {
    let backend: String
    /// nil for the backend itself.
    let server: String?
}

/// When HAProxy is asked to forget what leaves: soon at first and then ever more seldom, each for itself, so that those with long
/// sessions cost little however many others come and go.
struct Departures {
    /// How many are asked for at once; changes need not wait for more.
    static let portion = 50
    private static let first = Duration.milliseconds(10)
    /// How many different pauses there are, each twice the one before: the longest is 2.56 s.
    private static let levels = 9

    /// By how often they were asked for; of one level the first is due first.
    private var queues: [[Entry]] = Array(repeating: [], count: levels)
    /// Which entry of one that left several times counts.
    private var current: [Departure: Int] = [:]
    private var count = 0

    private struct Entry {
        let departure: Departure
        let number: Int
        let due: ContinuousClock.Instant
    }

    /// When the next is to be asked for; nil when nothing leaves.
    var next: ContinuousClock.Instant? { queues.lazy.compactMap { $0.first?.due }.min() }

    /// Begins to leave now, whether it did before or not.
    mutating func add(_ departure: Departure, now: ContinuousClock.Instant) { enter(departure, level: 0, now) }

    private mutating func enter(_ departure: Departure, level: Int, _ now: ContinuousClock.Instant) {
        count += 1
        current[departure] = count
        queues[level].append(Entry(departure: departure, number: count, due: now + Self.pause(level)))
    }

    private static func pause(_ level: Int) -> Duration { first * (1 << level) }

    /// Asks for those that are due, or nearly, and keeps those that stay for later.
    ///
    /// - Parameter ask: is given them, at most ``portion``, and returns those that stay.
    mutating func askForDue(now: ContinuousClock.Instant, _ ask: ([Departure]) async -> Set<Departure>) async {
        var due: [(departure: Departure, level: Int)] = []
        for level in queues.indices {
            // Some more at once are less work than each at its time.
            let limit = now + Self.pause(level) / 8
            let number = queues[level].prefix(Self.portion - due.count).prefix { $0.due <= limit }.count
            for entry in queues[level].prefix(number) where current[entry.departure] == entry.number {
                due.append((entry.departure, level))
                current[entry.departure] = nil
            }
            queues[level].removeFirst(number)
        }
        guard !due.isEmpty else { return }
        let staying = await ask(due.map(\.departure))
        for (departure, level) in due where staying.contains(departure) {
            enter(departure, level: min(level + 1, Self.levels - 1), now)
        }
    }
}
