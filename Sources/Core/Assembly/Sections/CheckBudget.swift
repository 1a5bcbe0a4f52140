/// Which backends have their pods checked by HAProxy, where the pods of a namespace would take more checks than it may have: those with the
/// oldest routes, so that nobody's newer Service takes the checks of an older one.
struct CheckBudget {
    private struct Namespace {
        var backends: [ObjectIdentifier: (backend: LiveBackend, checks: Int)] = [:]
        var total = 0
        var unchecked: Set<ObjectIdentifier> = []
        var hasChanged = false
    }

    private var namespaces: [String: Namespace] = [:]
    private var touched: Set<String> = []

    /// A backend came, or has other pods or routes.
    mutating func note(_ backend: LiveBackend) { set(backend, to: backend.checks) }

    mutating func remove(_ backend: LiveBackend) {
        set(backend, to: 0)
        namespaces[backend.identity.service.namespace]?.unchecked.remove(ObjectIdentifier(backend))
    }

    private mutating func set(_ backend: LiveBackend, to checks: Int) {
        let id = ObjectIdentifier(backend)
        let name = backend.identity.service.namespace
        let before = namespaces[name]?.backends[id]?.checks ?? 0
        guard before != checks || namespaces[name]?.unchecked.isEmpty == false else { return }
        namespaces[name, default: Namespace()].total += checks - before
        namespaces[name]?.backends[id] = checks == 0 ? nil : (backend, checks)
        touched.insert(name)
    }

    /// - Returns: the backends whose pods are checked now and were not, or the other way round.
    mutating func reconcile(within limits: ResourceLimits) -> [LiveBackend] {
        defer { touched = [] }
        let (limit, isOverflowing) = limits[.namespaceChecks].multipliedReportingOverflow(by: 1000)
        return touched.flatMap { name -> [LiveBackend] in
            guard var namespace = namespaces[name] else { return [] }
            defer { namespaces[name] = namespace.backends.isEmpty ? nil : namespace }
            var unchecked: Set<ObjectIdentifier> = []
            if namespace.total > limit, !isOverflowing {
                var room = limit
                for (backend, checks) in namespace.backends.values.sorted(by: { $0.backend.first.order < $1.backend.first.order })
                {
                    if checks <= room { room -= checks } else { unchecked.insert(ObjectIdentifier(backend)) }
                }
            }
            let changed = unchecked.symmetricDifference(namespace.unchecked)
            namespace.unchecked = unchecked
            return changed.compactMap { namespace.backends[$0]?.backend }
        }
    }
}
