import Glibc
import Synchronization

/// Requests that wait until another one lets them go on: `?hold=NAME` and `?release=NAME`, of any pods of this program.
enum HeldRequests {
    private static let limit = Duration.seconds(60)
    private static let released = Mutex<Set<String>>([])

    static func release(_ name: String) { released.withLock { _ = $0.insert(name) } }

    /// Returns once the name is released, also before; after a minute in any case.
    static func wait(for name: String) {
        let end = ContinuousClock.now + limit
        // Each connection has a thread, which has nothing else to do.
        while ContinuousClock.now < end, !released.withLock({ $0.contains(name) }) { usleep(2000) }
    }
}
