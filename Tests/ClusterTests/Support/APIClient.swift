import Core

@testable import Controller
@testable import EndToEndTests

/// Writes and reads objects of an API server, in YAML or JSON.
struct APIClient: Sendable {
    private let api: KubernetesAPI
    /// The server's version of EndpointSlices; manifests of v1 are sent as these.
    private let sliceVersion: String

    /// - Parameter path: the file that says where the server is and who asks.
    init(kubeconfig path: String) async throws {
        api = KubernetesAPI(try ClusterAccess(Kubeconfig(path: path)))
        sliceVersion = try await api.endpointResource().apiVersion
    }

    // MARK: - Manifests

    /// Creates the objects of a manifest, or replaces those that are there; namespaces they name are created.
    func apply(_ manifest: String) async throws {
        for object in try objects(of: manifest) {
            do {
                try await create(object)
            } catch let error as APIError where error.isConflict {
                try await replace(object)
            } catch let error as APIError where error.isNotFound && object.kind.isNamespaced {
                try await createNamespace(object.namespace)
                try await create(object)
            }
        }
    }

    /// Creates the objects of a manifest.
    ///
    /// - Throws: an error also when one is there already.
    func create(_ manifest: String) async throws {
        for object in try objects(of: manifest) { try await create(object) }
    }

    /// Deletes the objects of a manifest that are there.
    func delete(_ manifest: String) async throws {
        for object in try objects(of: manifest) { try await delete(object.kind, object.name, namespace: object.namespace) }
    }

    func createNamespace(_ name: String) async throws {
        do {
            try await create("{apiVersion: v1, kind: Namespace, metadata: {name: \(name)}}")
        } catch let error as APIError where error.isConflict {
            // Somebody was faster.
        }
    }

    // MARK: - Single objects

    /// Changes fields of an object.
    ///
    /// - Parameters:
    ///   - change: a JSON merge patch (RFC 7396), in JSON or YAML; `null` takes a field away.
    ///   - subresource: such as `status` or `scale`.
    func patch(
        _ kind: APIKind, _ name: String, namespace: String = "default", _ change: String, subresource: String? = nil
    ) async throws {
        guard let node = try YAMLParser.node(from: Array(change.utf8), file: "patch") else { return }
        try await api.send(
            "PATCH", served(kind).path(namespace: namespace, name: name, subresource: subresource), body: JSONValue(node),
            contentType: "application/merge-patch+json")
    }

    /// Sends something to a subresource of an object, such as `binding`.
    func post(
        _ kind: APIKind, _ name: String, namespace: String = "default", subresource: String, _ body: String
    ) async throws {
        guard let node = try YAMLParser.node(from: Array(body.utf8), file: subresource) else { return }
        try await api.send(
            "POST", served(kind).path(namespace: namespace, name: name, subresource: subresource), body: JSONValue(node))
    }

    /// Deletes an object; nothing happens when it is not there.
    ///
    /// - Parameter grace: the seconds that a pod has to end; nil for what it asks for itself.
    func delete(_ kind: APIKind, _ name: String, namespace: String = "default", grace: Int? = nil) async throws {
        let path = served(kind).path(namespace: namespace, name: name)
        do {
            if let grace {
                try await api.send("DELETE", path, query: ["gracePeriodSeconds": String(grace)])
            } else {
                try await api.send("DELETE", path)
            }
        } catch let error as APIError where error.isNotFound {}
    }

    /// - Returns: nil when the object is not there.
    func get(_ kind: APIKind, _ name: String, namespace: String = "default") async throws -> JSONValue? {
        do {
            return JSONValue(try JSONParser.node(from: try await api.get(served(kind).path(namespace: namespace, name: name))))
        } catch let error as APIError where error.isNotFound {
            return nil
        }
    }

    /// - Parameter namespace: nil for all namespaces.
    func list(_ kind: APIKind, namespace: String? = nil) async throws -> [JSONValue] {
        let list = try JSONParser.node(from: try await api.get(served(kind).path(namespace: namespace)))
        return JSONValue(list)["items"]?.elements ?? []
    }

    // MARK: - Details

    private struct Object {
        let kind: APIKind
        let name: String
        let namespace: String
        var json: JSONValue
    }

    private func served(_ kind: APIKind) -> APIKind {
        kind.kind == "EndpointSlice" ? APIKind(kind.kind, sliceVersion) : kind
    }

    private func create(_ object: Object) async throws {
        try await api.send("POST", object.kind.path(namespace: object.namespace), body: object.json)
    }

    private func replace(_ object: Object) async throws {
        let path = object.kind.path(namespace: object.namespace, name: object.name)
        let present = JSONValue(try JSONParser.node(from: try await api.get(path)))
        var json = object.json
        // Not every kind may be replaced without saying which version.
        json["metadata"]?["resourceVersion"] = present.at("metadata.resourceVersion")
        // A Service has to keep the address that the server gave it.
        if object.kind == .service, let address = present.at("spec.clusterIP"), json.at("spec.clusterIP") == nil {
            json["spec"]?["clusterIP"] = address
        }
        try await api.send("PUT", path, body: json)
    }

    private func objects(of manifest: String) throws -> [Object] {
        var documents: [[Substring]] = [[]]
        for line in manifest.split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "---" { documents.append([]) } else { documents[documents.count - 1].append(line) }
        }
        return try documents.compactMap { lines in
            let text = lines.joined(separator: "\n")
            guard let node = try YAMLParser.node(from: Array(text.utf8), file: "manifest"), case .mapping = node.value else {
                return nil
            }
            var json = JSONValue(node)
            guard let kind = json["kind"]?.text, let version = json["apiVersion"]?.text, let name = json.at("metadata.name")?.text
            else { throw APICluster.Failure(description: "a manifest without kind, apiVersion or name: \(text.prefix(300))") }
            let served = served(APIKind(kind, version))
            json["apiVersion"] = .string(served.apiVersion)
            return Object(kind: served, name: name, namespace: json.at("metadata.namespace")?.text ?? "default", json: json)
        }
    }
}

extension JSONValue {
    /// What is at the end of a path of names, such as `status.loadBalancer`.
    func at(_ path: String) -> JSONValue? {
        path.split(separator: ".").reduce(self as JSONValue?) { value, name in value?[String(name)] }
    }
}
