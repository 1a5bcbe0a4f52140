/// A kind of object, and where the API serves it.
struct APIKind: Hashable, Sendable {
    let apiVersion: String
    let kind: String

    init(_ kind: String, _ apiVersion: String = "v1") {
        self.kind = kind
        self.apiVersion = apiVersion
    }

    static let ingress = APIKind("Ingress", "networking.k8s.io/v1")
    static let ingressClass = APIKind("IngressClass", "networking.k8s.io/v1")
    static let service = APIKind("Service")
    static let endpointSlice = APIKind("EndpointSlice", "discovery.k8s.io/v1")
    static let secret = APIKind("Secret")
    static let configMap = APIKind("ConfigMap")
    static let namespace = APIKind("Namespace")
    static let node = APIKind("Node")
    static let pod = APIKind("Pod")
    static let event = APIKind("Event")
    static let deployment = APIKind("Deployment", "apps/v1")
    static let lease = APIKind("Lease", "coordination.k8s.io/v1")
    static let clusterRole = APIKind("ClusterRole", "rbac.authorization.k8s.io/v1")
    static let clusterRoleBinding = APIKind("ClusterRoleBinding", "rbac.authorization.k8s.io/v1")
    static let role = APIKind("Role", "rbac.authorization.k8s.io/v1")
    static let roleBinding = APIKind("RoleBinding", "rbac.authorization.k8s.io/v1")

    /// Objects of these kinds are in no namespace.
    private static let clusterScoped: Set = [
        "Namespace", "Node", "IngressClass", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition",
    ]
    var isNamespaced: Bool { !Self.clusterScoped.contains(kind) }

    /// Such as `ingresses`.
    private var plural: String {
        let name = kind.lowercased()
        return switch name {
        case "endpoints": name
        case _ where name.hasSuffix("s"): name + "es"
        case _ where name.hasSuffix("y"): name.dropLast() + "ies"
        default: name + "s"
        }
    }

    /// - Parameter namespace: nil for all namespaces.
    func path(namespace: String?, name: String? = nil, subresource: String? = nil) -> String {
        var path = apiVersion.contains("/") ? "/apis/\(apiVersion)" : "/api/\(apiVersion)"
        if let namespace, isNamespaced { path += "/namespaces/\(namespace)" }
        path += "/\(plural)"
        if let name { path += "/\(name)" }
        if let subresource { path += "/\(subresource)" }
        return path
    }
}
