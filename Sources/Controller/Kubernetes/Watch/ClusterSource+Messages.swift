import Core

extension ClusterSource {
    /// What keeps lists back that nothing can begin without.
    var missingLists: [Finding] {
        let messages = followed.compactMap { followed -> String? in
            guard !followed.hasArrived, let failure = followed.failure else { return nil }
            guard case .unreachable(let failure) = failure else {
                return "HAProxy is configured as soon as \(name(of: followed.watch)) can be listed: \(failure)"
            }
            return "HAProxy is configured as soon as \(api.access.cluster.server) can be reached: \(outage ?? failure.reason)"
        }
        return Set(messages).sorted().map { Finding(.error, $0) }
    }

    /// A resource as messages call it.
    private func name(of watch: ResourceWatch) -> String {
        watch.resource.qualifiedName + (watch.namespace.map { " of namespace \($0)" } ?? "")
    }

    func message(about failure: APIError, of watch: ResourceWatch) -> String {
        let resource = name(of: watch)
        switch failure {
        case .unreachable(let failure):
            let server = api.access.cluster.server
            return "the API server \(server) is out of reach and the last state keeps serving: \(outage ?? failure.reason)"
        case .refused(let refusal) where refusal.status == 403:
            return "may not list and watch \(resource), which is left out: \(refusal.message)"
        default: return "cannot follow \(resource), whose last state keeps serving: \(failure)"
        }
    }
}
