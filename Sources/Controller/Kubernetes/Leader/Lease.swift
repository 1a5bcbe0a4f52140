import Foundation

/// coordination.k8s.io/v1 Lease: who holds something, for how long and since when (Kubernetes documentation, "Leases").
struct Lease: Codable, Hashable, Sendable {
    struct Metadata: Codable, Hashable, Sendable {
        var name: String
        var namespace: String?
        var labels: [String: String]?
        var resourceVersion: String?
        var uid: String?
    }

    struct Spec: Codable, Hashable, Sendable {
        /// Empty when whoever held it gave it back.
        var holderIdentity: String?
        var leaseDurationSeconds: Int?
        /// When the holder took it, and when it last said that it still is there: by the holder's clock.
        var acquireTime: String?
        var renewTime: String?
        /// How often it went from one holder to another.
        var leaseTransitions: Int?
    }

    var apiVersion: String? = "coordination.k8s.io/v1"
    var kind: String? = "Lease"
    var metadata: Metadata
    var spec: Spec?

    var holder: String { spec?.holderIdentity ?? "" }
}

/// Where Leases are kept: the API server, or a stand-in for it in tests.
protocol LeaseStore: Sendable {
    /// - Returns: nil when there is none of this name.
    func lease(_ name: String) async throws -> Lease?
    /// - Throws: ``APIError`` with `isConflict` when there is one of this name already.
    func create(_ name: String, labels: [String: String], spec: Lease.Spec) async throws -> Lease
    /// Gives a Lease new fields, provided that it still is the version given.
    ///
    /// - Throws: ``APIError`` with `isConflict` when it is not, and with `isNotFound` when it is gone.
    func update(_ lease: Lease, spec: Lease.Spec) async throws -> Lease
    /// Removes a Lease, provided that it still is the version given.
    func delete(_ lease: Lease) async throws
    /// - Parameter labels: what the labels have to be.
    func leases(labels: [String: String]) async throws -> [Lease]
}

/// The Leases of one namespace.
struct NamespaceLeases: LeaseStore {
    let api: KubernetesAPI
    let namespace: String

    private struct List: Decodable { var items: [Lease]? }
    private struct Patch: Encodable {
        struct Metadata: Encodable { var resourceVersion: String? }
        var metadata: Metadata
        var spec: Lease.Spec
    }
    private struct DeleteOptions: Encodable {
        struct Preconditions: Encodable {
            var uid: String?
            var resourceVersion: String?
        }
        var apiVersion = "v1"
        var kind = "DeleteOptions"
        var preconditions: Preconditions
    }

    func lease(_ name: String) async throws -> Lease? {
        do { return try read(try await api.get(path(name)), from: path(name)) } catch let error as APIError where error.isNotFound
        {
            return nil
        }
    }

    func create(_ name: String, labels: [String: String], spec: Lease.Spec) async throws -> Lease {
        let metadata = Lease.Metadata(name: name, namespace: namespace, labels: labels)
        return try read(try await api.send("POST", path(nil), body: Lease(metadata: metadata, spec: spec)), from: path(nil))
    }

    /// A patch, so that what others wrote into the metadata stays; the version in it makes the server check it.
    func update(_ lease: Lease, spec: Lease.Spec) async throws -> Lease {
        let path = path(lease.metadata.name)
        let patch = Patch(metadata: .init(resourceVersion: lease.metadata.resourceVersion), spec: spec)
        return try read(
            try await api.send("PATCH", path, body: patch, contentType: "application/merge-patch+json"), from: path)
    }

    func delete(_ lease: Lease) async throws {
        let version = lease.metadata.resourceVersion
        let options = DeleteOptions(preconditions: .init(uid: lease.metadata.uid, resourceVersion: version))
        try await api.send("DELETE", path(lease.metadata.name), body: options)
    }

    func leases(labels: [String: String]) async throws -> [Lease] {
        let selector = labels.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: ",")
        let list: List = try read(try await api.get(path(nil), query: ["labelSelector": selector]), from: path(nil))
        return list.items ?? []
    }

    private func path(_ name: String?) -> String {
        "/apis/coordination.k8s.io/v1/namespaces/\(namespace)/leases\(name.map { "/\($0)" } ?? "")"
    }

    private func read<Value: Decodable>(_ bytes: [UInt8], from path: String) throws -> Value {
        do { return try JSONDecoder().decode(Value.self, from: Data(bytes)) } catch {
            throw APIError.unreadable(url: path, reason: "is no Lease: \(error)")
        }
    }
}

/// Times as the API writes them.
enum APITime {
    /// To the second, such as `2025-01-31T12:00:00Z`.
    static func seconds(_ date: Date) -> String { date.formatted(.iso8601) }

    /// With exactly six digits of a second, which is what a MicroTime must have.
    static func micros(_ date: Date) -> String {
        let micros = Int64((date.timeIntervalSince1970 * 1_000_000).rounded(.down))
        let whole = Date(timeIntervalSince1970: Double(micros / 1_000_000))
        let fraction = String(micros % 1_000_000)
        return "\(seconds(whole).dropLast()).\(String(repeating: "0", count: 6 - fraction.count))\(fraction)Z"
    }

    /// nil for text that is no time to the second.
    static func date(_ text: String) -> Date? { try? Date(text, strategy: .iso8601) }
}
