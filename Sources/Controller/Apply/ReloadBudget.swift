/// Bounds how often HAProxy is reloaded: after quiet a few reloads go at once, in the long run one each period.
struct ReloadBudget {
    let period: Duration
    /// How many reloads quiet saves up.
    static let burst = 5.0

    private var tokens = ReloadBudget.burst
    private var last: ContinuousClock.Instant

    init(period: Duration, now: ContinuousClock.Instant) {
        self.period = period
        last = now
    }

    /// nil when a reload may happen now, which is then counted; else how long to wait.
    mutating func take(now: ContinuousClock.Instant) -> Duration? {
        guard period > .zero else { return nil }
        tokens = min(Self.burst, tokens + (now - last) / period)
        last = now
        if tokens >= 1 {
            tokens -= 1
            return nil
        }
        return period * (1 - tokens)
    }
}
