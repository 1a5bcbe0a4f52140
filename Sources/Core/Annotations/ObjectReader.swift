/// Gives handlers the objects that they may read.
struct ObjectReader {
    let secret: (ObjectKey) -> Secret?
    /// The certificates of a Secret, and those that it had before where they are broken now.
    var certificates:
        (ObjectKey, Secret, [SecretPart]?, (CertificateBundle) -> ConfigurationFile) -> CertificateMemory.Certificates = {
            key, secret, parts, _ in
            var memory = CertificateMemory()
            return memory.certificates(of: key, secret, parts: parts) { _, _ in nil }
        }
    /// The text of a key of the ConfigMap named by `--configmap-patternfiles`.
    let patternFile: (String) -> String?
    /// The ConfigMap of pattern files, where it is not there.
    var missingPatterns: ObjectKey?
    /// Why HAProxy does not take what a Secret leads to.
    var refusal: (ObjectKey) -> String? = { _ in nil }
    /// Namespaces whose Secrets every namespace may use.
    let sharedNamespaces: Set<String>

    func secret(_ reference: Resolved<SecretReference>) throws -> Secret { try named(reference).secret }

    /// The certificates in a Secret for showing them, and what is wrong with others in it.
    ///
    /// - Throws: ``AnnotationError`` when none can be used.
    func certificates(
        _ reference: Resolved<SecretReference>, parts: [SecretPart]?, file: (CertificateBundle) -> ConfigurationFile
    ) throws -> (bundles: [CertificateBundle], problem: Finding?) {
        let (key, secret) = try named(reference)
        let found = certificates(key, secret, parts, file)
        guard !found.usable.isEmpty else {
            throw reference.error("names a Secret without a usable certificate: \(found.problems.joined(separator: "; "))")
        }
        let problem =
            found.problems.isEmpty
            ? nil
            : reference.error("names a Secret with a certificate that cannot be used: \(found.problems.joined(separator: "; "))")
        return (found.usable.map(\.bundle), problem?.finding)
    }

    private func named(_ reference: Resolved<SecretReference>) throws -> (key: ObjectKey, secret: Secret) {
        let namespace = reference.value.namespace ?? reference.object.namespace
        if reference.scope != .configMap, namespace != reference.object.namespace, !sharedNamespaces.contains(namespace) {
            throw reference.error(
                "names a Secret of namespace \(namespace), which is not shared with namespace \(reference.object.namespace)",
                expected: "a Secret of the same namespace, or one of --shared-secret-namespaces", example: reference.value.name)
        }
        let key = ObjectKey(.secret, namespace: namespace, name: reference.value.name)
        if let reason = refusal(key) { throw reference.error("\(key) is refused by HAProxy: \(reason)") }
        guard let secret = secret(key) else { throw reference.error("\(key) does not exist").about(missing: key) }
        return (key, secret)
    }
}
