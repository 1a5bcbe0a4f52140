/// How long to wait before a restart: doubling from `initial` to `maximum`.
public struct BackOff: Hashable, Sendable {
    public var initial: Duration
    public var maximum: Duration
    /// A process that lived this long starts the count anew.
    public var resetAfter: Duration

    public init(initial: Duration = .milliseconds(100), maximum: Duration = .seconds(30), resetAfter: Duration = .seconds(60)) {
        self.initial = initial
        self.maximum = maximum
        self.resetAfter = resetAfter
    }

    /// The delay after so many failures in a row, counted from 0.
    public func delay(failures: Int) -> Duration {
        var delay = initial
        for _ in 0..<max(0, failures) where delay < maximum { delay *= 2 }
        return min(delay, maximum)
    }
}
