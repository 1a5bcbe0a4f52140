/// When files are to be written that follow a running HAProxy: once for many changes, and seldom where there is much to write.
struct FileTiming {
    /// How long changes must have stopped.
    static let quiet = Duration.milliseconds(500)
    /// How long files may lag behind, whatever happens.
    static let limit = Duration.seconds(30)
    /// What part of the time writing may take: large files lag behind a little longer.
    static let share = 0.005

    private var since: ContinuousClock.Instant?
    private var last: ContinuousClock.Instant?
    private var earliest: ContinuousClock.Instant?

    /// Something that files say is another.
    mutating func noteChange(now: ContinuousClock.Instant) {
        last = now
        since = since ?? now
    }

    /// Files say everything. Writing them began at `start`.
    mutating func noteWriting(since start: ContinuousClock.Instant, now: ContinuousClock.Instant) {
        (since, last) = (nil, nil)
        earliest = now + (now - start) / Self.share
    }

    /// How long to wait until the files are to be written; nil when it is time, or there is nothing to write.
    func wait(now: ContinuousClock.Instant) -> Duration? {
        guard let since, let last else { return nil }
        let calm = max(last + Self.quiet, earliest ?? last) - now
        let wait = min(calm, since + Self.limit - now)
        return wait > .zero ? wait : nil
    }
}
