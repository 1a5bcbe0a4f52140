/// What every object carries (Kubernetes API reference, "ObjectMeta"), as far as the controller reads it.
public struct ObjectMeta: Hashable, Sendable {
    /// Empty for cluster-scoped kinds.
    public var namespace: String
    public var name: String
    public var annotations: [String: String]
    /// RFC 3339 in UTC with a `Z`, so that text order is time order; nil for an object that no API server has stored.
    public var creationTimestamp: String?
    public var uid: String?

    public init(
        namespace: String = "", name: String, annotations: [String: String] = [:], creationTimestamp: String? = nil,
        uid: String? = nil
    ) {
        self.namespace = namespace
        self.name = name
        self.annotations = annotations
        self.creationTimestamp = creationTimestamp
        self.uid = uid
    }
}
