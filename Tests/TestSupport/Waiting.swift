/// What a test waited for did not happen in time.
public struct TimedOut: Error, CustomStringConvertible {
    public let what: String
    public let limit: Duration
    public var description: String { "not within \(limit): \(what)" }
}

/// Asks again and again until a condition holds.
///
/// - Parameters:
///   - what: the condition in words, for the error.
///   - limit: how long to ask; it is asked once more when the time is over.
///   - pause: the time between two questions.
/// - Throws: ``TimedOut``, or what the condition throws.
public func wait(
    for what: String, within limit: Duration = .seconds(60), every pause: Duration = .milliseconds(20),
    isolation: isolated (any Actor)? = #isolation, until condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while true {
        let isLast = ContinuousClock.now >= deadline
        if try await condition() { return }
        guard !isLast else { throw TimedOut(what: what, limit: limit) }
        try await Task.sleep(for: pause)
    }
}
