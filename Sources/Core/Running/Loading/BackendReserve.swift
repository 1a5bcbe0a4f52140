/// What a configuration has in reserve for Services that come before the next reload.
///
/// HAProxy from 3.4 on creates backends while it runs, from `defaults` sections with a name: one for each profile that backends
/// have. Before, it makes none, but gives existing ones servers: spare backends stand in for those of Services under names of
/// their own. Either way a Service can have one whose lines are those that its own backend would have, but for the key of cookies,
/// which HAProxy is told.
public struct BackendReserve: Sendable {
    public static let sparePrefix = "spare_"
    /// How many different profiles have spares.
    private static let spareProfileLimit = 16
    /// How many profiles there are to create backends from.
    private static let profileLimit = 256

    /// How many spares there are at least for what most backends have.
    public let count: Int
    /// Whether HAProxy creates backends, so that there are profiles instead of spares.
    public let createsBackends: Bool
    private var demand: [BackendProfile: Int] = [:]
    /// Whose demand is in there: one that waits for a reload is noted again and again.
    private var noted: Set<String> = []
    /// What HAProxy refused to load as part of the reserve, by ``BackendProfile/name``.
    private var refused: Set<String> = []

    /// - Parameter count: how many spares there are at least for what most backends have; 0 for no reserve at all.
    public init(count: Int, createsBackends: Bool = false) {
        self.count = count
        self.createsBackends = createsBackends
    }

    /// Notes that a backend came that the running configuration does not have.
    public mutating func note(_ section: Section) {
        guard noted.insert(section.name).inserted else { return }
        guard let profile = BackendProfile(section)?.template, !refused.contains(profile.name) else { return }
        demand[profile, default: 0] += 1
    }

    /// A configuration was loaded. What came before is forgotten by and by.
    public mutating func loaded() {
        demand = demand.compactMapValues { $0 > 1 ? $0 / 2 : nil }
        noted = []
    }

    /// HAProxy refused a configuration for what it had in reserve: the lines do not stand by themselves, or a `defaults` section does
    /// not take them.
    ///
    /// - Parameter sections: those of the reserve that HAProxy named. With none, nothing that came before counts any more.
    public mutating func refuse(_ sections: [Section]) {
        refused.formUnion(sections.compactMap { createsBackends ? $0.name : BackendProfile($0)?.template.name })
        demand = sections.isEmpty ? [:] : demand.filter { !refused.contains($0.key.name) }
    }

    /// The reserve for the next configuration.
    public func sections(for state: DesiredState) -> [Section] {
        guard count > 0 else { return [] }
        var uses: [BackendProfile: Int] = [:]
        for section in state.backends.values {
            if let profile = BackendProfile(section)?.template { uses[profile, default: 0] += 1 }
        }
        return createsBackends ? profiles(uses, common: state.section("defaults")) : spares(uses)
    }

    private func profiles(_ uses: [BackendProfile: Int], common: Section?) -> [Section] {
        let wanted = uses.merging(demand, uniquingKeysWith: +).filter { $0.key.fitsDefaults }
            .map { (profile: $0.key, name: $0.key.name, uses: $0.value) }
            .filter { !refused.contains($0.name) }
            .sorted { ($0.uses, $1.name) > ($1.uses, $0.name) }
        return wanted.prefix(Self.profileLimit).sorted { $0.name < $1.name }.map { Section($0.profile, common: common) }
    }

    /// Twice what came since the last configuration, and some of what most backends have.
    private func spares(_ uses: [BackendProfile: Int]) -> [Section] {
        var wanted = demand.mapValues { min(1000, max(count / 4, 2 * $0)) }
        let common = uses.filter { !refused.contains($0.key.name) }.sorted { ($0.value, $1.key.id) > ($1.value, $0.key.id) }
            .prefix(Self.spareProfileLimit)
        for (rank, (profile, uses)) in common.enumerated() where rank == 0 || uses > 1 {
            wanted[profile] = max(wanted[profile] ?? 0, rank == 0 ? count : max(1, count / 8))
        }
        var sections: [Section] = []
        for (profile, count) in wanted.sorted(by: { $0.key.id < $1.key.id }) {
            for _ in 0..<count { sections.append(Section(spare: "\(Self.sparePrefix)\(sections.count + 1)", profile)) }
        }
        return sections
    }
}
