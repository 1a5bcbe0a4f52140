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

    /// How long to wait before the next reload; nil when it may happen now.
    func wait(now: ContinuousClock.Instant) -> Duration? {
        guard period > .zero else { return nil }
        let saved = saved(now)
        return saved >= 1 ? nil : period * (1 - saved)
    }

    /// Counts a reload.
    mutating func spend(now: ContinuousClock.Instant) {
        guard period > .zero else { return }
        tokens = saved(now) - 1
        last = now
    }

    private func saved(_ now: ContinuousClock.Instant) -> Double { min(Self.burst, tokens + (now - last) / period) }
}
