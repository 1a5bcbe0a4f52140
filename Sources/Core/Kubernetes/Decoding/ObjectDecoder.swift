/// Makes objects of the nodes of a document, refusing what an API server would refuse.
public struct ObjectDecoder: Sendable {
    private let file: String
    private let isLenient: Bool

    /// - Parameter file: named in the locations of findings.
    public init(file: String = "") { self.init(file: file, isLenient: false) }

    /// - Parameter isLenient: as in ``decodeDocuments(_:file:keepsOutlines:isLenient:)``.
    init(file: String, isLenient: Bool) {
        self.file = file
        self.isLenient = isLenient
    }

    /// Decodes one object, or a list of objects.
    public func decode(_ node: Node) -> DecodedDocument { decode(node, problems: [], path: [], inherited: nil) }

    /// Decodes an element of a list of one kind, which does not say itself what it is.
    public func decode(_ node: Node, as kind: ObjectKind, apiVersion: String) -> DecodedDocument {
        decode(node, problems: [], path: [], inherited: (apiVersion, kind.rawValue))
    }

    /// - Returns: nil for an empty document.
    func decode(_ document: ParsedDocument) -> DecodedDocument? {
        guard let root = document.root else {
            if document.problems.isEmpty { return nil }
            return decode(
                Node(.scalar(.null), mark: Node.Mark(line: 1, column: 1)), problems: document.problems, path: [], inherited: nil)
        }
        return decode(root, problems: document.problems, path: [], inherited: nil)
    }

    /// - Parameter inherited: the apiVersion and kind that a list of one kind gives its items.
    private func decode(
        _ node: Node, problems: [ParsedDocument.Problem], path: [FieldReader.PathElement],
        inherited: (apiVersion: String, kind: String)?
    ) -> DecodedDocument {
        var reader = FieldReader(file: file, path: path, isLenient: isLenient)
        for problem in problems {
            reader.fail(
                problem.message, at: problem.mark, value: problem.value, expected: problem.expected, example: problem.example)
        }
        // Broken documents get no further complaints: their fields may not be what they seem.
        let isBroken = !problems.isEmpty
        guard reader.isObject(node) else {
            return .refused(nil, isBroken ? Array(reader.findings.prefix(problems.count)) : reader.findings)
        }
        let kindName = reader.string("kind", of: node) ?? inherited?.kind
        let apiVersion = reader.string("apiVersion", of: node) ?? inherited?.apiVersion
        guard let kindName, let apiVersion else {
            if !isBroken && reader.findings.isEmpty {
                if kindName == nil {
                    reader.failMissing("kind", of: node, expected: "the kind of a Kubernetes object", example: "Ingress")
                }
                if apiVersion == nil {
                    reader.failMissing(
                        "apiVersion", of: node, expected: "the version of the kind", example: "networking.k8s.io/v1")
                }
            }
            return .refused(nil, reader.findings)
        }
        if let list = list(node, kind: kindName, apiVersion: apiVersion, problems: problems, path: path) { return list }
        guard let kind = ObjectKind(rawValue: kindName), let version = KindVersion(kind, apiVersion: apiVersion) else {
            return skipped(node, kind: kindName, apiVersion: apiVersion)
        }
        guard version.isRead else { return outdated(node, kind: kind, apiVersion: apiVersion) }
        reader.object = key(of: node, kind: kind)
        if isBroken {
            return .refused(
                reader.object,
                reader.findings.map { finding in
                    var finding = finding
                    finding.object = reader.object
                    return finding
                })
        }
        guard let object = object(kind, node, &reader), reader.findings.isEmpty else {
            return .refused(reader.object, reader.findings + reader.partFindings)
        }
        return .object(
            object, node.mark.location(in: file),
            LeftOutParts(findings: reader.partFindings, wouldBeRefused: reader.wouldBeRefused))
    }

    private func object(_ kind: ObjectKind, _ node: Node, _ reader: inout FieldReader) -> KubernetesObject? {
        guard let metadata = reader.metadata(of: node, kind: kind) else { return nil }
        return switch kind {
        case .namespace: .namespace(Namespace(metadata: metadata))
        case .ingressClass: reader.ingressClass(node, metadata).map(KubernetesObject.ingressClass)
        case .ingress: reader.ingress(node, metadata).map(KubernetesObject.ingress)
        case .service: reader.service(node, metadata).map(KubernetesObject.service)
        case .endpointSlice: reader.endpointSlice(node, metadata).map(KubernetesObject.endpointSlice)
        case .endpoints: .endpoints(reader.endpoints(node, metadata))
        case .secret: .secret(reader.secret(node, metadata))
        case .configMap: .configMap(reader.configMap(node, metadata))
        }
    }

    /// The items of a `List`, or of a list of one kind; nil for what is no list.
    private func list(
        _ node: Node, kind: String, apiVersion: String, problems: [ParsedDocument.Problem], path: [FieldReader.PathElement]
    ) -> DecodedDocument? {
        guard kind.hasSuffix("List"), let items = node["items"] else { return nil }
        let itemKind = String(kind.dropLast("List".count))
        guard itemKind.isEmpty || ObjectKind(rawValue: itemKind) != nil else { return nil }
        var reader = FieldReader(file: file, path: path)
        guard problems.isEmpty else {
            for problem in problems {
                reader.fail(
                    problem.message, at: problem.mark, value: problem.value, expected: problem.expected, example: problem.example)
            }
            // No item can be trusted, but each stays as it was.
            let keys = Self.itemKeys(items, kind: itemKind)
            return .list([.refused(nil, reader.findings)] + keys.map { .refused($0, []) })
        }
        // The Go client writes an empty list as null.
        if items.isNull { return .list([]) }
        guard case .sequence(let nodes) = items.value else {
            reader.at(.field("items")) { $0.failType(items, wanted: "array") }
            return .refused(nil, reader.findings)
        }
        let inherited = itemKind.isEmpty ? nil : (apiVersion: apiVersion, kind: itemKind)
        return .list(
            nodes.enumerated().map { index, node in
                decode(node, problems: [], path: path + [.field("items"), .index(index)], inherited: inherited)
            })
    }

    private static func itemKeys(_ items: Node, kind: String) -> [ObjectKey] {
        guard case .sequence(let nodes) = items.value else { return [] }
        return nodes.compactMap { node in
            ObjectKind(rawValue: node["kind"]?.string ?? kind).flatMap { ObjectKey($0, of: node) }
        }
    }

    private func key(of node: Node, kind: ObjectKind) -> ObjectKey? { ObjectKey(kind, of: node) }

    private func skipped(_ node: Node, kind: String, apiVersion: String) -> DecodedDocument {
        .skipped("\(apiVersion) \(kind) \(node["metadata"]?["name"]?.string ?? "without a name")", warning: nil)
    }

    private func outdated(_ node: Node, kind: ObjectKind, apiVersion: String) -> DecodedDocument {
        let versions = KindVersion.read(kind)
        let warning = Finding(
            .warning, object: ObjectKey(kind, of: node), key: "apiVersion", value: apiVersion,
            "is not a version of \(kind.rawValue) that is read, so the object is skipped",
            expected: versions.joined(separator: " or "),
            example: versions.first, location: (node["apiVersion"] ?? node).mark.location(in: file))
        return .skipped(
            "\(apiVersion) \(kind.rawValue) \(node["metadata"]?["name"]?.string ?? "without a name")", warning: warning)
    }
}

/// A version of a kind whose name alone does not tell whether it is ours: other API groups have a `Service` too.
private struct KindVersion {
    let isRead: Bool

    /// nil for a kind of another API group that has the same name.
    init?(_ kind: ObjectKind, apiVersion: String) {
        let read = Self.read(kind)
        if read.contains(apiVersion) {
            isRead = true
            return
        }
        let group = Self.group(of: apiVersion)
        guard read.contains(where: { Self.group(of: $0) == group }) || (kind == .ingress && group == "extensions") else {
            return nil
        }
        isRead = false
    }

    static func read(_ kind: ObjectKind) -> [String] {
        switch kind {
        case .ingress, .ingressClass: ["networking.k8s.io/v1"]
        case .endpointSlice: ["discovery.k8s.io/v1", "discovery.k8s.io/v1beta1"]
        case .namespace, .service, .endpoints, .secret, .configMap: ["v1"]
        }
    }

    private static func group(of apiVersion: String) -> Substring {
        apiVersion.lastIndex(of: "/").map { apiVersion[..<$0] } ?? ""
    }
}

extension ObjectKey {
    /// The key that the node's metadata gives; nil without a readable name.
    init?(_ kind: ObjectKind, of node: Node) {
        guard let metadata = node["metadata"], let name = metadata["name"]?.string, !name.isEmpty else { return nil }
        let namespace = metadata["namespace"]?.string.flatMap { $0.isEmpty ? nil : $0 } ?? "default"
        self.init(kind, namespace: kind.isClusterScoped ? "" : namespace, name: name)
    }
}
