/// Who claims which place, and who has it.
struct RouteTable {
    private var claims: [RoutingPlace: [RouteClaim]] = [:]
    private var owners: [RoutingPlace: RouteClaim] = [:]
    private var touched: [RoutingPlace: [RouteClaim]] = [:]

    /// What became of a place: who lost it, who has it now, and whose claims have to be told who has it.
    struct Decision {
        let loser: RouteClaim?
        let winner: RouteClaim?
        let others: [RouteClaim]
        let owner: RouteClaim?
    }

    mutating func add(_ claim: RouteClaim) {
        claims[claim.place, default: []].insertInOrder(claim)
        touched[claim.place, default: []].append(claim)
    }

    mutating func remove(_ claim: RouteClaim) {
        claims[claim.place]?.removeInOrder(claim)
        if claims[claim.place]?.isEmpty == true { claims[claim.place] = nil }
        touched[claim.place, default: []].removeAll { $0 === claim }
        if owners[claim.place] === claim { owners[claim.place] = nil }
    }

    /// Decides about the places that claims came to or went from. Whoever was removed has lost already.
    mutating func settle() -> [Decision] {
        let decisions = touched.map { place, new -> Decision in
            let all = claims[place] ?? []
            let (old, first) = (owners[place], all.first)
            guard old !== first else {
                return Decision(loser: nil, winner: nil, others: new.filter { $0 !== first }, owner: first)
            }
            owners[place] = first
            return Decision(loser: old, winner: first, others: Array(all.dropFirst()), owner: first)
        }
        touched = [:]
        return decisions
    }

    func owner(of place: RoutingPlace) -> RouteClaim? { owners[place] }

    /// All routes in force, in the order of their claims.
    var inForce: [RouteClaim] { owners.values.sorted { $0.order < $1.order } }
}
