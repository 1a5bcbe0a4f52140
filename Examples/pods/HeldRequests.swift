import Foundation

/// Requests that wait until another one lets them go on: `?hold=NAME` and `?release=NAME`, of any pods of this program.
final class HeldRequests: @unchecked Sendable {
    static let shared = HeldRequests()

    private static let limit: TimeInterval = 60
    private let condition = NSCondition()
    /// Guarded by `condition`.
    private var released: Set<String> = []

    func release(_ name: String) {
        condition.lock()
        defer { condition.unlock() }
        released.insert(name)
        condition.broadcast()
    }

    /// Returns once the name is released, also before; after a minute in any case.
    func wait(for name: String) {
        condition.lock()
        defer { condition.unlock() }
        let end = Date(timeIntervalSinceNow: Self.limit)
        while !released.contains(name), condition.wait(until: end) {}
    }
}
