import Core

/// Asks HAProxy about configurations. The one that is to be loaded waits for nobody; proofs of objects come one after the other, in the
/// order of asking, and let everything else on the machine go first.
actor ConfigurationProver {
    private let directory: ConfigurationDirectory
    private let check: ConfigurationCheck
    private let metrics: Metrics
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    /// How long the last check of a configuration that was loaded took.
    private var lastDuration: Duration?

    init(directory: ConfigurationDirectory, check: ConfigurationCheck, metrics: Metrics) {
        self.metrics = metrics
        self.directory = directory
        self.check = check
    }

    /// Asks about the files of a configuration that is to be loaded. Others wait for the answer, so that it may take no more than many times
    /// as long as the last time.
    ///
    /// - Throws: ``ConfigurationCheck/Failure``, and why the files cannot be written.
    func checkCandidate(_ files: [String: [UInt8]]) async throws -> ConfigurationCheck.Verdict {
        let start = ContinuousClock.now
        let limit = lastDuration.map { min(check.timeout, max(.seconds(15), $0 * 20)) } ?? check.timeout
        let verdict = try await check(files, in: .candidate, within: limit)
        if case .valid = verdict { lastDuration = ContinuousClock.now - start }
        return verdict
    }

    /// Asks about the files of a configuration.
    private func check(
        _ files: [String: [UInt8]], in stage: ConfigurationDirectory.Stage, within limit: Duration
    ) async throws -> ConfigurationCheck.Verdict {
        if stage == .trial { await begin() }
        defer { if stage == .trial { end() } }
        metrics.countCheck()
        try directory.write(files, to: stage)
        defer { try? directory.discard(stage) }
        return try await check.check(
            file: "haproxy.cfg", directory: directory.url(of: stage).path, isBackground: stage == .trial, within: limit)
    }

    private func begin() async {
        guard isBusy else {
            isBusy = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func end() {
        if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().resume() }
    }

    /// What HAProxy refuses of the objects on trial, and why; else why that cannot be told.
    typealias Verdict = Result<[Trial.Element: String], any Error>

    /// Finds out what HAProxy refuses of the objects on trial.
    func verdict(_ trial: Trial, _ kind: Kind) async -> Verdict {
        do { return .success(try await search(trial, kind)) } catch { return .failure(error) }
    }

    /// - Throws: ``ProofSearch/Unprovable``, or why HAProxy cannot be asked.
    private func search(_ trial: Trial, _ kind: Kind) async throws -> [Trial.Element: String] {
        let longest = check.timeout / 2
        let pace = ProofPace(longest: lastDuration.map { min(longest, max(.seconds(10), $0 * 20)) } ?? longest)
        var search = ProofSearch(trial, kind == .besideOthers ? .whole : .apart) { elements, context, refused in
            var state = trial.state(of: elements, context, without: refused)
            let files = state.renderedFiles(inlining: 0)
            let limit = await pace.limit(elements.count, context)
            let verdict: ConfigurationCheck.Verdict
            let start = ContinuousClock.now
            do { verdict = try await self.check(files, in: .trial, within: limit) } catch ConfigurationCheck.Failure.timedOut {
                return Rejection(after: limit)
            }
            guard case .invalid(let problems, let output) = verdict else {
                await pace.note(ContinuousClock.now - start, elements.count)
                return nil
            }
            return Rejection(problems, output: output, RenderedConfiguration(state.loadedSections), of: state)
        }
        if kind == .everything { try await search.searchEverything() } else { try await search.searchChanges() }
        return search.refused
    }

    enum Kind: Sendable {
        /// Objects that changed, apart from all others.
        case changes
        /// The same beside all others, where they pass by themselves.
        case besideOthers
        case everything
    }
}

/// How long the checks of a search may take. Whoever has HAProxy wait is found in a bounded time, and a machine that is busy blames nobody.
actor ProofPace {
    private let longest: Duration
    private var base: Duration?

    /// - Parameter longest: for a check beside all other objects.
    init(longest: Duration) { self.longest = longest }

    /// A check of so many elements passed.
    func note(_ duration: Duration, _ elements: Int) { base = max(base ?? .zero, duration / (1 + elements / 100)) }

    func limit(_ elements: Int, _ context: Trial.Context) -> Duration {
        guard context == .apart, let base else { return longest }
        return min(longest, max(.seconds(3), base * 8) * (1 + elements / 1000))
    }
}
