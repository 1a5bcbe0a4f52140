/// A backend that routes in force need.
final class LiveBackend {
    /// What makes two routes share a backend. It is long, and held by the backend and by the table.
    final class Identity: Hashable {
        let service: ObjectKey
        let portName: String
        let settings: BackendSettings
        /// Whether HAProxy sees connections there and no requests.
        let isTCP: Bool
        /// The Ingress of a standalone backend.
        let owner: ObjectKey?

        init(service: ObjectKey, portName: String, settings: BackendSettings, isTCP: Bool, owner: ObjectKey?) {
            self.service = service
            self.portName = portName
            self.settings = settings
            self.isTCP = isTCP
            self.owner = owner
        }

        static func == (a: Identity, b: Identity) -> Bool {
            a === b
                || a.service == b.service && a.portName == b.portName && a.settings == b.settings && a.isTCP == b.isTCP
                    && a.owner == b.owner
        }

        /// Few of a Service's routes have settings of their own, which are long.
        func hash(into hasher: inout Hasher) {
            hasher.combine(service)
            hasher.combine(portName)
        }
    }

    let identity: Identity
    /// `<namespace>_svc_<service>_<port>`: the name of the first of a Service's backends for the port.
    let plainName: String
    /// Rules of its routes that are not always in the frontends.
    fileprivate(set) var ownRules: [OwnedRules: RuleUse] = [:]
    /// The routes that lead to it, older Ingresses first.
    fileprivate(set) var users: [RouteClaim] = []
    fileprivate(set) var name = ""
    fileprivate(set) var servers: [Server] = []
    /// How many pods are left out, because there are too many.
    fileprivate(set) var excess = 0
    /// Whether its namespace has room for the checks of its pods.
    fileprivate(set) var isChecked = true
    /// The name that is looked up in the DNS for each request; nil where servers are reached by their addresses.
    fileprivate(set) var external: ExternalServer?
    /// About servers that must not be.
    fileprivate var findings: [Finding] = []

    fileprivate init(_ identity: Identity) {
        self.identity = identity
        plainName = "\(identity.service.namespace)_svc_\(identity.service.name)_\(identity.portName)"
    }

    /// Whose settings are written: those of others are equal, but may come from elsewhere.
    var first: RouteClaim { users[0] }
    var settings: BackendSettings { first.planned.plan.contribution.backend }
    var origin: Origin { Origin(object: first.ingress ?? identity.service) }

    /// How many checks its pods take in a thousand seconds.
    var checks: Int {
        guard external == nil, let interval = settings.checkInterval else { return 0 }
        return servers.count * 1_000_000 / max(1, Int(interval / .milliseconds(1)))
    }
}

/// The backends that routes in force need, and their names.
struct BackendTable {
    private var backends: [LiveBackend.Identity: LiveBackend] = [:]
    private var byService: [ObjectKey: [LiveBackend]] = [:]
    /// Those whose routes use rules that are not always in the frontends.
    private var byRules: [OwnedRules: [ObjectIdentifier: LiveBackend]] = [:]
    /// Those that would have the same plain name.
    private var groups: [String: [LiveBackend]] = [:]
    private var touchedGroups: Set<String> = []
    /// Backends whose sections may differ from what they were.
    private var touched: [ObjectIdentifier: LiveBackend] = [:]
    private var goneNames: Set<String> = []
    /// The options that some backend has and that HAProxy looks up in the frontends too, and who asked.
    private var options: [String: [Origin: Int]] = [:]
    private var lists: [String: (list: UserList, uses: Int)] = [:]
    private var externalCount = 0
    /// Backends whose snippets have servers of their own.
    private var snippetCount = 0
    private var checks = CheckBudget()
    private var newFindings: [Finding] = []
    private var goneFindings: [Finding] = []
    /// Whether options that concern all backends came or went.
    private var optionsChanged = false
    private var touchedLists: Set<String> = []

    /// Whether some of them need HAProxy's resolvers.
    var needResolvers: Bool { externalCount + snippetCount > 0 }
    var commonOptions: [(name: String, origin: Origin)] {
        options.sorted { $0.key < $1.key }.map { name, origins in
            (name, origins.keys.min { $0.description < $1.description } ?? .controller)
        }
    }
    var all: Dictionary<LiveBackend.Identity, LiveBackend>.Values { backends.values }
    /// The Services that have backends.
    var services: Set<ObjectKey> { Set(byService.keys) }

    /// - Returns: the backend that the route uses from now on.
    mutating func attach(_ claim: RouteClaim, to resolved: ServiceResolution.Resolved) -> LiveBackend {
        let planned = claim.planned
        let identity = LiveBackend.Identity(
            service: claim.service, portName: resolved.portName, settings: planned.plan.contribution.backend,
            isTCP: planned.plan.contribution.isTCP, owner: planned.plan.contribution.isStandalone ? claim.ingress : nil)
        let backend: LiveBackend
        if let known = backends[identity] {
            backend = known
        } else {
            backend = LiveBackend(identity)
            backends[identity] = backend
            byService[identity.service, default: []].append(backend)
            groups[backend.plainName, default: []].append(backend)
            count(identity.settings, by: 1)
        }
        backend.users.insertInOrder(claim)
        countRules(of: claim, in: backend, by: 1)
        if backend.first === claim { touch(backend) }
        if backend.users.count == 1 {
            (backend.servers, backend.external, backend.excess) = (resolved.servers, resolved.name, resolved.excess)
            backend.findings = resolved.findings
            newFindings += resolved.findings
            if resolved.name != nil { externalCount += 1 }
        }
        return backend
    }

    mutating func detach(_ claim: RouteClaim, from backend: LiveBackend) {
        let wasFirst = backend.first === claim
        backend.users.removeInOrder(claim)
        countRules(of: claim, in: backend, by: -1)
        guard wasFirst else { return }
        touch(backend)
        guard backend.users.isEmpty else { return }
        backends[backend.identity] = nil
        byService[backend.identity.service]?.removeAll { $0 === backend }
        if byService[backend.identity.service]?.isEmpty == true { byService[backend.identity.service] = nil }
        groups[backend.plainName]?.removeAll { $0 === backend }
        if groups[backend.plainName]?.isEmpty == true { groups[backend.plainName] = nil }
        count(backend.identity.settings, by: -1)
        goneFindings += backend.findings
        if backend.external != nil { externalCount -= 1 }
        touched[ObjectIdentifier(backend)] = nil
        checks.remove(backend)
        if !backend.name.isEmpty { goneNames.insert(backend.name) }
    }

    private mutating func countRules(of claim: RouteClaim, in backend: LiveBackend, by difference: Int) {
        for owned in claim.planned.plan.contribution.rules where owned.rules.placement != .frontends {
            func change(_ use: inout RuleUse) -> (isOther: Bool, isIdle: Bool) {
                (use.change(owned, of: nil, by: difference), use.count == 0)
            }
            let (isOther, isIdle) = change(&backend.ownRules[owned, default: RuleUse(owned.rules)])
            if isIdle { backend.ownRules[owned] = nil }
            guard isOther else { continue }
            byRules[owned, default: [:]][ObjectIdentifier(backend)] = isIdle ? nil : backend
            if byRules[owned]?.isEmpty == true { byRules[owned] = nil }
            touched[ObjectIdentifier(backend)] = backend
        }
    }

    /// Rules are in another place than before.
    mutating func touch(usersOf rules: Set<OwnedRules>) {
        for owned in rules { touched.merge(byRules[owned] ?? [:]) { $1 } }
    }

    private mutating func count(_ settings: BackendSettings, by difference: Int) {
        for (name, origin) in settings.commonOptions {
            let wasUnknown = options[name] == nil
            options[name, default: [:]][origin, default: 0] += difference
            if options[name]?[origin] == 0 { options[name]?[origin] = nil }
            if options[name]?.isEmpty == true { options[name] = nil }
            if wasUnknown != (options[name] == nil) { optionsChanged = true }
        }
        if settings.hasOwnServers { snippetCount += difference }
        for list in settings.userLists {
            let uses = (lists[list.name]?.uses ?? 0) + difference
            lists[list.name] = uses == 0 ? nil : (lists[list.name]?.list ?? list, uses)
            touchedLists.insert(list.name)
        }
    }

    private mutating func touch(_ backend: LiveBackend) {
        touched[ObjectIdentifier(backend)] = backend
        touchedGroups.insert(backend.plainName)
    }

    /// The pods of a Service are others.
    mutating func refreshServers(of service: ObjectKey, _ services: ServiceResolution) {
        for backend in byService[service] ?? [] {
            guard let resolved = try? services.resolve(service, port: backend.first.port) else { continue }
            if resolved.findings != backend.findings {
                newFindings += resolved.findings
                goneFindings += backend.findings
                backend.findings = resolved.findings
            }
            guard
                resolved.servers != backend.servers || resolved.excess != backend.excess || resolved.name != backend.external
            else { continue }
            (backend.servers, backend.excess, backend.external) = (resolved.servers, resolved.excess, resolved.name)
            touched[ObjectIdentifier(backend)] = backend
        }
    }

    /// What is to be written anew.
    struct Changes {
        var backends: [LiveBackend] = []
        var goneNames: Set<String> = []
        /// Routes whose backend has another name now.
        var renamed: [RouteClaim] = []
        /// The user lists that came, changed or went, with what they are.
        var lists: [String: UserList?] = [:]
        var optionsChanged = false
        var newFindings: [Finding] = []
        var goneFindings: [Finding] = []
    }

    /// Gives names: the plain one to the first of a group, with a hash of what differs to the others.
    mutating func reconcile(within limits: ResourceLimits) -> Changes {
        var changes = Changes()
        changes.goneNames = goneNames
        for backend in touched.values { checks.note(backend) }
        for backend in checks.reconcile(within: limits) {
            backend.isChecked.toggle()
            touched[ObjectIdentifier(backend)] = backend
        }
        for plain in touchedGroups {
            guard let group = groups[plain] else { continue }
            let sorted = group.count == 1 ? group : group.sorted { $0.first.order < $1.first.order }
            for (index, backend) in sorted.enumerated() {
                let name = index == 0 ? plain : "\(plain)_\(Self.difference(backend.identity))"
                guard name != backend.name else { continue }
                if !backend.name.isEmpty {
                    changes.goneNames.insert(backend.name)
                    changes.renamed += backend.users
                }
                backend.name = name
                touched[ObjectIdentifier(backend)] = backend
            }
        }
        changes.backends = Array(touched.values)
        changes.goneNames.subtract(touchedGroups.flatMap { groups[$0]?.map(\.name) ?? [] })
        changes.optionsChanged = optionsChanged
        (changes.newFindings, changes.goneFindings) = (newFindings, goneFindings)
        (newFindings, goneFindings) = ([], [])
        for name in touchedLists { changes.lists.updateValue(lists[name]?.list, forKey: name) }
        (touched, touchedGroups, goneNames, touchedLists, optionsChanged) = ([:], [], [], [], false)
        return changes
    }

    private static func difference(_ identity: LiveBackend.Identity) -> String {
        StableID.make([identity.settings.id, String(identity.isTCP), identity.owner?.qualifiedName ?? ""])
    }
}
