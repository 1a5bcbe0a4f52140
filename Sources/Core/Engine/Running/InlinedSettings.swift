/// How routes' settings are written into backends.
///
/// A change at run time is one of map entries, and so each request goes by maps. What a configuration is loaded with need not: a
/// backend has the rules of most of its routes with their values as literals. The routing maps send those routes there without
/// settings, so that their requests pass by the rules of the frontends. A route whose settings change later has settings again,
/// which the rules of the frontends look up and those of the backend give way to.
public struct InlinedSettings: Sendable, Equatable {
    /// The fixed rules in force, in the order in which they run.
    private let rules: [OwnedRules]
    /// The maps of rules that have no form for one route.
    private let otherMaps: [String]

    init(_ rules: [OwnedRules]) {
        self.rules = rules.filter { $0.rules.inlined != nil }
        otherMaps = Set(rules.filter { $0.rules.inlined == nil }.flatMap { $0.rules.lines.flatMap(\.maps) }).sorted()
    }

    static let none = InlinedSettings([])


    /// What a backend has in place of the frontends' rules.
    ///
    /// - Returns: nil when the settings cannot be written into a backend, or there are none.
    func lines(_ settings: String, _ maps: [String: MapFile]) -> [Section.Line]? {
        let values = RouteValues(settings: settings, maps: maps)
        guard !rules.isEmpty, otherMaps.allSatisfy({ values[$0] == nil }) else { return nil }
        var lines: [Section.Line] = []
        for owned in rules {
            guard let made = owned.rules.inlined?(values) else { return nil }
            for line in made {
                // Whoever renders the line later may have no such map any more.
                guard line.maps.isEmpty, line.unrepresentable == nil else { return nil }
                lines.append(Section.Line(line, origin: owned.family.isEmpty ? .controller : Origin(key: owned.family)))
            }
        }
        guard !lines.isEmpty else { return nil }
        let ways = ["http-request", "http-after-response"].filter { verb in
            lines.contains { $0.directive.text.hasPrefix(verb + " ") }
        }
        return ways.map { Section.Line("\(raw: $0) allow if { var(txn.settings) -m found }") } + lines
    }
}

extension Section {
    /// Whether rules can give way to the frontends' without the backend's own rules, and refuse requests without its own rules for
    /// answers, which are for those of requests that came by the frontends.
    fileprivate var takesInlinedSettings: Bool {
        isBackend
            && !lines.contains { line in
                ["mode tcp", "http-request ", "tcp-request ", "http-after-response "].contains { line.directive.text.hasPrefix($0) }
            }
    }
}

extension DesiredState {
    /// The settings to write into backends: for each those of most of its routes.
    ///
    /// - Parameters:
    ///   - limit: how many backends get some.
    ///   - refused: settings that HAProxy does not load as lines of a backend.
    public func settingsToInline(limit: Int, except refused: Set<String> = []) -> [String: String] {
        var uses: [String: [String: Int]] = [:]
        for map in RunningNames.inliningMaps where map != SectionNames.wholeHostsMap {
            for value in maps[map]?.entries.values ?? [:].values {
                let parts = value.split(separator: ".", omittingEmptySubsequences: false)
                guard parts.count == 2, !parts[1].isEmpty else { continue }
                uses[String(parts[0]), default: [:]][String(parts[1]), default: 0] += 1
            }
        }
        var inlined: [String: String] = [:]
        for (backend, settings) in uses.sorted(by: { $0.key < $1.key }) where backends[backend]?.takesInlinedSettings == true {
            guard inlined.count < limit else { break }
            guard let most = settings.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })?.key, !refused.contains(most),
                rules.lines(most, maps) != nil
            else { continue }
            inlined[backend] = most
        }
        return inlined
    }

    /// Whether a backend can have the settings that it is to have: routes must still have them.
    public func canInline(into backend: String) -> Bool {
        inlined[backend].map { rules.lines($0, maps) != nil && backends[backend]?.takesInlinedSettings == true } ?? false
    }

    /// A backend as HAProxy loads it: with the settings that are written into it.
    public func loadedBackend(_ name: String) -> Section? {
        guard var section = backends[name] else { return nil }
        if let settings = inlined[name], section.takesInlinedSettings, let lines = rules.lines(settings, maps) {
            section.lines = lines + section.lines
        }
        return section
    }
}
