import Foundation

/// Lets only so many tests at a time run programs: a test run starts hundreds at once, and inotify instances, file descriptors
/// and processors are not that many.
public struct Gate: Sendable {
    /// For tests that start controllers or HAProxys.
    public static let processes = Gate(permits: max(4, ProcessInfo.processInfo.activeProcessorCount * 2))

    /// A test inside may go through again: it must not wait for itself.
    @TaskLocal private static var isInside = false

    private let permits: Permits

    public init(permits: Int) { self.permits = Permits(permits) }

    /// Runs `body` as soon as there is room.
    public func pass<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
    ) async throws -> Result {
        if Self.isInside { return try await body() }
        await permits.take()
        do {
            let result = try await Self.$isInside.withValue(true, operation: body)
            await permits.giveBack()
            return result
        } catch {
            await permits.giveBack()
            throw error
        }
    }
}

private actor Permits {
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func take() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func giveBack() {
        if waiting.isEmpty {
            free += 1
        } else {
            waiting.removeFirst().resume()
        }
    }
}
