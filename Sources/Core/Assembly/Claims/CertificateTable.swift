/// The certificates of `spec.tls`, by the names they answer for.
///
/// A host can have one certificate for each kind of key, of which HAProxy shows what the client can verify; they come from one
/// namespace: that of the host's owner. Where nobody has a rule for the host it is that of the oldest Ingress with a certificate
/// for it. Of two Ingresses that bring the same kind the older has the host.
///
/// A name that nobody claims in `spec.tls[].hosts` has the certificates that are for it (``CoveringCertificates``), unless the operator's
/// default certificate is: those of the owner's namespace, or where nobody has a rule for the host those of the oldest Ingress.
struct CertificateTable {
    private struct Host {
        var claims: [CertificateClaim] = []
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
        /// Of a wildcard.
        var exclusions = WildcardExclusions()
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
    private var secrets = SecretTable()
    /// The certificates that Ingresses bring, by their files.
    private var brought: [String: BroughtCertificate] = [:]
    /// Those whose oldest Ingress may differ.
    private var touchedCertificates: Set<String> = []
    /// The names that the operator's default certificate is for.
    private var defaultNames: Set<String> = []

    // MARK: - Secrets

    /// The contents of a Secret that is in use.
    func loaded(_ key: ObjectKey) -> LoadedSecret? { secrets.loaded(key) }

    /// Enters the certificates of a Secret with its first use. Each use has to be given back.
    mutating func use(_ key: ObjectKey, _ loaded: LoadedSecret, findings: inout FindingTable) {
        touchedPaths.formUnion(secrets.use(key, loaded, findings: &findings))
    }

    mutating func giveBack(_ key: ObjectKey, findings: inout FindingTable) {
        touchedPaths.formUnion(secrets.giveBack(key, findings: &findings))
    }

    /// The Secret of a certificate that an Ingress brings; nil for other files.
    func secret(ofFile path: String) -> ObjectKey? { secrets.secret(ofFile: path) }

    // MARK: - Hosts

    mutating func add(_ claim: CertificateClaim) {
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
    private mutating func reconcileCovering() {
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
        func isKnown(_ host: String) -> Bool { hosts[host].map { !$0.paths.isEmpty && !$0.exclusions.isCrowded } ?? false }
        if isKnown(host) { return true }
        guard let wildcard = Self.wildcard(of: host) else { return false }
        return isKnown(wildcard) && hosts[wildcard]?.exclusions.hosts.contains(host) == false
    }

    /// Decides who has the hosts that were touched.
    ///
    /// - Parameters:
    ///   - owners: whose namespaces decide about hosts.
    ///   - defaultNames: the names that the operator's default certificate is for.
    /// - Returns: the files whose entries or contents may be others, with the file where there is an entry.
    mutating func reconcile(
        findings: inout FindingTable, owners: HostTable, defaultNames: Set<String>
    ) -> [String: ConfigurationFile?] {
        reconcileCovering()
        if defaultNames != self.defaultNames {
            touchedHosts.formUnion(hosts.lazy.filter { !$0.value.covering.isEmpty }.map(\.key))
            touchedExclusions.formUnion(self.defaultNames.symmetricDifference(defaultNames))
            self.defaultNames = defaultNames
        }
        // Wildcards come first, because hosts below them go by what is claimed for them.
        for host in touchedHosts where host.hasPrefix("*") { reconcile(host, findings: &findings, owners: owners) }
        for host in touchedHosts where !host.hasPrefix("*") { reconcile(host, findings: &findings, owners: owners) }
        for host in touchedExclusions { reconcileExclusion(of: host, owners) }
        for wildcard in touchedWildcards { reconcileCrowd(of: wildcard, findings: &findings) }
        var changes: [String: ConfigurationFile?] = [:]
        for path in touchedPaths {
            var names = names[path] ?? []
            if names.isEmpty { self.names[path] = nil }
            for name in names where name.hasPrefix("*") {
                guard let exclusions = hosts[name]?.exclusions else { continue }
                if exclusions.isCrowded { names.remove(name) } else { names.formUnion(exclusions.names) }
            }
            list.entries[path] = names.isEmpty ? nil : names.sorted()
            changes.updateValue(names.isEmpty ? nil : secrets.file(path), forKey: path)
        }
        (touchedHosts, touchedPaths, touchedExclusions, touchedWildcards) = ([], [], [], [])
        return changes
    }

    /// Decides who has a host.
    private mutating func reconcile(_ host: String, findings: inout FindingTable, owners: HostTable) {
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
                touchedExclusions.formUnion(state.exclusions.hosts)
                touchedExclusions.formUnion(owners.hosts(below: key).map(SectionNames.host(ofKey:)))
                touchedExclusions.formUnion(hostsByWildcard[host] ?? [])
                if isByName { touchedExclusions.formUnion(defaultNames) }
            }
            if isOther { touchedHosts.formUnion((hostsByWildcard[host] ?? []).filter { hosts[$0]?.covering.isEmpty == false }) }
            state.holder = holder
            touchedPaths.formUnion(state.exclusions.hosts.isEmpty ? [] : paths)
        }
        findings.add(conflicts)
        (state.algorithms, state.namespace, state.isByName) = (algorithms, namespace, isByName)
        if state.claims.isEmpty, state.covering.isEmpty {
            findings.remove(state.exclusions.findings)
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
    private mutating func reconcileExclusion(of host: String, _ owners: HostTable) {
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
        guard hosts[wildcard]?.exclusions.set(host, isExcluded: isExcluded, isPreferring: isPreferring) == true else { return }
        touchedPaths.formUnion(hosts[wildcard]?.paths ?? [])
        touchedWildcards.insert(wildcard)
    }

    /// Finds out how much of a wildcard's line its exclusions take.
    private mutating func reconcileCrowd(of wildcard: String, findings: inout FindingTable) {
        guard var state = hosts[wildcard] else { return }
        findings.remove(state.exclusions.findings)
        let wasCrowded = state.exclusions.isCrowded
        state.exclusions.measure(on: wildcard, paths: state.paths) { hosts[$0]?.claims.first?.order }
        if state.exclusions.isCrowded != wasCrowded { touchedPaths.formUnion(state.paths) }
        if state.exclusions.isCrowded {
            let claims = state.isByName ? [] : state.claims.filter { state.paths.contains($0.path) }
            state.exclusions.findings = claims.map { state.exclusions.finding(about: $0) }
        } else {
            state.exclusions.findings = state.exclusions.seen.compactMap { host in
                hosts[host]?.claims.first.map { claim in
                    Self.conflict(
                        claim,
                        "brings a certificate for \(host) whose kind of key is not that of the one for \(wildcard), which clients see "
                            + "that prefer its kind: too many other hosts below it have certificates of their own")
                }
            }
        }
        findings.add(state.exclusions.findings)
        hosts[wildcard] = state
    }

    private static func decide(_ claims: [CertificateClaim], _ owner: ObjectKey?) -> (paths: [String], conflicts: [Finding]) {
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

    private static func conflict(_ claim: CertificateClaim, _ message: String) -> Finding {
        Finding(.warning, object: claim.ingress, key: claim.field, value: claim.secret, message)
    }

    // MARK: - The default certificate

    /// Lists a default certificate with names, where no Ingress has a file of that path.
    mutating func listDefault(_ path: String, names: [String]?) { list.entries[path] = names }
}
