/// The certificates of `spec.tls`, by the names they answer for.
///
/// A host can have one certificate for each kind of key, of which HAProxy shows what the client can verify; they come from one
/// namespace: that of the host's owner. Where nobody has a rule for the host it is that of the oldest Ingress with a certificate
/// for it. Of two Ingresses that bring the same kind the older has the host.
///
/// A name that nobody claims in `spec.tls[].hosts` has the certificates that are for it (``CoveringCertificates``), unless the operator's
/// default certificate is: those of the owner's namespace, or where nobody has a rule for the host those of the oldest Ingress.
struct CertificateTable {
    /// Where the certificate for clients that name no known host is, relative to the configuration directory.
    static let defaultPath = "certs/default.pem"

    /// A certificate that an Ingress brings for a host.
    struct Claim {
        let order: ClaimOrder
        let host: String
        let ingress: ObjectKey
        let path: String
        let algorithm: KeyAlgorithm
        /// Where the Ingress names the Secret.
        let field: String
        let secret: String
    }

    /// What is usable in a Secret, and what is not.
    struct LoadedSecret {
        var certificates: [(file: ConfigurationFile, bundle: CertificateBundle)] = []
        var problems: [String] = []
        var warnings: [Finding] = []
        fileprivate var uses = 0
    }

    private struct Host {
        var claims: [Claim] = []
        /// Certificates that are for the name.
        var covering = CoveringCertificates()
        /// Whose certificates are shown; nil where none is.
        var namespace: String?
        /// Whether they are shown because they are for the name, and not because an Ingress claims the host.
        var isByName = false
        /// The oldest that brings such a certificate of ``namespace``.
        var age: HostTable.Member?
        /// The files whose list entries name the host.
        var paths: [String] = []
        /// The kinds of their keys.
        var algorithms: Set<KeyAlgorithm> = []
        /// By whose age the namespace that brings the certificates of a wildcard has them.
        var holder: HostTable.Member?
        /// Hosts below a wildcard that its certificates are not shown for.
        var excluded: Set<String> = []
        /// Hosts below a wildcard with a certificate of their own, of which clients that prefer another kind of key would see the wildcard's.
        /// They are excluded too, as far as the line has room.
        var preferring: Set<String> = []
        /// Those of ``preferring`` that are excluded.
        var kept: Set<String> = []
        /// Whether more hosts are excluded from a wildcard than one line of the list names, so that it has no certificate.
        var isCrowded = false
        var crowdedFindings: [Finding] = []
        var findings: [Finding] = []
    }

    private(set) var list = CertificateList()
    private var hosts: [String: Host] = [:]
    /// The hosts with certificates below a wildcard.
    private var hostsByWildcard: [String: Set<String>] = [:]
    private var touchedHosts: Set<String> = []
    /// Hosts that may be excluded from their wildcard, or are no more.
    private var touchedExclusions: Set<String> = []
    /// Wildcards from which other hosts may be excluded.
    private var touchedWildcards: Set<String> = []
    private var names: [String: Set<String>] = [:]
    private var touchedPaths: Set<String> = []
    private var secrets: [ObjectKey: LoadedSecret] = [:]
    /// The files of ``secrets``, whether they are listed or not.
    private var loadable: [String: ConfigurationFile] = [:]
    /// The Secrets that the files of ``loadable`` come from, by path.
    private var sources: [String: ObjectKey] = [:]
    /// The certificates that Ingresses bring, by their files.
    private var brought: [String: BroughtCertificate] = [:]
    /// Those whose oldest Ingress may differ.
    private var touchedCertificates: Set<String> = []
    /// The names that the operator's default certificate is for.
    private var defaultNames: Set<String> = []

    // MARK: - Secrets

    /// The certificates of a Secret, read when the first one asks. Each use has to be given back.
    mutating func use(
        _ key: ObjectKey, _ load: () -> LoadedSecret, findings: inout FindingTable
    ) -> LoadedSecret {
        if secrets[key] == nil {
            let loaded = load()
            secrets[key] = loaded
            findings.add(loaded.warnings)
            for certificate in loaded.certificates {
                loadable[certificate.file.path] = certificate.file
                sources[certificate.file.path] = key
                touchedPaths.insert(certificate.file.path)
            }
        }
        secrets[key]?.uses += 1
        return secrets[key] ?? LoadedSecret()
    }

    mutating func giveBack(_ key: ObjectKey, findings: inout FindingTable) {
        guard let secret = secrets[key] else { return }
        guard secret.uses == 1 else {
            secrets[key]?.uses -= 1
            return
        }
        secrets[key] = nil
        findings.remove(secret.warnings)
        for certificate in secret.certificates {
            loadable[certificate.file.path] = nil
            sources[certificate.file.path] = nil
            touchedPaths.insert(certificate.file.path)
        }
    }

    /// The Secret of a certificate that an Ingress brings; nil for other files.
    func secret(ofFile path: String) -> ObjectKey? { sources[path] }

    // MARK: - Hosts

    mutating func add(_ claim: Claim) {
        let claims = hosts[claim.host]?.claims ?? []
        let index = claims.firstIndex { claim.order < $0.order } ?? claims.count
        hosts[claim.host, default: Host()].claims.insert(claim, at: index)
        touchedHosts.insert(claim.host)
        if let wildcard = Self.wildcard(of: claim.host) { hostsByWildcard[wildcard, default: []].insert(claim.host) }
    }

    mutating func removeClaims(of ingress: ObjectKey, for host: String) {
        hosts[host]?.claims.removeAll { $0.ingress == ingress }
        touchedHosts.insert(host)
    }

    /// Notes that an Ingress brings a certificate, which is shown for names that it is for and that nobody claims.
    ///
    /// - Parameter names: those that clients can ask for.
    mutating func bring(
        _ path: String, names: [String], algorithm: KeyAlgorithm, by member: HostTable.Member
    ) {
        let new = BroughtCertificate(names: names, algorithm: algorithm, namespace: member.ingress.namespace)
        if let known = brought[path], !known.isBrought, known.names != names || known.algorithm != algorithm {
            // The Secret holds another certificate now.
            leave(known, path)
            brought[path] = nil
        }
        brought[path, default: new].add(member)
        touchedCertificates.insert(path)
    }

    /// Takes a certificate out from under its names.
    private mutating func leave(_ certificate: BroughtCertificate, _ path: String) {
        guard let member = certificate.entered else { return }
        for name in certificate.names {
            hosts[name]?.covering.remove(path, of: member)
            touchedHosts.insert(name)
        }
    }

    mutating func takeBack(_ paths: Set<String>, from ingress: ObjectKey) {
        for path in paths {
            brought[path]?.remove(ingress)
            touchedCertificates.insert(path)
        }
    }

    /// Enters certificates under their names by the age of their oldest Ingress, and takes out those that none brings any more.
    private mutating func settleCovering() {
        for path in touchedCertificates {
            guard var certificate = brought[path] else { continue }
            let (former, oldest) = (certificate.entered, certificate.oldest)
            brought[path] = oldest == nil ? nil : certificate
            guard former != oldest else { continue }
            leave(certificate, path)
            guard let oldest else { continue }
            for name in certificate.names {
                hosts[name, default: Host()].covering.insert(path, of: oldest)
                if let wildcard = Self.wildcard(of: name) { hostsByWildcard[wildcard, default: []].insert(name) }
                touchedHosts.insert(name)
            }
            certificate.entered = oldest
            brought[path] = certificate
        }
        touchedCertificates = []
    }

    /// Decides anew about a host whose owner may differ from the one before, and about the hosts that a wildcard stands for.
    mutating func renew(host: String) {
        if hosts[host] != nil { touchedHosts.insert(host) }
        touchedExclusions.insert(host)
        if let below = hostsByWildcard[host] { touchedHosts.formUnion(below) }
    }

    private static func wildcard(of host: String) -> String? {
        host.hasPrefix("*") ? nil : host.firstIndex(of: ".").map { "*" + host[$0...] }
    }

    private mutating func forget(_ host: String) {
        hosts[host] = nil
        guard let wildcard = Self.wildcard(of: host) else { return }
        hostsByWildcard[wildcard]?.remove(host)
        if hostsByWildcard[wildcard]?.isEmpty == true { hostsByWildcard[wildcard] = nil }
    }

    /// Whether an Ingress has the host, by its name or by a wildcard.
    func isHeld(_ host: String) -> Bool {
        func isKnown(_ host: String) -> Bool { hosts[host].map { !$0.paths.isEmpty && !$0.isCrowded } ?? false }
        if isKnown(host) { return true }
        guard let wildcard = Self.wildcard(of: host) else { return false }
        return isKnown(wildcard) && hosts[wildcard]?.excluded.contains(host) == false
    }

    /// Decides who has the hosts that were touched.
    ///
    /// - Parameters:
    ///   - owners: whose namespaces decide about hosts.
    ///   - defaultNames: the names that the operator's default certificate is for.
    /// - Returns: the files whose entries or contents may be others, with the file where there is an entry.
    mutating func settle(
        findings: inout FindingTable, owners: HostTable, defaultNames: Set<String>
    ) -> [String: ConfigurationFile?] {
        settleCovering()
        if defaultNames != self.defaultNames {
            touchedHosts.formUnion(hosts.lazy.filter { !$0.value.covering.isEmpty }.map(\.key))
            touchedExclusions.formUnion(self.defaultNames.symmetricDifference(defaultNames))
            self.defaultNames = defaultNames
        }
        // Wildcards come first, because hosts below them go by what is claimed for them.
        for host in touchedHosts where host.hasPrefix("*") { settle(host, findings: &findings, owners: owners) }
        for host in touchedHosts where !host.hasPrefix("*") { settle(host, findings: &findings, owners: owners) }
        for host in touchedExclusions { settleExclusion(of: host, owners) }
        for wildcard in touchedWildcards { settleCrowd(of: wildcard, findings: &findings) }
        var changes: [String: ConfigurationFile?] = [:]
        for path in touchedPaths {
            var names = names[path] ?? []
            if names.isEmpty { self.names[path] = nil }
            for name in names where name.hasPrefix("*") {
                if hosts[name]?.isCrowded == true {
                    names.remove(name)
                } else {
                    names.formUnion((hosts[name]?.excluded ?? []).map { "!" + $0 })
                    names.formUnion((hosts[name]?.kept ?? []).map { "!" + $0 })
                }
            }
            list.entries[path] = names.isEmpty ? nil : names.sorted()
            changes.updateValue(names.isEmpty ? nil : loadable[path], forKey: path)
        }
        (touchedHosts, touchedPaths, touchedExclusions, touchedWildcards) = ([], [], [], [])
        return changes
    }

    /// Decides who has a host.
    private mutating func settle(_ host: String, findings: inout FindingTable, owners: HostTable) {
        guard var state = hosts[host] else { return }
        findings.remove(state.findings)
        let owner = owners.ownerOrWildcard(of: SectionNames.hostKey(host))
        var (paths, conflicts) = Self.decide(state.claims, owner)
        let isByName = paths.isEmpty && !state.covering.isEmpty
        if isByName, !isDefault(host), !isLeftToWildcard(host, state.covering, owner) {
            paths = state.covering.paths(of: owner?.namespace) { brought[$0]?.algorithm }
        }
        for path in state.paths where !paths.contains(path) {
            names[path]?.remove(host)
            touchedPaths.insert(path)
        }
        for path in paths where !state.paths.contains(path) {
            names[path, default: []].insert(host)
            touchedPaths.insert(path)
        }
        (state.paths, state.findings) = (paths, conflicts)
        let algorithms = Set(paths.compactMap { brought[$0]?.algorithm })
        let namespace = paths.first.flatMap { brought[$0]?.namespace }
        touchedExclusions.insert(host)
        if host.hasPrefix("*") {
            let key = SectionNames.hostKey(host)
            let holder = state.claims.first { claim in paths.contains(claim.path) }.map { claim in
                owners.senior(of: key, created: claim.order.created, ingress: claim.ingress)
            }
            touchedWildcards.insert(host)
            let age = isByName ? namespace.flatMap { state.covering.oldest(of: $0) } : nil
            let isOther = namespace != state.namespace || isByName != state.isByName || age != state.age
            state.age = age
            if isOther || holder != state.holder || algorithms != state.algorithms {
                touchedExclusions.formUnion(state.excluded)
                touchedExclusions.formUnion(owners.hosts(below: key).map(SectionNames.host(ofKey:)))
                touchedExclusions.formUnion(hostsByWildcard[host] ?? [])
                if isByName { touchedExclusions.formUnion(defaultNames) }
            }
            if isOther { touchedHosts.formUnion((hostsByWildcard[host] ?? []).filter { hosts[$0]?.covering.isEmpty == false }) }
            state.holder = holder
            touchedPaths.formUnion(state.excluded.isEmpty ? [] : paths)
        }
        findings.add(conflicts)
        (state.algorithms, state.namespace, state.isByName) = (algorithms, namespace, isByName)
        if state.claims.isEmpty, state.covering.isEmpty {
            findings.remove(state.crowdedFindings)
            forget(host)
        } else {
            hosts[host] = state
        }
    }

    /// Whether the operator's default certificate is for a name.
    private func isDefault(_ host: String) -> Bool {
        defaultNames.contains(host) || Self.wildcard(of: host).map(defaultNames.contains) ?? false
    }

    /// Whether the certificates of a host's wildcard are for the host rather than those that are only for its name: where the namespace
    /// that decides about the host claims the wildcard, or nobody has a rule for the host and those of the wildcard are older.
    private func isLeftToWildcard(_ host: String, _ covering: CoveringCertificates, _ owner: ObjectKey?) -> Bool {
        guard let wildcard = Self.wildcard(of: host).flatMap({ hosts[$0] }), let namespace = wildcard.namespace else {
            return false
        }
        guard wildcard.isByName else { return owner == nil || owner?.namespace == namespace }
        guard owner == nil, let age = wildcard.age, let other = covering.oldest(of: nil) else { return false }
        return age.ingress.namespace != other.ingress.namespace && age.isOlder(than: other)
    }

    /// A certificate for a wildcard is not shown for a host below it that an older Ingress of another namespace has rules for: without
    /// a certificate of its own the host keeps the default one (configuration manual, section 5.1, "crt-list", negative filters).
    ///
    /// A certificate of its own is not enough: of one for the host and another one for the wildcard HAProxy shows the one whose kind
    /// of key the client prefers, which is ECDSA before RSA. Hosts with one that are younger, or of the wildcard's own namespace, are
    /// excluded where the line has room, so that nobody pushes an older wildcard's certificate out with them.
    ///
    /// A certificate that is shown for a wildcard because it is for that name, and nobody claims it, is shown for no host below that has
    /// another certificate or an owner of another namespace, however young.
    private mutating func settleExclusion(of host: String, _ owners: HostTable) {
        guard let wildcard = Self.wildcard(of: host), let state = hosts[wildcard] else { return }
        let own = hosts[host]?.algorithms ?? []
        let isCovered = own.isSuperset(of: state.algorithms)
        let isExcluded: Bool
        if state.isByName {
            let owner = owners.owner(of: SectionNames.hostKey(host))
            isExcluded =
                !isCovered
                && (!own.isEmpty || defaultNames.contains(host) || owner.map { $0.namespace != state.namespace } == true)
        } else {
            isExcluded = !isCovered && state.holder.map { owners.isForeign(host, to: $0) } == true
        }
        let isPreferring = !isCovered && !isExcluded && !own.isEmpty
        guard isExcluded != state.excluded.contains(host) || isPreferring != state.preferring.contains(host) else { return }
        if isExcluded { hosts[wildcard]?.excluded.insert(host) } else { hosts[wildcard]?.excluded.remove(host) }
        if isPreferring { hosts[wildcard]?.preferring.insert(host) } else { hosts[wildcard]?.preferring.remove(host) }
        touchedPaths.formUnion(hosts[wildcard]?.paths ?? [])
        touchedWildcards.insert(wildcard)
    }

    /// Exclusions count on the line of their wildcard alone, and a line has an end. A wildcard with more of them is not listed, because
    /// its certificate would be shown for the others' hosts.
    private mutating func settleCrowd(of wildcard: String, findings: inout FindingTable) {
        guard var state = hosts[wildcard] else { return }
        let longest = state.paths.map(\.utf8.count).max() ?? 0
        let length = state.excluded.reduce(longest + 1 + wildcard.utf8.count) { $0 + 2 + $1.utf8.count }
        let isCrowded = length > ReaderLimits.certificateListLine
        if isCrowded != state.isCrowded { touchedPaths.formUnion(state.paths) }
        findings.remove(state.crowdedFindings)
        state.isCrowded = isCrowded
        state.crowdedFindings =
            isCrowded && !state.isByName
            ? state.claims.filter { state.paths.contains($0.path) }.map { claim in
                Finding(
                    .error, object: claim.ingress, key: claim.field, value: claim.secret,
                    """
                    brings a certificate for \(wildcard), below which older Ingresses of other namespaces have \
                    \(state.excluded.count) hosts that it must not be shown for: more than HAProxy takes, so it is shown for no \
                    name of \(wildcard)
                    """,
                    expected: "hosts by their names in spec.tls[].hosts")
            } : []
        state.kept = isCrowded ? [] : kept(of: state, room: ReaderLimits.certificateListLine - length)
        if !isCrowded, state.kept.count < state.preferring.count {
            state.crowdedFindings = state.preferring.subtracting(state.kept).compactMap { host in
                hosts[host]?.claims.first.map { claim in
                    Self.conflict(
                        claim,
                        "brings a certificate for \(host) whose kind of key is not that of the one for \(wildcard), which clients see "
                            + "that prefer its kind: too many other hosts below it have certificates of their own")
                }
            }
        }
        findings.add(state.crowdedFindings)
        hosts[wildcard] = state
    }

    /// The hosts that a wildcard's certificate is not shown for although it need not be so, the oldest first.
    private func kept(of state: Host, room: Int) -> Set<String> {
        let most = room / 4
        var oldest: [(order: ClaimOrder?, host: String)] = []
        for host in state.preferring where most > 0 {
            // Nobody claims those that have a certificate only because it is for their name: they come last.
            let order = hosts[host]?.claims.first?.order
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

    private static func decide(_ claims: [Claim], _ owner: ObjectKey?) -> (paths: [String], conflicts: [Finding]) {
        var paths: [(algorithm: KeyAlgorithm, path: String)] = []
        var conflicts: [Finding] = []
        guard let oldest = claims.first?.ingress else { return ([], []) }
        let namespace = owner?.namespace ?? oldest.namespace
        let holder = claims.first { $0.ingress.namespace == namespace }?.ingress
        for claim in claims where !paths.contains(where: { $0.path == claim.path }) {
            let isFree = !paths.contains { $0.algorithm == claim.algorithm }
            if isFree, claim.ingress.namespace == namespace {
                paths.append((claim.algorithm, claim.path))
            } else if let holder, claim.ingress != holder {
                conflicts.append(
                    conflict(claim, "brings a certificate for \(claim.host), for which the older \(holder) has one"))
            } else if holder == nil, let owner {
                conflicts.append(
                    conflict(claim, "brings a certificate for \(claim.host), about which \(owner) of another namespace decides"))
            }
        }
        return (paths.map(\.path), conflicts)
    }

    private static func conflict(_ claim: Claim, _ message: String) -> Finding {
        Finding(.warning, object: claim.ingress, key: claim.field, value: claim.secret, message)
    }

    // MARK: - The default certificate

    /// Lists a default certificate with names, where no Ingress has a file of that path.
    mutating func listDefault(_ path: String, names: [String]?) { list.entries[path] = names }
}
