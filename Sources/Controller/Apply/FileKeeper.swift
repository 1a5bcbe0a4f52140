import Core

/// The files of the configuration directory: what they hold, and what of it has to follow the running HAProxy.
struct FileKeeper {
    let directory: ConfigurationDirectory
    /// What the files hold.
    private(set) var written: DesiredState?
    private var texts = FileTexts()
    /// What files held before ``write(_:rendered:)``, until HAProxy has loaded them.
    private var before: (files: [String: [UInt8]?], state: DesiredState?)?
    private var pending = ChangedParts()
    private var timing = FileTiming()

    init(directory: ConfigurationDirectory) {
        self.directory = directory
    }

    /// Parts of the state are others in the running HAProxy.
    mutating func note(_ parts: ChangedParts) {
        pending.formUnion(parts)
        timing.noteChange(now: .now)
    }

    /// How long to wait until the files are to be written; nil when it is time.
    func wait(now: ContinuousClock.Instant) -> Duration? { timing.wait(now: now) }

    /// Writes what has changed.
    mutating func flush(_ state: DesiredState) throws {
        guard !pending.isEmpty else { return }
        let start = ContinuousClock.now
        if pending.isEverything {
            var state = state
            state.inlined = texts.inlined
            state.inlined = state.inlined.filter { state.canInline(into: $0.key) }
            texts = FileTexts(inlined: state.inlined)
            try directory.write(state, rendered: state.renderedFiles())
        } else {
            try directory.write(state, only: pending, &texts)
        }
        finish(state)
        timing.noteWriting(since: start, now: .now)
    }

    /// Writes all files for a HAProxy that is about to load them.
    mutating func write(_ state: DesiredState, rendered: [String: [UInt8]]) throws {
        before = (try directory.write(state, rendered: rendered), written)
        texts = FileTexts(inlined: state.inlined)
        finish(state)
    }

    /// What a HAProxy that runs has loaded and what was changed in it since, as far as files say it.
    var inForce: DesiredState? { before.map { $0.state } ?? written }

    /// HAProxy has loaded what ``write(_:rendered:)`` wrote.
    mutating func confirm() { before = nil }

    /// Undoes the last ``write(_:rendered:)``.
    mutating func restore() throws {
        guard let before else { return }
        self.before = nil
        try directory.restore(before.files)
        written = before.state
        texts = FileTexts(inlined: before.state?.inlined ?? [:])
        pending = .everything
    }

    private mutating func finish(_ state: DesiredState) {
        written = state
        written?.inlined = texts.inlined
        pending = ChangedParts()
        timing = FileTiming()
    }
}
