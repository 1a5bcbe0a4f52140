/// A key that a handler reads, with everything that people are told about it.
///
/// The one declaration feeds parsing, error messages, `lint`, `haproxy-ingress annotations` and the generated reference.
public struct AnnotationKey<Value: Sendable>: Sendable {
    public let reference: KeyReference
    public let type: ValueType<Value>

    /// - Parameters:
    ///   - name: the key without prefix, such as `cors-allow-origin`.
    ///   - olderNames: names that mean the same and are still read.
    ///   - fullNames: further names that are read with a prefix that is not ours, such as `kubernetes.io/ingress.class`.
    ///   - defaultValue: what the controller does without the key, as people would write it; nil when nothing happens then.
    ///   - since: the release of the HAProxy Kubernetes Ingress Controller that brought the key.
    ///   - update: how a changed value reaches a running HAProxy.
    ///   - summary: one or two sentences.
    public init(
        _ name: String, _ type: ValueType<Value>, scopes: Set<Scope>, default defaultValue: String? = nil,
        acts: ConfigurationPart,
        update: UpdatePath, since: String, olderNames: [String] = [], fullNames: [String] = [], example: String? = nil,
        summary: String
    ) {
        self.type = type
        let parse = type.parse
        reference = KeyReference(
            name: name, olderNames: olderNames, fullNames: fullNames, scopes: scopes, typeName: type.name,
            expected: type.expected,
            example: example ?? type.example, defaultValue: defaultValue, acts: acts, update: update, since: since,
            summary: summary, isCheckedByHAProxy: type.isCheckedByHAProxy, validate: { _ = try parse($0.trimmingWhitespace) },
            allNames: [name] + olderNames)
    }
}

/// What a key is to people and tools: an ``AnnotationKey`` without its Swift type.
public struct KeyReference: Sendable {
    public let name: String
    public let olderNames: [String]
    public let fullNames: [String]
    public let scopes: Set<Scope>
    public let typeName: String
    public let expected: String
    public let example: String
    public let defaultValue: String?
    public let acts: ConfigurationPart
    public let update: UpdatePath
    public let since: String
    public let summary: String
    /// Whether HAProxy may still refuse a value that ``validate`` accepts.
    public let isCheckedByHAProxy: Bool
    /// Throws ``ValueError`` for a text that is not a value of the key.
    public let validate: @Sendable (String) throws -> Void
    /// The key's name and its older ones.
    public let allNames: [String]
}
