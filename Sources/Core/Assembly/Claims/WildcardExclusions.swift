/// The hosts below a wildcard that its certificates are not shown for. They stand on the wildcard's line of the list, which has an end
/// (configuration manual, section 5.1, "crt-list", negative filters).
struct WildcardExclusions {
    /// Those that must not see the certificate: without room for them it is shown to nobody.
    private(set) var hosts: Set<String> = []
    /// Hosts with a certificate of their own, of which clients that prefer another kind of key would see the wildcard's. They are
    /// excluded too, as far as the line has room.
    private var preferring: Set<String> = []
    /// Those of ``preferring`` that are excluded.
    private var kept: Set<String> = []
    /// Whether there are more hosts than the line has room for, so that the wildcard has no certificate.
    private(set) var isCrowded = false
    var findings: [Finding] = []

    /// - Returns: whether that is another state of the host than before.
    mutating func set(_ host: String, isExcluded: Bool, isPreferring: Bool) -> Bool {
        guard isExcluded != hosts.contains(host) || isPreferring != preferring.contains(host) else { return false }
        if isExcluded { hosts.insert(host) } else { hosts.remove(host) }
        if isPreferring { preferring.insert(host) } else { preferring.remove(host) }
        return true
    }

    /// The exclusions as the list has them.
    var names: [String] { hosts.union(kept).map { "!" + $0 } }

    /// Hosts of which some clients see the wildcard's certificate.
    var seen: Set<String> { preferring.subtracting(kept) }

    /// Finds out what the line has room for.
    ///
    /// - Parameters:
    ///   - paths: of the wildcard's certificates.
    ///   - order: the oldest claim of a host; nil where nobody claims it.
    mutating func measure(on wildcard: String, paths: [String], order: (String) -> ClaimOrder?) {
        let longest = paths.map(\.utf8.count).max() ?? 0
        let length = hosts.reduce(longest + 1 + wildcard.utf8.count) { $0 + 2 + $1.utf8.count }
        isCrowded = length > ReaderLimits.certificateListLine
        kept = isCrowded ? [] : oldest(room: ReaderLimits.certificateListLine - length, order)
    }

    /// Those of ``preferring`` that a room is enough for, the oldest first.
    private func oldest(room: Int, _ order: (String) -> ClaimOrder?) -> Set<String> {
        let most = room / 4
        var oldest: [(order: ClaimOrder?, host: String)] = []
        for host in preferring where most > 0 {
            // Nobody claims those that have a certificate only because it is for their name: they come last.
            let order = order(host)
            func isBefore(_ other: (order: ClaimOrder?, host: String)) -> Bool {
                guard let order, let otherOrder = other.order else {
                    return order != nil || other.order == nil && host < other.host
                }
                return order < otherOrder || !(otherOrder < order) && host < other.host
            }
            if oldest.count == most {
                guard let last = oldest.last, isBefore(last) else { continue }
                oldest.removeLast()
            }
            oldest.insert((order, host), at: oldest.firstIndex(where: isBefore) ?? oldest.endIndex)
        }
        var room = room
        return Set(
            oldest.map(\.host).prefix { host in
                room -= 2 + host.utf8.count
                return room >= 0
            })
    }

    /// What the owner of a crowded wildcard has to know.
    func finding(about claim: CertificateClaim) -> Finding {
        Finding(
            .error, object: claim.ingress, key: claim.field, value: claim.secret,
            """
            brings a certificate for \(claim.host), below which older Ingresses of other namespaces have \
            \(hosts.count) hosts that it must not be shown for: more than HAProxy takes, so it is shown for no \
            name of \(claim.host)
            """,
            expected: "hosts by their names in spec.tls[].hosts")
    }
}
