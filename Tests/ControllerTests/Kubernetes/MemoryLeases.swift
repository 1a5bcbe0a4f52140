import Synchronization

@testable import Controller

/// Leases as a server keeps them, with versions and conflicts, and failures to order.
final class MemoryLeases: LeaseStore {
    private struct State {
        var leases: [String: Lease] = [:]
        var version = 0
        var failure: APIError?
        /// Done once before the next write, as if somebody else was faster.
        var interference: (@Sendable (inout Lease?) -> Void)?
        var hangs = false
        var calls: [String] = []
    }

    private let state = Mutex(State())

    static let outage = APIError.unreachable(HTTPClient.Failure(method: "GET", url: "http://api", reason: "refused"))

    subscript(name: String) -> Lease? { state.withLock { $0.leases[name] } }
    var calls: [String] { state.withLock { $0.calls } }
    var names: Set<String> { state.withLock { Set($0.leases.keys) } }

    func fail(_ failure: APIError?) { state.withLock { $0.failure = failure } }
    /// Answers nothing until the request is given up.
    func hang(_ hangs: Bool) { state.withLock { $0.hangs = hangs } }
    func interfere(_ body: @escaping @Sendable (inout Lease?) -> Void) { state.withLock { $0.interference = body } }
    func remove(_ name: String) { state.withLock { $0.leases[name] = nil } }

    func lease(_ name: String) async throws -> Lease? {
        try await enter("get")
        return state.withLock { $0.leases[name] }
    }

    func create(_ name: String, labels: [String: String], spec: Lease.Spec) async throws -> Lease {
        try await enter("create")
        return try write(name) { found in
            if found != nil { throw Self.refusal(409, "AlreadyExists") }
            return Lease(metadata: .init(name: name, labels: labels, uid: name), spec: spec)
        }
    }

    func update(_ lease: Lease, spec: Lease.Spec) async throws -> Lease {
        try await enter("update")
        return try write(lease.metadata.name) { found in
            guard var found else { throw Self.refusal(404, "NotFound") }
            guard found.metadata.resourceVersion == lease.metadata.resourceVersion else { throw Self.refusal(409, "Conflict") }
            found.spec = spec
            return found
        }
    }

    func delete(_ lease: Lease) async throws {
        try await enter("delete")
        try state.withLock { state in
            guard let found = state.leases[lease.metadata.name] else { throw Self.refusal(404, "NotFound") }
            guard found.metadata.resourceVersion == lease.metadata.resourceVersion else { throw Self.refusal(409, "Conflict") }
            state.leases[lease.metadata.name] = nil
        }
    }

    func leases(labels: [String: String]) async throws -> [Lease] {
        try await enter("list")
        return state.withLock { state in
            state.leases.values.filter { lease in labels.allSatisfy { lease.metadata.labels?[$0.key] == $0.value } }
        }
    }

    private func enter(_ call: String) async throws {
        let (failure, hangs) = state.withLock { state in
            state.calls.append(call)
            return (state.failure, state.hangs)
        }
        if hangs { try await Task.sleep(for: .seconds(3600)) }
        if let failure { throw failure }
    }

    private func write(_ name: String, _ change: (Lease?) throws -> Lease) throws -> Lease {
        try state.withLock { state in
            if let interference = state.interference {
                state.interference = nil
                interference(&state.leases[name])
                state.version += 1
                state.leases[name]?.metadata.resourceVersion = String(state.version)
            }
            var lease = try change(state.leases[name])
            state.version += 1
            lease.metadata.resourceVersion = String(state.version)
            state.leases[name] = lease
            return lease
        }
    }

    private static func refusal(_ status: Int, _ reason: String) -> APIError {
        .refused(APIError.Refusal(method: "PATCH", url: "http://api", status: status, message: reason, reason: reason))
    }
}
