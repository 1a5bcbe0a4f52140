/// The backends that routes need, and their names.
struct Backends {
    /// What makes two routes share a backend.
    struct Identity: Hashable {
        let service: ObjectKey
        let portName: String
        let settings: BackendSettings
        /// Whether HAProxy sees connections there and no requests.
        let isTCP: Bool
        /// The Ingress of a standalone backend.
        let owner: ObjectKey?
    }

    struct Entry {
        let servers: [Server]
        let isExternalName: Bool
        let settings: BackendSettings
        /// The Ingress that wanted it first.
        let origin: Origin
    }

    private(set) var entries: [Identity: Entry] = [:]
    private(set) var files: [ConfigurationFile] = []
    private(set) var userLists: [String: UserList] = [:]
    /// In the order in which routes asked: older Ingresses first.
    private var order: [Identity] = []

    /// The options that some backend has and that HAProxy looks up in the frontends too, with whoever asked first.
    var commonOptions: [(name: String, origin: Origin)] {
        var origins: [String: Origin] = [:]
        for identity in order { origins.merge(identity.settings.commonOptions) { first, _ in first } }
        return origins.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// - Parameter ingress: who wants it; nil for the operator.
    mutating func add(
        _ service: ObjectKey, for ingress: ObjectKey?, resolved: ServiceResolution.Resolved, plan: RoutePlan
    ) -> Identity {
        let contribution = plan.contribution
        let identity = Identity(
            service: service, portName: resolved.portName, settings: contribution.backend, isTCP: contribution.isTCP,
            owner: contribution.isStandalone ? ingress : nil)
        files += contribution.files
        guard entries[identity] == nil else { return identity }
        entries[identity] = Entry(
            servers: resolved.servers, isExternalName: resolved.isExternalName, settings: contribution.backend,
            origin: Origin(object: ingress ?? service))
        order.append(identity)
        for list in contribution.backend.userLists { userLists[list.name] = list }
        return identity
    }

    /// `<namespace>_svc_<service>_<port>` for the first of a Service's backends, with a hash of what differs for the others.
    func names() -> [Identity: String] {
        var names: [Identity: String] = [:]
        var taken: Set<String> = []
        for identity in order {
            let plain = "\(identity.service.namespace)_svc_\(identity.service.name)_\(identity.portName)"
            if taken.insert(plain).inserted {
                names[identity] = plain
            } else {
                let difference = [identity.settings.id, String(identity.isTCP), identity.owner?.qualifiedName ?? ""]
                names[identity] = "\(plain)_\(StableID.make(difference))"
            }
        }
        return names
    }
}
