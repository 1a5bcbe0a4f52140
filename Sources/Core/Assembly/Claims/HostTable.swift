/// Which Ingresses have rules for which hosts, and who decides what holds for a whole host.
///
/// A host belongs to the oldest Ingress that has a rule for it. With ``HostOwnership/namespace`` the namespace of that Ingress alone
/// decides whether TLS is passed through, which certificates are shown and which default backend takes the rest of the host.
struct HostTable {
    /// An Ingress with a rule for a host.
    struct Member: Equatable {
        /// When the Ingress was created; without a time it counts as new.
        let created: String
        let ingress: ObjectKey

        func isOlder(than other: Member) -> Bool {
            (created, ingress.namespace, ingress.name) < (other.created, other.ingress.namespace, other.ingress.name)
        }
    }

    private struct Host {
        /// The oldest first.
        var members: [Member] = []
        /// Ingresses that TLS does not reach, and that are told so.
        var findings: [Finding] = []

        /// Where a member is or would be.
        func position(of member: Member) -> Int {
            var (low, high) = (0, members.count)
            while low < high {
                let middle = (low + high) / 2
                if members[middle].isOlder(than: member) { low = middle + 1 } else { high = middle }
            }
            return low
        }
    }

    private let ownership: HostOwnership
    private var hosts: [String: Host] = [:]
    /// The hosts with rules below each wildcard, whether the wildcard has rules or not.
    private var hostsByWildcard: [String: Set<String>] = [:]
    /// Hosts whose owner may differ from the one before.
    private var touchedOwners: Set<String> = []
    /// Hosts that Ingresses came to or went from.
    private var touchedMembers: Set<String> = []

    init(_ ownership: HostOwnership) {
        self.ownership = ownership
    }

    /// - Parameter hosts: the hosts of the Ingress's rules, as the maps have them.
    mutating func add(_ ingress: ObjectKey, created: String, to hosts: Set<String>) {
        let member = Member(created: created, ingress: ingress)
        for name in hosts {
            let index = self.hosts[name, default: Host()].position(of: member)
            self.hosts[name, default: Host()].members.insert(member, at: index)
            if ownership == .namespace, let wildcard = Self.wildcard(of: name) {
                hostsByWildcard[wildcard, default: []].insert(name)
            }
            touch(name, index)
        }
    }

    /// - Parameter created: as it was added.
    mutating func remove(_ ingress: ObjectKey, created: String, from hosts: Set<String>) {
        for name in hosts {
            guard let index = self.hosts[name]?.position(of: Member(created: created, ingress: ingress)) else { continue }
            self.hosts[name]?.members.remove(at: index)
            touch(name, index)
        }
    }

    private static func wildcard(of host: String) -> String? {
        host.hasPrefix(".") ? nil : host.firstIndex(of: ".").map { String(host[$0...]) }
    }

    private mutating func forget(_ host: String) {
        hosts[host] = nil
        guard let wildcard = Self.wildcard(of: host) else { return }
        hostsByWildcard[wildcard]?.remove(host)
        if hostsByWildcard[wildcard]?.isEmpty == true { hostsByWildcard[wildcard] = nil }
    }

    private mutating func touch(_ host: String, _ index: Int) {
        if index == 0 { touchedOwners.insert(host) }
        touchedMembers.insert(host)
    }

    /// The Ingress whose namespace decides what holds for all of a host; nil where everybody may.
    ///
    /// - Parameter host: as the maps have it.
    func owner(of host: String) -> ObjectKey? { ownership == .namespace ? hosts[host]?.members.first?.ingress : nil }

    /// As ``owner(of:)``, and for a host without rules of its own the owner of its wildcard parent.
    func ownerOrWildcard(of host: String) -> ObjectKey? {
        if let owner = owner(of: host) { return owner }
        return host.firstIndex(of: ".").flatMap { owner(of: String(host[$0...])) }
    }

    /// The hosts with rules below a wildcard, as the maps have them.
    func hosts(below wildcard: String) -> Set<String> { hostsByWildcard[wildcard] ?? [] }

    /// The Ingress by whose age a claim of a host counts: the host's owner where it is older.
    func senior(of host: String, created: String, ingress: ObjectKey) -> Member {
        let claim = Member(created: created, ingress: ingress)
        guard let owner = hosts[host]?.members.first, owner.isOlder(than: claim) else { return claim }
        return owner
    }

    /// Whether a host has an owner of another namespace that is older than an Ingress.
    func isForeign(_ host: String, to other: Member) -> Bool {
        guard ownership == .namespace, let owner = hosts[host]?.members.first else { return false }
        return owner.ingress.namespace != other.ingress.namespace && owner.isOlder(than: other)
    }

    /// - Returns: the hosts whose owner may differ since the last call.
    mutating func takeTouchedOwners() -> Set<String> {
        defer { touchedOwners = [] }
        return touchedOwners
    }

    /// Tells the Ingresses of other namespaces that TLS does not reach them, because all of the host's TLS is passed through.
    ///
    /// - Parameters:
    ///   - changed: hosts that may be passed through by somebody else now, beside those that Ingresses came to or went from.
    ///   - taker: to whose pods the TLS of a host is passed through; nil where it ends here.
    mutating func reconcile(_ changed: Set<String>, findings: inout FindingTable, taker: (String) -> ObjectKey?) {
        for name in touchedMembers.union(changed) {
            guard var host = hosts[name] else { continue }
            findings.remove(host.findings)
            host.findings = []
            if let taker = taker(name) {
                host.findings = host.members.filter { $0.ingress.namespace != taker.namespace }.map { member in
                    Finding(
                        .warning, object: member.ingress, key: "spec.rules", value: SectionNames.host(ofKey: name),
                        "is a host whose TLS connections all go through to the pods of \(taker), so that this Ingress is reached by HTTP alone"
                    )
                }
                findings.add(host.findings)
            }
            if host.members.isEmpty { forget(name) } else { hosts[name] = host }
        }
        touchedMembers = []
    }
}
