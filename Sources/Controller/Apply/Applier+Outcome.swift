import Core

extension Applier {
    /// What became of a desired state.
    enum Outcome: Sendable {
        case unchanged
        case updated(count: Int)
        case reloaded([ReloadReason])
        /// Nothing but a load will do; the servers are up to date.
        case needsLoad
        /// A reload is needed and has to wait.
        case deferred(Duration)
        /// HAProxy's check does not pass.
        case rejected(Rejection)
        /// HAProxy refuses what objects asked for, though its check passes.
        case refused([Refusal])
        /// Nothing was changed; the last good state serves.
        case failed(String)

        /// Whether HAProxy has what was asked for.
        var isInForce: Bool {
            switch self {
            case .unchanged, .updated, .reloaded: true
            case .needsLoad, .deferred, .rejected, .refused, .failed: false
            }
        }
    }

    /// What HAProxy refuses, and who asked for it.
    enum Refusal: Sendable, CustomStringConvertible {
        /// A line that an object's key led to.
        case value(ObjectKey, key: String, reason: String)
        /// A key of an object wants HAProxy to listen where it cannot.
        case listener(ObjectKey, key: String, [ListenerFailure])

        var description: String {
            switch self {
            case .value(let object, let key, let reason): "HAProxy refuses a line of \(object): \(key): \(reason)"
            case .listener(let object, let key, let failures):
                "HAProxy cannot listen for \(object): \(key): \(failures.first?.reason ?? "")"
            }
        }
    }
}
