/// Why the API server cannot be spoken to: one sentence for whoever started the controller.
struct AccessError: Error, Hashable, Sendable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension AccessError {
    /// The first request failed: whatever the reason, what says where to and as whom is to be looked at.
    init(_ error: APIError, to access: ClusterAccess) {
        switch error {
        case .access(let error): self = error
        case .unreachable: self.init("\(access.source): the API server cannot be reached: \(error)")
        case .refused(let refusal) where refusal.status == 401:
            self.init("\(access.source): the API server does not accept the credentials: \(error)")
        case .refused(let refusal) where refusal.status == 403:
            self.init("\(access.source): the API server does not say what it serves: \(error)")
        case .refused, .unreadable: self.init("\(access.source): there is no Kubernetes API: \(error)")
        }
    }
}
