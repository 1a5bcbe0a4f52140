import Core

/// Asks HAProxy about configurations. The one that is to be loaded waits for nobody; proofs of objects come one after the other, in the
/// order of asking, and let everything else on the machine go first.
actor ConfigurationProver {
    private let directory: ConfigurationDirectory
    private let check: ConfigurationCheck
    private let metrics: Metrics
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(directory: ConfigurationDirectory, check: ConfigurationCheck, metrics: Metrics) {
        self.metrics = metrics
        self.directory = directory
        self.check = check
    }

    /// Asks about the files of a configuration.
    func check(
        _ files: [String: [UInt8]], in stage: ConfigurationDirectory.Stage
    ) async throws -> ConfigurationCheck.Verdict {
        if stage == .trial { await begin() }
        defer { if stage == .trial { end() } }
        metrics.countCheck()
        try directory.write(files, to: stage)
        defer { try? directory.discard(stage) }
        return try await check.check(
            file: "haproxy.cfg", directory: directory.url(of: stage).path, isBackground: stage == .trial)
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
        var search = ProofSearch(trial, kind == .besideOthers ? .whole : .apart) { elements, context, refused in
            var state = trial.state(of: elements, context, without: refused)
            let files = state.renderedFiles(inlining: 0)
            guard case .invalid(let problems, let output) = try await self.check(files, in: .trial) else { return nil }
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
