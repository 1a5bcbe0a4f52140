import Core

extension Applier {
    /// What became of a desired state.
    enum Outcome: Sendable {
        case unchanged
        case updated(count: Int)
        case reloaded([ReloadReason])
        /// A reload is needed and has to wait.
        case deferred(Duration)
        /// HAProxy refuses lines that objects asked for.
        case refused([Refusal])
        /// Nothing was changed; the last good state serves.
        case failed(String)
    }

    /// What HAProxy refuses, and who asked for it.
    enum Refusal: Sendable, CustomStringConvertible {
        /// A line that an object's key led to.
        case value(ObjectKey, key: String, reason: String)
        case file(ConfigurationFile, reason: String)
        /// A key of an object wants HAProxy to listen where it cannot.
        case listener(ObjectKey, key: String, [ListenerFailure])

        var description: String {
            switch self {
            case .value(let object, let key, let reason): "HAProxy refuses a line of \(object): \(key): \(reason)"
            case .file(let file, let reason): "HAProxy cannot load \(file.path): \(reason)"
            case .listener(let object, let key, let failures):
                "HAProxy cannot listen for \(object): \(key): \(failures.first?.reason ?? "")"
            }
        }
    }
}
