/// The kinds of Kubernetes object that the controller reads.
public enum ObjectKind: String, Hashable, Sendable, CaseIterable, Codable {
    case namespace = "Namespace"
    case ingressClass = "IngressClass"
    case ingress = "Ingress"
    case service = "Service"
    case endpointSlice = "EndpointSlice"
    case endpoints = "Endpoints"
    case secret = "Secret"
    case configMap = "ConfigMap"

    /// Whether objects of this kind live outside any namespace.
    public var isClusterScoped: Bool { self == .namespace || self == .ingressClass }
}

/// What identifies an object: its kind, namespace (empty for cluster-scoped kinds) and name.
public struct ObjectKey: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let kind: ObjectKind
    public let namespace: String
    public let name: String

    public init(_ kind: ObjectKind, namespace: String, name: String) {
        self.kind = kind
        self.namespace = namespace
        self.name = name
    }

    /// `Ingress shop/web`, or `IngressClass haproxy` for cluster-scoped kinds.
    public var description: String { "\(kind.rawValue) \(qualifiedName)" }

    /// `namespace/name`, or the name alone for cluster-scoped kinds.
    public var qualifiedName: String { namespace.isEmpty ? name : "\(namespace)/\(name)" }

    public static func < (a: ObjectKey, b: ObjectKey) -> Bool {
        if a.kind != b.kind { return a.kind.rawValue < b.kind.rawValue }
        return a.namespace == b.namespace ? a.name < b.name : a.namespace < b.namespace
    }
}
