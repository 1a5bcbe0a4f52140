/// Gives handlers the objects that they may read.
struct ObjectReader {
    let secret: (ObjectKey) -> Secret?
    /// The text of a key of the ConfigMap named by `--configmap-patternfiles`.
    let patternFile: (String) -> String?
    /// Why HAProxy does not take what a Secret leads to.
    var refusal: (ObjectKey) -> String? = { _ in nil }
    /// Namespaces whose Secrets every namespace may use.
    let sharedNamespaces: Set<String>

    func secret(_ reference: Resolved<SecretReference>) throws -> Secret {
        let namespace = reference.value.namespace ?? reference.object.namespace
        if reference.scope != .configMap, namespace != reference.object.namespace, !sharedNamespaces.contains(namespace) {
            throw reference.error(
                "names a Secret of namespace \(namespace), which is not shared with namespace \(reference.object.namespace)",
                expected: "a Secret of the same namespace, or one of --shared-secret-namespaces", example: reference.value.name)
        }
        let key = ObjectKey(.secret, namespace: namespace, name: reference.value.name)
        if let reason = refusal(key) { throw reference.error("\(key) is refused by HAProxy: \(reason)") }
        guard let secret = secret(key) else { throw reference.error("\(key) does not exist") }
        return secret
    }
}
