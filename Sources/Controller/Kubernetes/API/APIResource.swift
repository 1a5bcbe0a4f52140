import Core

/// A kind of object as the API serves it.
struct APIResource: Hashable, Sendable {
    let kind: ObjectKind
    /// Such as `networking.k8s.io`; empty for the core group.
    let group: String
    let version: String
    /// The name in URLs, such as `ingresses`.
    let plural: String

    static let ingresses = APIResource(.ingress, "networking.k8s.io", "v1", "ingresses")
    static let ingressClasses = APIResource(.ingressClass, "networking.k8s.io", "v1", "ingressclasses")
    static let services = APIResource(.service, "", "v1", "services")
    static let endpointSlices = APIResource(.endpointSlice, "discovery.k8s.io", "v1", "endpointslices")
    static let endpoints = APIResource(.endpoints, "", "v1", "endpoints")
    static let secrets = APIResource(.secret, "", "v1", "secrets")
    static let configMaps = APIResource(.configMap, "", "v1", "configmaps")
    static let namespaces = APIResource(.namespace, "", "v1", "namespaces")

    /// Each kind's, in its newest version.
    static let all = [
        ingresses, ingressClasses, services, endpointSlices, endpoints, secrets, configMaps, namespaces,
    ]

    private init(_ kind: ObjectKind, _ group: String, _ version: String, _ plural: String) {
        self.kind = kind
        self.group = group
        self.version = version
        self.plural = plural
    }

    /// The same kind in another version of its group.
    func version(_ version: String) -> APIResource { APIResource(kind, group, version, plural) }

    var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }

    /// What RBAC rules call it, such as `ingresses.networking.k8s.io`.
    var qualifiedName: String { group.isEmpty ? plural : "\(plural).\(group)" }

    /// - Parameter namespace: nil for all namespaces.
    func path(namespace: String?, name: String? = nil, subresource: String? = nil) -> String {
        var path = group.isEmpty ? "/api/\(version)" : "/apis/\(group)/\(version)"
        if let namespace, !kind.isClusterScoped { path += "/namespaces/\(namespace)" }
        path += "/\(plural)"
        if let name { path += "/\(name)" }
        if let subresource { path += "/\(subresource)" }
        return path
    }
}

extension KubernetesAPI {
    /// The newest way in which the server tells which pods are behind a Service: EndpointSlices of v1, of v1beta1 (before
    /// Kubernetes 1.21), or Endpoints.
    ///
    /// - Throws: ``APIError``, or `CancellationError`.
    func endpointResource() async throws -> APIResource {
        do {
            let group = try JSONParser.node(from: try await get("/apis/\(APIResource.endpointSlices.group)"))
            guard case .sequence(let entries)? = group["versions"]?.value else { return .endpoints }
            let versions = entries.compactMap { $0["version"]?.string }
            return ["v1", "v1beta1"].first(where: versions.contains).map { .endpointSlices.version($0) } ?? .endpoints
        } catch let error as APIError where error.isNotFound {
            // Whatever web server is there knows nothing of the group either.
            try await get("/version")
            return .endpoints
        } catch let error as Finding {
            throw APIError.unreadable(url: "/apis/\(APIResource.endpointSlices.group)", reason: error.message)
        }
    }
}
