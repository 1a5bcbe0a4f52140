/// How long a watch waits for what. Tests shorten these.
struct WatchTimes: Sendable {
    /// How long the server may be silent. It sends a bookmark about every minute to watches that ask for them.
    var silence = Duration.seconds(90)
    /// How long the server is asked to keep a watch, drawn anew for each so that not all end at once.
    var lifetime: ClosedRange<Int> = 300...600
    /// The first and the longest wait after failures.
    var firstRetry = Duration.milliseconds(500)
    var lastRetry = Duration.seconds(30)
    /// How many objects a page of a list has.
    var pageSize = 500

    /// The wait after so many failures in a row: twice as long each time, and up to half of it more, so that the replicas of a
    /// controller do not come back together.
    func retry(failures: Int) -> Duration {
        var wait = firstRetry
        for _ in 1..<max(1, failures) where wait < lastRetry { wait *= 2 }
        return min(wait, lastRetry) * Double.random(in: 1...1.5)
    }
}
