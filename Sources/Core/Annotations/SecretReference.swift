/// A Secret named by a value: `name`, in the namespace of the object that names it, or `namespace/name`.
public struct SecretReference: Hashable, Sendable, CustomStringConvertible {
    public let namespace: String?
    public let name: String

    public init(namespace: String? = nil, name: String) {
        self.namespace = namespace
        self.name = name
    }

    public var description: String { namespace.map { "\($0)/\(name)" } ?? name }
}
