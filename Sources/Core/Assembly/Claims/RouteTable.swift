/// Who claims which place, and who has it.
///
/// With ``HostOwnership/namespace`` all routes at one host and path are of one namespace, which is that of the oldest Ingress there,
/// and what concerns a whole host is claimed by the namespace of the host's owner alone.
struct RouteTable {
    private let ownership: HostOwnership
    private var claims: [RoutingPlace: [RouteClaim]] = [:]
    private var owners: [RoutingPlace: RouteClaim] = [:]
    private var touched: [RoutingPlace: [RouteClaim]] = [:]
    /// How often conditions are claimed at entries where there are some.
    private var conditions: [RoutingPlace: [String: Int]] = [:]
    /// What those who do not have a place were told last.
    private var told: [RoutingPlace: Reasons] = [:]

    init(_ ownership: HostOwnership) {
        self.ownership = ownership
    }

    /// Why claims of a place are not in force.
    struct Reasons: Equatable {
        /// Who has the place; nil where nobody may.
        var owner: ObjectKey?
        /// The oldest Ingress at the place, whatever requests have to match. Its namespace alone has routes there.
        var holder: ObjectKey?
        /// The owner of the host.
        var hostOwner: ObjectKey?
    }

    /// What became of a place: who lost it, who has it now, and whose claims have to be told why they are not in force.
    struct Decision {
        let place: RoutingPlace
        let loser: RouteClaim?
        let winner: RouteClaim?
        let others: [RouteClaim]
        let owner: RouteClaim?
        let reasons: Reasons
    }

    mutating func add(_ claim: RouteClaim) {
        claims[claim.place, default: []].insertInOrder(claim)
        touched[claim.place, default: []].append(claim)
        count(claim, by: 1)
    }

    mutating func remove(_ claim: RouteClaim) {
        claims[claim.place]?.removeInOrder(claim)
        if claims[claim.place]?.isEmpty == true { claims[claim.place] = nil }
        touched[claim.place, default: []].removeAll { $0 === claim }
        if owners[claim.place] === claim { owners[claim.place] = nil }
        count(claim, by: -1)
    }

    private mutating func count(_ claim: RouteClaim, by difference: Int) {
        guard ownership == .namespace, !claim.place.condition.isEmpty else { return }
        let (entry, condition) = (claim.place.entry, claim.place.condition)
        conditions[entry, default: [:]][condition, default: 0] += difference
        if conditions[entry]?[condition] == 0 { conditions[entry]?[condition] = nil }
        if conditions[entry]?.isEmpty == true { conditions[entry] = nil }
        // The route that takes the rest is of the same namespace.
        if touched[entry] == nil { touched[entry] = [] }
    }

    /// Decides anew about what concerns all of a host, the owner of which may differ from the one before.
    mutating func renew(host: String) {
        for place in [.passthrough(host), RoutingPlace(host: host, path: "/", type: .prefix)] {
            for place in places(at: place) where claims[place] != nil && touched[place] == nil { touched[place] = [] }
        }
    }

    /// The places at an entry: that of the route which takes the rest, and one for each condition.
    private func places(at entry: RoutingPlace) -> [RoutingPlace] {
        guard let conditions = conditions[entry] else { return [entry] }
        return [entry] + conditions.keys.map { RoutingPlace(map: entry.map, key: entry.key, condition: $0) }
    }

    /// Decides about the places that claims came to or went from. Whoever was removed has lost already.
    mutating func reconcile(_ hosts: HostTable) -> [Decision] {
        // Whoever comes to a place or goes from it may change what holds under other conditions there.
        let entries = conditions.isEmpty ? [] : Set(touched.keys.map(\.entry))
        for entry in entries where conditions[entry] != nil {
            for place in places(at: entry) where touched[place] == nil { touched[place] = [] }
        }
        let decisions = touched.map { decide($0, new: $1, hosts) }
        touched = [:]
        return decisions
    }

    private mutating func decide(_ place: RoutingPlace, new: [RouteClaim], _ hosts: HostTable) -> Decision {
        let all = claims[place] ?? []
        let hostOwner = all.first.flatMap { $0.host.isEmpty ? nil : hosts.owner(of: SectionNames.hostKey($0.host)) }
        let holder = holder(of: place, all, hostOwner)
        let owner = all.first { Self.mayHave($0, holder, hostOwner) }
        let reasons = Reasons(owner: owner?.ingress ?? owner?.service, holder: holder, hostOwner: hostOwner)
        let old = owners[place]
        let others = told[place] == reasons && old === owner ? new : all
        told[place] = all.count > 1 || owner == nil && !all.isEmpty ? reasons : nil
        owners[place] = owner
        return Decision(
            place: place, loser: old === owner ? nil : old, winner: old === owner ? nil : owner,
            others: others.filter { $0 !== owner }, owner: owner, reasons: reasons)
    }

    /// The oldest Ingress at the entry of a place; nil where the order of claims alone decides.
    private func holder(of place: RoutingPlace, _ all: [RouteClaim], _ hostOwner: ObjectKey?) -> ObjectKey? {
        guard ownership == .namespace else { return nil }
        let entry = place.entry
        guard all.count > 1 || conditions[entry] != nil else { return nil }
        var oldest: RouteClaim?
        for place in places(at: entry) {
            let claims = place == entry && all.first?.place == entry ? all : claims[place] ?? []
            var index = 0
            while index < claims.count, claims[index].order.isOfIngress {
                let claim = claims[index]
                guard Self.mayHave(claim, nil, hostOwner) else {
                    index += 1
                    continue
                }
                if oldest.map({ claim.order.isOlder(than: $0.order) }) ?? true { oldest = claim }
                // The first of each rank is its oldest.
                index = claims.end(of: claim.order.rank)
            }
        }
        return oldest?.ingress
    }

    private static func mayHave(_ claim: RouteClaim, _ holder: ObjectKey?, _ hostOwner: ObjectKey?) -> Bool {
        guard let ingress = claim.ingress else { return true }
        if let hostOwner, claim.isHostWide, ingress.namespace != hostOwner.namespace { return false }
        return holder.map { $0.namespace == ingress.namespace } ?? true
    }

    func owner(of place: RoutingPlace) -> RouteClaim? { owners[place] }

    /// All routes in force, in the order of their claims.
    var inForce: [RouteClaim] { owners.values.sorted { $0.order < $1.order } }
}
