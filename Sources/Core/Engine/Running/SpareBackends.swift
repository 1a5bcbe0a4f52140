/// Backends that a configuration has in reserve, for Services that come before the next reload: HAProxy before 3.4 makes no
/// backends at run time, but it gives an existing one servers.
///
/// A Service can have a spare backend whose lines are those that its own would have; what servers are told, it brings along. Until
/// the next reload the spare stands in for the Service's backend under its own name.
public struct SpareBackends: Sendable {
    /// What has to be the same: the lines and how cookies name servers.
    struct Profile: Hashable, Sendable {
        let lines: [Section.Line]
        let cookies: ServerCookies

        /// nil for backends whose servers have to be in the configuration.
        init?(_ section: Section) {
            guard let pool = section.pool, pool.slots == nil, pool.cookies != .names else { return nil }
            lines = section.lines
            cookies = pool.cookies
        }
    }

    public static let namePrefix = "spare_"
    /// How many different profiles have spares.
    private static let profileLimit = 16

    /// How many spares there are at least for what most backends have.
    public let count: Int
    private var demand: [Profile: Int] = [:]

    /// - Parameter count: how many spares there are at least for what most backends have; 0 for none at all.
    public init(count: Int) {
        self.count = count
    }

    /// Notes that a backend came that the running configuration does not have.
    public mutating func note(_ section: Section) {
        if let profile = Profile(section) { demand[profile, default: 0] += 1 }
    }

    /// A configuration was loaded. What came before is forgotten by and by.
    public mutating func loaded() { demand = demand.compactMapValues { $0 > 1 ? $0 / 2 : nil } }

    /// The spares for the next configuration: twice what came since the last one, and some of what most backends have.
    public func sections(for state: DesiredState) -> [Section] {
        guard count > 0 else { return [] }
        var uses: [Profile: Int] = [:]
        for section in state.backends.values {
            if let profile = Profile(section) { uses[profile, default: 0] += 1 }
        }
        var wanted = demand.mapValues { min(1000, max(count / 4, 2 * $0)) }
        let common = uses.sorted { ($0.value, $1.key.id) > ($1.value, $0.key.id) }.prefix(Self.profileLimit)
        for (rank, (profile, uses)) in common.enumerated() where rank == 0 || uses > 1 {
            wanted[profile] = max(wanted[profile] ?? 0, rank == 0 ? count : max(1, count / 8))
        }
        var sections: [Section] = []
        for (profile, count) in wanted.sorted(by: { $0.key.id < $1.key.id }) {
            for _ in 0..<count {
                let pool = ServerPool(cookies: profile.cookies)
                sections.append(
                    Section("backend \(Self.namePrefix)\(sections.count + 1)", lines: profile.lines.map(\.ownerless), pool: pool))
            }
        }
        return sections
    }
}

extension SpareBackends.Profile {
    /// Orders profiles in the same way in every process.
    fileprivate var id: String { StableID.make(lines.map(\.directive.text) + [cookies.rawValue]) }
}

extension Section.Line {
    /// The line as the controller's own: nobody is to blame for a spare.
    fileprivate var ownerless: Section.Line { Section.Line(directive, feature: feature) }
}
