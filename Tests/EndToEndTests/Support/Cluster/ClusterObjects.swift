import Core
import Foundation

@testable import Controller

/// The objects of one test in an API server that it has for itself: written as manifests are, file by file.
actor ClusterObjects {
    private let api: KubernetesAPI
    private let slices: APIResource
    private var files: [String: [ClusterObject]] = [:]
    private var present: [ObjectKey: ClusterObject] = [:]
    private var namespaces: Set<String> = []

    init(kubeconfig: String) async throws {
        api = KubernetesAPI(try ClusterAccess(Kubeconfig(path: kubeconfig)))
        slices = try await api.endpointResource()
    }

    /// Brings the server from what files held to what they hold now.
    func write(_ texts: [String: String]) async throws {
        let before = objects
        for (name, text) in texts { files[name] = try ClusterObject.all(in: text, slices: slices) }
        try await update(from: before)
    }

    /// Takes away what was in a file, or in all files of a directory.
    func remove(_ name: String) async throws {
        let before = objects
        for file in files.keys where file == name || file.hasPrefix("\(name)/") { files[file] = nil }
        try await update(from: before)
    }

    /// Takes away everything, also what controllers have written.
    func clear() async throws {
        files = [:]
        for object in present.values.sorted(by: ClusterObject.precedes).reversed() { try await delete(object) }
        for namespace in namespaces.union(["default"]).sorted() {
            try await api.send("DELETE", "/api/v1/namespaces/\(namespace)/events")
            try await api.send("DELETE", "/apis/coordination.k8s.io/v1/namespaces/\(namespace)/leases")
        }
    }

    /// The objects as the server has them.
    var manifest: String {
        get async throws {
            var items: [JSONValue] = []
            for object in present.values.sorted(by: ClusterObject.precedes) {
                var json = JSONValue(try JSONParser.node(from: try await api.get(object.path(name: object.key.name))))
                if object.key.kind == .endpointSlice { json["apiVersion"] = .string(APIResource.endpointSlices.apiVersion) }
                items.append(json)
            }
            let list = JSONValue.object(["apiVersion": .string("v1"), "kind": .string("List"), "items": .array(items)])
            return String(decoding: try JSONEncoder().encode(list), as: UTF8.self)
        }
    }

    private var objects: [ObjectKey: ClusterObject] {
        Dictionary(files.sorted { $0.key < $1.key }.flatMap { $0.value }.map { ($0.key, $0) }, uniquingKeysWith: { $1 })
    }

    private func update(from before: [ObjectKey: ClusterObject]) async throws {
        let now = objects
        var last: ClusterObject?
        for object in now.values.sorted(by: ClusterObject.precedes) where before[object.key]?.json != object.json {
            if let last, before[object.key] == nil, last.age != object.age, last.key.kind == object.key.kind {
                try await nextSecond()
            }
            try await put(object)
            last = object
        }
        let gone = before.values.filter { now[$0.key] == nil }
        for object in gone.sorted(by: ClusterObject.precedes).reversed() { try await delete(object) }
    }

    /// Servers tell the ages of objects in whole seconds.
    private func nextSecond() async throws {
        let start = Int(Date().timeIntervalSince1970)
        while Int(Date().timeIntervalSince1970) == start { try await Task.sleep(for: .milliseconds(10)) }
    }

    // MARK: - Requests

    private func put(_ object: ClusterObject) async throws {
        let namespace = object.key.namespace
        if !namespace.isEmpty, !namespaces.contains(namespace) {
            let json = JSONValue.object(["metadata": .object(["name": .string(namespace)])])
            // Even default comes some time after the server.
            do { try await api.send("POST", "/api/v1/namespaces", body: json) } catch let error as APIError where error.isConflict
            {}
            namespaces.insert(namespace)
        }
        if let old = present[object.key] {
            do {
                try await api.send("PUT", object.path(name: object.key.name), body: try await replacement(of: old, by: object))
                present[object.key] = object
                return
            } catch let error as APIError where error.status == 422 && "\(error)".contains("immutable") {
                try await delete(old)
            }
        }
        try await api.send("POST", object.path(name: nil), body: object.json)
        present[object.key] = object
    }

    /// A Service has to keep the address that the server gave it.
    private func replacement(of old: ClusterObject, by new: ClusterObject) async throws -> JSONValue {
        guard new.key.kind == .service else { return new.json }
        let service = JSONValue(try JSONParser.node(from: try await api.get(old.path(name: old.key.name))))
        var json = new.json
        json["metadata"]?["resourceVersion"] = service["metadata"]?["resourceVersion"]
        if json["spec"]?["type"]?.text != "ExternalName", json["spec"]?["clusterIP"] == nil {
            json["spec"]?["clusterIP"] = service["spec"]?["clusterIP"]
        }
        return json
    }

    private func delete(_ object: ClusterObject) async throws {
        do { try await api.send("DELETE", object.path(name: object.key.name)) } catch let error as APIError where error.isNotFound
        {}
        present[object.key] = nil
    }
}
