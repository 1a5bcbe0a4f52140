extension FieldReader {
    /// - Returns: nil when the object has no usable name.
    mutating func metadata(of node: Node, kind: ObjectKind) -> ObjectMeta? {
        guard let value = node["metadata"], !value.isNull else {
            failMissing("metadata", of: node, expected: "a name at least")
            return nil
        }
        return object("metadata", of: node) { reader, _ in reader.metadata(value, kind: kind) }
    }

    private mutating func metadata(_ node: Node, kind: ObjectKind) -> ObjectMeta? {
        let name = name(node, kind: kind)
        var namespace = ""
        if !kind.isClusterScoped {
            let given = string("namespace", of: node) { $0.isEmpty ? nil : ObjectValidation.label($0) }
            namespace = given.flatMap { $0.isEmpty ? nil : $0 } ?? "default"
        }
        let annotations = annotations(node)
        let created = field("creationTimestamp", of: node) { reader, value -> String? in
            guard let text = reader.string(value) else { return nil }
            guard let time = Timestamp.utc(text) else {
                reader.fail("is not a time of RFC 3339", at: value.mark, value: text, example: "2025-01-31T12:00:00Z")
                return nil
            }
            return time
        }
        let uid = string("uid", of: node)
        guard let name else { return nil }
        return ObjectMeta(namespace: namespace, name: name, annotations: annotations, creationTimestamp: created, uid: uid)
    }

    private mutating func name(_ node: Node, kind: ObjectKind) -> String? {
        guard let value = node["name"], !value.isNull, value.string != "" else {
            failMissing("name", of: node, expected: "the object's name", example: "web")
            return nil
        }
        let check: (String) -> Violation? =
            switch kind {
            case .service, .namespace: ObjectValidation.label
            default: ObjectValidation.subdomain
            }
        return string("name", of: node, check: check)
    }

    private mutating func annotations(_ node: Node) -> [String: String] {
        strings("annotations", of: node, checkKey: ObjectValidation.annotationKey)
    }
}
