@testable import Controller
@testable import Core

/// An object of a manifest, as an API server takes it.
struct ClusterObject: Sendable {
    let key: ObjectKey
    let resource: APIResource
    /// What the manifest says about the time; the server has its own.
    let created: String?
    let json: JSONValue

    /// The objects of a manifest. Kinds that the controller does not read are left out.
    ///
    /// - Parameter slices: how the server calls EndpointSlices.
    static func all(in text: String, slices: APIResource) throws -> [ClusterObject] {
        var roots: [JSONValue] = []
        var problems: [String] = []
        try YAMLParser.parse(Array(text.utf8), file: "manifest") { document in
            problems += document.problems.map(\.message)
            guard let root = document.root else { return }
            roots.append(JSONValue(root))
        }
        if !problems.isEmpty { throw Unusable(what: problems.joined(separator: ", ")) }
        return try roots.flatMap { try all(in: $0, slices: slices) }
    }

    private static func all(in json: JSONValue, slices: APIResource) throws -> [ClusterObject] {
        if json["kind"]?.text == "List" { return try (json["items"]?.elements ?? []).flatMap { try all(in: $0, slices: slices) } }
        return try ClusterObject(json, slices: slices).map { [$0] } ?? []
    }

    /// A manifest that kubectl would not take.
    struct Unusable: Error {
        let what: String
    }

    /// nil for a kind that the controller does not read.
    private init?(_ manifest: JSONValue, slices: APIResource) throws {
        guard let kind = ObjectKind(rawValue: manifest["kind"]?.text ?? ""),
            var resource = APIResource.all.first(where: { $0.kind == kind }), resource.apiVersion == manifest["apiVersion"]?.text
        else { return nil }
        // Which `off`, for one, is not.
        guard let name = manifest["metadata"]?["name"]?.text else { throw Unusable(what: "a \(kind) whose name is no text") }
        var json = manifest
        created = json["metadata"]?["creationTimestamp"]?.text
        json["metadata"]?["creationTimestamp"] = nil
        if kind == .endpointSlice {
            resource = slices
            json["apiVersion"] = .string(slices.apiVersion)
        }
        let namespace = kind.isClusterScoped ? "" : json["metadata"]?["namespace"]?.text ?? "default"
        key = ObjectKey(kind, namespace: namespace, name: name)
        self.resource = resource
        self.json = json
    }

    /// The path of the object, or that of all of its kind in its namespace.
    func path(name: String?) -> String {
        resource.path(namespace: resource.kind.isClusterScoped ? nil : key.namespace, name: name)
    }

    // MARK: - Order

    /// The order in which objects are made: what others refer to comes first, then what the manifests call older. Names decide
    /// last, so that objects without times are of the age that their names would give them.
    static func precedes(_ a: ClusterObject, _ b: ClusterObject) -> Bool { a.order < b.order }

    private var order: (Int, String, String, String) {
        (Self.kinds.firstIndex(of: key.kind) ?? Self.kinds.count, age, key.namespace, key.name)
    }

    /// Objects without a time count as new.
    var age: String { created ?? "~" }

    private static let kinds: [ObjectKind] = [
        .namespace, .ingressClass, .configMap, .secret, .service, .endpointSlice, .endpoints, .ingress,
    ]
}
