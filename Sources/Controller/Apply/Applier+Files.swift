import Core

extension Applier {
    /// HAProxy runs the target.
    func settle() {
        files.note(changed)
        changed = ChangedParts()
        scheduleFlush()
    }

    /// HAProxy died and is about to be started with what the files say, which stay as they are until it runs.
    func willRestart() async {
        // A reload that is under way has written files that it takes back.
        await begin()
        defer { end() }
        flush()
        loadedByRestart = files.written
    }

    /// HAProxy was started again.
    func restarted() async {
        await begin()
        defer { end() }
        running = (loadedByRestart ?? files.written).map { RunningState(loaded: $0) }
        loadedByRestart = nil
        (changed, repairs, departures) = (.everything, [], Departures())
        scheduleComparison()
    }

    /// Files only matter to a HAProxy that starts, so that they may follow a little later, once for many changes.
    func scheduleFlush() {
        guard flushing == nil else { return }
        flushing = Task { [weak self] in
            while !Task.isCancelled, let wait = await self?.timeToFlush {
                try? await Task.sleep(for: wait)
            }
        }
    }

    /// How long to wait until files are written; nil when they are.
    private var timeToFlush: Duration? {
        get async {
            if let wait = files.wait(now: .now) { return wait }
            await begin()
            defer { end() }
            flush()
            flushing = nil
            return nil
        }
    }

    /// Writes what runs; what waits for a reload is not written before HAProxy has been shown it.
    func flush() {
        guard changed.isEmpty, running != nil, loadedByRestart == nil else { return }
        do { try files.flush(target) } catch { logger.error("cannot write HAProxy's files", metadata: ["error": "\(error)"]) }
    }
}
