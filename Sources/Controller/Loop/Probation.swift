import Core

/// Namespaces that HAProxy refused something of lately: HAProxy is asked about what changes there before it is part of what others wait
/// for. Pods come and go at once.
struct Probation {
    /// How long a namespace has to bring nothing that HAProxy refuses.
    static let length = Duration.seconds(60)

    private var ends: [String: ContinuousClock.Instant] = [:]

    /// HAProxy has refused something of the namespace.
    mutating func note(_ namespace: String, now: ContinuousClock.Instant) {
        ends = ends.filter { $0.value > now }
        ends[namespace] = now + Self.length
    }

    func namespaces(now: ContinuousClock.Instant) -> Set<String> { Set(ends.filter { now < $0.value }.keys) }

    /// Whether HAProxy has to be asked about an object first.
    func covers(_ key: ObjectKey, now: ContinuousClock.Instant) -> Bool {
        guard [.ingress, .service, .secret].contains(key.kind), let end = ends[key.namespace] else { return false }
        return now < end
    }
}
