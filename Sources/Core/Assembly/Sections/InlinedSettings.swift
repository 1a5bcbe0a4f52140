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
    var takesInlinedSettings: Bool {
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
