/// v1 Secret (Kubernetes documentation, "Secrets").
public struct Secret: Hashable, Sendable {
    public var metadata: ObjectMeta
    /// Such as `kubernetes.io/tls`; `Opaque` when the object says none.
    public var type: String
    /// The decoded bytes.
    public var data: [String: [UInt8]]

    public init(metadata: ObjectMeta, type: String = "Opaque", data: [String: [UInt8]] = [:]) {
        self.metadata = metadata
        self.type = type
        self.data = data
    }
}

/// v1 ConfigMap, without its binary data.
public struct ConfigMap: Hashable, Sendable {
    public var metadata: ObjectMeta
    public var data: [String: String]

    public init(metadata: ObjectMeta, data: [String: String] = [:]) {
        self.metadata = metadata
        self.data = data
    }
}

/// v1 Namespace.
public struct Namespace: Hashable, Sendable {
    public var metadata: ObjectMeta

    public init(metadata: ObjectMeta) {
        self.metadata = metadata
    }
}
