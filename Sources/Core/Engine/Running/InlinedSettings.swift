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

    /// Whether there are none that could be written.
    var isEmpty: Bool { rules.isEmpty }

    init(_ rules: [OwnedRules]) {
        self.rules = rules.filter { $0.rules.inlined != nil }
        otherMaps = Set(rules.filter { $0.rules.inlined == nil }.flatMap { $0.rules.lines.flatMap(\.maps) }).sorted()
    }

    static let none = InlinedSettings([])

    /// How many backends have some unless told otherwise. HAProxy (2.6) looks at all backends before for each that counts requests in
    /// a table, so that the time to load them grows with the square of their number.
    public static let usualLimit = 20_000

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
        return [Section.Line("acl ingress_by_maps var(txn.settings) -m found")]
            + ways.map { Section.Line("\(raw: $0) allow if ingress_by_maps") } + lines
    }
}

extension Section {
    /// Whether rules can give way to the frontends' without the backend's own rules, and refuse requests without its own rules for
    /// answers, which are for those of requests that came by the frontends.
    fileprivate var takesInlinedSettings: Bool {
        isBackend
            && !lines.contains { line in
                Self.inTheWay.contains { line.directive.text.hasPrefix($0) }
            }
    }

    /// Rules, and what would change ours: ACLs under their names, and other pages for refusals.
    private static let inTheWay = [
        "mode tcp", "http-request ", "tcp-request ", "http-after-response ", "acl ingress_", "errorfile", "http-error ",
    ]
}

extension DesiredState {
    /// For each backend the settings of most of its routes; none where more routes have none.
    private func settingsOfMost(limit: Int, except refused: Set<String>) -> [String: String] {
        var targets: [String] = []
        for map in RunningNames.inliningMaps where map != SectionNames.wholeHostsMap {
            // A dot at the end brings routes without settings to the others of their backend.
            targets += (maps[map]?.entries.values ?? [:].values).map { $0.utf8.contains(UInt8(ascii: ".")) ? $0 : $0 + "." }
        }
        targets.sort()
        var inlined: [String: String] = [:]
        var best: (backend: Substring, settings: Substring, uses: Int)?
        func choose() {
            guard let best, inlined.count < limit else { return }
            let (name, settings) = (String(best.backend), String(best.settings))
            if !settings.isEmpty, !refused.contains(settings), backends[name]?.takesInlinedSettings == true {
                inlined[name] = settings
            }
        }
        var index = 0
        while index < targets.count {
            let next = targets[index...].firstIndex { $0 != targets[index] } ?? targets.count
            let (uses, (backend, settings)) = (next - index, RunningNames.parts(targets[index][...]))
            index = next
            // What follows further dots is a choice among routes.
            guard let settings, !settings.utf8.contains(UInt8(ascii: ".")) else { continue }
            if let known = best, known.backend == backend {
                if uses > known.uses || uses == known.uses && known.settings.isEmpty { best = (backend, settings, uses) }
            } else {
                choose()
                best = (backend, settings, uses)
            }
        }
        choose()
        return inlined
    }

    /// All files for a HAProxy that is about to load them, as ``renderedFiles(withOrigins:)``: settings are written into backends, and
    /// ``inlined`` tells which.
    ///
    /// - Parameters:
    ///   - limit: how many backends may get some.
    ///   - refused: settings that HAProxy does not load as lines of a backend.
    public mutating func renderedFiles(
        inlining limit: Int, except refused: Set<String> = [], withOrigins: Bool = false
    ) -> [String: [UInt8]] {
        inlined = rules.isEmpty ? [:] : settingsOfMost(limit: limit, except: refused)
        var configuration = RenderedConfiguration(sectionsBeforeBackends, withOrigins: withOrigins, isTextOnly: true)
        for name in backends.keys.sorted() {
            guard let section = backends[name] else { continue }
            let lines = inlined[name].map { rules.lines($0, maps) ?? [] } ?? []
            if lines.isEmpty { inlined[name] = nil }
            configuration.append(section, startingWith: lines)
        }
        for section in reserve { configuration.append(section) }
        return files(with: configuration)
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
