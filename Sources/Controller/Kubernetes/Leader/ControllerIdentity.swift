import Core
import Foundation

/// Who this controller is among its replicas.
struct ControllerIdentity: Hashable, Sendable {
    /// The name of the pod or host, and a suffix that no other run of it has: usable as a part of an object's name.
    let name: String
    /// Where its Leases are.
    let namespace: String
    /// The class that it serves; nil for all classes with the controller's name.
    let ingressClass: String?

    /// - Parameters:
    ///   - namespace: where the service account or the kubeconfig's context is.
    ///   - options: for the class, and for the ConfigMap's namespace where nothing else is known.
    init(environment: [String: String], hostName: String, namespace: String?, options: EngineOptions) {
        func given(_ variable: String) -> String? { environment[variable].flatMap { $0.isEmpty ? nil : $0 } }
        let suffix = UInt32.random(in: .min ... .max)
        let host = Self.objectName(given("POD_NAME") ?? hostName)
        name = "\(host.isEmpty ? "controller" : host)-\(String(suffix, radix: 36))"
        self.namespace =
            given("POD_NAMESPACE") ?? namespace.flatMap { $0.isEmpty ? nil : $0 } ?? options.configMap.namespace
        ingressClass = options.ingressClass
    }

    /// The Lease that the leader of this class's controllers holds.
    var leaderLease: String {
        (["haproxy-ingress-leader"] + [ingressClass].compactMap { $0 }.map(Self.objectName)).joined(separator: "-")
    }

    /// The Lease that tells that this controller is running.
    var replicaLease: String { "haproxy-ingress-\(name)" }

    /// The labels of the Leases of all replicas of this controller, and of nothing else.
    var replicaLabels: [String: String] {
        // A class name may be longer than a label's value.
        let instance = leaderLease.utf8.count <= 63 ? leaderLease : "haproxy-ingress-\(StableID.make(leaderLease))"
        return Self.labels.merging([
            "app.kubernetes.io/component": "replica", "app.kubernetes.io/instance": instance,
        ]) { $1 }
    }

    static let labels = ["app.kubernetes.io/name": "haproxy-ingress"]

    /// As much of a text as the name of an object may hold (Kubernetes documentation, "Object Names and IDs").
    private static func objectName(_ text: String) -> String {
        let allowed = text.lowercased().map { character in
            character.isASCII && (character.isLetter || character.isNumber) || character == "-" ? character : "-"
        }
        return String(allowed.drop { $0 == "-" }.prefix(63).reversed().drop { $0 == "-" }.reversed())
    }
}

/// What this host is called.
enum HostName {
    /// As `hostname` prints it; Foundation would ask name servers.
    static var current: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
