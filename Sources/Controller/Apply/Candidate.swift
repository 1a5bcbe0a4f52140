import Core

/// The files that HAProxy may load next, as the desired state was when they were made.
struct Candidate: Sendable {
    private(set) var state: DesiredState
    private(set) var files: [String: [UInt8]]
    private let inliningLimit: Int
    private let refusedSettings: Set<String>

    /// - Parameters:
    ///   - inliningLimit: how many backends have settings written into them.
    ///   - refusedSettings: settings that HAProxy does not load that way.
    init(_ target: DesiredState, reserve: BackendReserve, inliningLimit: Int, refusedSettings: Set<String>) {
        (self.inliningLimit, self.refusedSettings) = (inliningLimit, refusedSettings)
        state = target
        state.reserve = reserve.sections(for: target)
        files = state.renderedFiles(inlining: inliningLimit, except: refusedSettings)
    }

    /// Whether it has nothing that no object asked for in so many words.
    var isPlain: Bool { state.reserve.isEmpty && state.inlined.isEmpty }

    mutating func leaveOutExtras() {
        state.reserve = []
        files = state.renderedFiles(inlining: 0)
    }

    /// Leaves those out that HAProxy named.
    mutating func leaveOut(_ extras: Extras) {
        state.reserve.removeAll { extras.sections.contains($0.header) }
        files = state.renderedFiles(inlining: inliningLimit, except: refusedSettings.union(extras.settings.values))
    }

    /// What HAProxy does not accept of what no object asked for in so many words.
    struct Extras {
        /// Headers of sections in reserve.
        private(set) var sections: Set<String> = []
        /// Settings in backends, by the backend's name.
        private(set) var settings: [String: String] = [:]
        private var hasOthers = false

        var count: Int { sections.count + settings.count }

        /// Whether nothing shows that an object is to blame.
        var mayBeAll: Bool { !hasOthers || !sections.isEmpty || !settings.isEmpty }

        mutating func note(_ problems: [CheckProblem], _ rendered: RenderedConfiguration, of state: DesiredState) {
            let unclaimed = Set(state.reserve.map(\.header))
            for line in problems.compactMap(\.line) {
                guard let header = rendered.section(ofLine: line) else { continue }
                if rendered.origin(ofLine: line)?.object != nil { hasOthers = true }
                if unclaimed.contains(header) { sections.insert(header) }
                let name = String(header.trimmingPrefix("backend "))
                if let inlined = state.inlined[name], rendered.origin(ofLine: line)?.object == nil { settings[name] = inlined }
            }
        }
    }
}
