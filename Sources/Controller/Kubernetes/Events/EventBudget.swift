/// Bounds how many Events are written: some at once after quiet, in the long run one each interval.
struct EventBudget {
    let burst: Int
    let interval: Duration
    private var tokens: Double
    private var last: ContinuousClock.Instant

    init(burst: Int, interval: Duration, now: ContinuousClock.Instant) {
        self.burst = burst
        self.interval = interval
        tokens = Double(burst)
        last = now
    }

    /// nil when an Event may be written now, which is then counted; else how long to wait.
    mutating func take(now: ContinuousClock.Instant) -> Duration? {
        tokens = min(Double(burst), tokens + max(.zero, now - last) / interval)
        last = now
        // What waiting exactly so long adds up to may be a little less than one.
        guard tokens >= 0.999_999 else { return interval * (1 - tokens) }
        tokens = max(0, tokens - 1)
        return nil
    }
}
