/// The hosts whose requests get one spelling of their path, and the routes in force that ask for it.
///
/// All routes of a host are chosen by the same path. So the namespace that the host belongs to decides, and of its wishes the one
/// that goes farthest is in force. For requests to any other host the operator alone decides.
struct NormalizationTable {
    /// The map from host keys with `/` behind them to modes.
    static let map = "path-normalization"

    private var claims: [String: [RouteClaim]] = [:]
    private var findings: [String: [Finding]] = [:]
    private var touched: Set<String> = []

    /// Whether requests are looked at for the sake of some host.
    var isInUse: Bool { !claims.isEmpty }

    mutating func add(_ claim: RouteClaim) {
        guard Self.wish(of: claim) != nil else { return }
        let host = SectionNames.hostKey(claim.host)
        claims[host, default: []].append(claim)
        touched.insert(host)
    }

    mutating func remove(_ claim: RouteClaim) {
        guard Self.wish(of: claim) != nil else { return }
        let host = SectionNames.hostKey(claim.host)
        claims[host]?.removeAll { $0 === claim }
        if claims[host]?.isEmpty == true { claims[host] = nil }
        touched.insert(host)
    }

    private static func wish(of claim: RouteClaim) -> PathNormalizationWish? {
        claim.place.map == "sni" || claim.isTCPService ? nil : claim.planned.plan.contribution.pathNormalization
    }

    /// Decides about the hosts that changed.
    ///
    /// - Parameter renewed: hosts whose owner may differ from the one before.
    mutating func reconcile(_ renewed: Set<String>, owners: HostTable, maps: inout MapTable, findings table: inout FindingTable) {
        for host in touched.union(renewed.filter { claims[$0] != nil }) {
            let owner = owners.owner(of: host)
            var mode: PathNormalizationMode?
            var refused: Set<Finding> = []
            for claim in claims[host] ?? [] {
                guard let wish = Self.wish(of: claim) else { continue }
                if wish.isOperators || !host.isEmpty && (owner == nil || owner?.namespace == claim.ingress?.namespace) {
                    if mode != .full { mode = wish.mode }
                } else {
                    refused.insert(Self.refusal(of: wish, host: host, owner: owner))
                }
            }
            maps.set(Self.map, host + "/", to: mode?.rawValue)
            table.remove(findings[host] ?? [])
            findings[host] = refused.isEmpty ? nil : Array(refused)
            table.add(Array(refused))
        }
        touched = []
    }

    private static func refusal(of wish: PathNormalizationWish, host: String, owner: ObjectKey?) -> Finding {
        Finding(
            .error, object: wish.origin.object, key: wish.origin.key, value: wish.mode.rawValue,
            owner.map { "has no effect on host \(SectionNames.host(ofKey: host)), about whose paths the older \($0) decides" }
                ?? "has no effect on rules without a host, whose requests are everybody's",
            expected: owner == nil ? "a host in spec.rules[].host" : "a host of the namespace's own, or --host-ownership shared")
    }
}
