import Core
import Foundation

/// Follows manifest files on a thread of its own.
struct ManifestFollower {
    private let paths: [String]
    private let quiet: Duration
    private var watcher: InotifyWatcher
    private var set = ManifestSet()
    private var stamps: [String: ManifestDirectory.Stamp] = [:]
    /// Files that were read so soon after a change that another one could have left their stamp as it was.
    private var unsettled: Set<String> = []
    /// Files that somebody is writing, and since when nothing more came.
    private var opened: [String: ContinuousClock.Instant] = [:]
    /// Some directories cannot be watched, so that only looking again helps.
    private var mustPoll = false
    private var lastFindings: [Finding] = []
    private var lastSkipped: [String] = []

    /// How long a file that is still open for writing is left alone.
    private static let patience = Duration.milliseconds(400)
    /// Time stamps of files step by a kernel tick, up to 10 ms; network file systems' clocks differ a little more.
    private static let stampResolution = 100_000_000

    init(paths: [String], quiet: Duration, watcher: InotifyWatcher) {
        self.paths = paths
        self.quiet = quiet
        self.watcher = watcher
    }

    mutating func run(until stop: WakeSignal, _ send: (SourceUpdate) -> Void) {
        send(look())
        while true {
            let event = wait(stop, timeout: mustPoll ? .seconds(1) : opened.isEmpty ? nil : Self.patience)
            if event == .stop { return }
            if event == .news {
                let (isRelevant, isStopped) = settle(stop)
                if isStopped { return }
                if !isRelevant { continue }
            }
            let update = look()
            let isNews =
                !update.changed.isEmpty || !update.deleted.isEmpty || update.findings != lastFindings
                || update.skipped != lastSkipped
            if isNews { send(update) }
            (lastFindings, lastSkipped) = (update.findings, update.skipped)
        }
    }

    private enum Event { case news, stop, timeout }

    private func wait(_ stop: WakeSignal, timeout: Duration?) -> Event {
        var descriptors = [
            pollfd(fd: watcher.descriptor.number, events: Int16(POLLIN), revents: 0),
            pollfd(fd: stop.descriptor.number, events: Int16(POLLIN), revents: 0),
        ]
        let milliseconds = timeout.map {
            Int32(clamping: $0.components.seconds * 1000 + $0.components.attoseconds / 1_000_000_000_000_000)
        }
        let ready = poll(&descriptors, 2, milliseconds ?? -1)
        if descriptors[1].revents != 0 { return .stop }
        // An interrupted wait counts as one that found nothing.
        return ready > 0 ? .news : .timeout
    }

    /// Collects news until there is none for a while, or for so long that changes would be late.
    private mutating func settle(_ stop: WakeSignal) -> (isRelevant: Bool, isStopped: Bool) {
        let end = ContinuousClock.now + quiet * 10
        var news = watcher.read()
        while news.isRelevant, ContinuousClock.now < end {
            let event = wait(stop, timeout: quiet)
            if event == .stop { return (false, true) }
            if event == .timeout { break }
            news.add(watcher.read())
        }
        if news.isIncomplete {
            stamps = [:]
            opened = [:]
        }
        let now = ContinuousClock.now
        for path in news.closed { opened[path] = nil }
        for path in news.opened { opened[path] = now }
        return (news.isRelevant, false)
    }

    /// Looks at the file system and reads what has changed.
    private mutating func look() -> SourceUpdate {
        var directory = ManifestDirectory(paths: paths)
        var (hasNew, refused) = watcher.watch(directory.watched)
        // What came into a new directory before it was watched is only found by looking again.
        for _ in 0..<10 where hasNew {
            directory = ManifestDirectory(paths: paths)
            (hasNew, refused) = watcher.watch(directory.watched)
        }
        mustPoll = hasNew || !refused.isEmpty
        read(directory)
        var update = set.takeUpdate()
        update.findings = directory.unreadable.sorted { $0.key < $1.key }.map(\.value) + watchFindings(refused) + update.findings
        return update
    }

    private mutating func read(_ directory: ManifestDirectory) {
        var clock = timespec()
        clock_gettime(CLOCK_REALTIME, &clock)
        let now = ContinuousClock.now
        // A file that was emptied and is still open gets its new content only now: patience does not end there.
        opened = opened.filter { path, since in
            directory.files[path].map { now - since < Self.patience || $0.size == 0 } ?? false
        }
        for (path, stamp) in directory.files where stamps[path] != stamp || unsettled.contains(path) {
            if opened[path] != nil { continue }
            set.read(path)
            stamps[path] = stamp
            if max(stamp.modified, stamp.changed) > clock.nanoseconds - Self.stampResolution {
                unsettled.insert(path)
            } else {
                unsettled.remove(path)
            }
        }
        for path in Array(set.paths) where directory.files[path] == nil && !directory.mayStillHold(path) {
            set.remove(path)
            stamps[path] = nil
            unsettled.remove(path)
        }
    }

    private func watchFindings(_ refused: [String: SystemCallError]) -> [Finding] {
        refused.sorted { $0.key < $1.key }.prefix(1).map { path, error in
            Finding(
                .warning,
                "cannot be watched (\(String(cString: strerror(error.code)).lowercased())), so it is looked at every second",
                expected: error.code == ENOSPC ? "a higher limit fs.inotify.max_user_watches" : nil,
                location: SourceLocation(file: path, line: 1, column: 1))
        }
    }
}
