/// Mends in place what is certainly wrong with manifests and can only mean one thing.
///
/// Mended are older names and prefixes of keys, booleans and numbers without quotes in annotations and ConfigMaps, and letter case of keys, values,
/// path types and hosts. Everything else keeps its bytes. The text that comes out is parsed once more: a change whose result
/// differs from the intended object in anything is not made.
public struct ManifestRepair: Sendable {
    let registry: AnnotationRegistry
    /// The controller's own ConfigMap, whose data are settings.
    let configMap: ObjectKey
    let isIgnored: @Sendable (String) -> Bool

    /// Something that was mended.
    public struct Change: Hashable, Sendable, CustomStringConvertible {
        public let location: SourceLocation
        public let object: ObjectKey
        public let key: String
        /// As it was written, and as it is written now.
        public let old: String
        public let new: String

        public var description: String {
            "\(location): \(object): \(key == old ? "" : "\(key): ")\(old) is now \(new)".visible
        }
    }

    /// - Parameters:
    ///   - configMap: the controller's ConfigMap.
    ///   - isIgnored: whether annotations and settings with a key stay as they are.
    public init(
        registry: AnnotationRegistry, configMap: EngineOptions.ObjectName,
        isIgnored: @escaping @Sendable (String) -> Bool = { _ in false }
    ) {
        self.registry = registry
        self.configMap = configMap.configMapKey
        self.isIgnored = isIgnored
    }

    /// The mended text of a manifest, and the changes in the order of the text. A text that cannot be read stays as it is.
    public func repaired(_ bytes: [UInt8], file: String) -> (bytes: [UInt8], changes: [Change]) {
        guard let (documents, isJSON) = Self.documents(bytes, file: file), let text = SourceText(bytes, isJSON: isJSON)
        else { return (bytes, []) }
        let proposals = documents.enumerated().flatMap { index, document in
            document.problems.isEmpty
                ? document.root.map { self.proposals($0, document: index, file: file, text: text) } ?? [] : []
        }
        let edits = Dictionary(grouping: proposals, by: \.edit).sorted { $0.key.range.lowerBound < $1.key.range.lowerBound }
        guard !edits.isEmpty else { return (bytes, []) }
        func result(_ edits: [(key: Edit, value: [Proposal])]) -> [UInt8]? {
            guard let edited = Self.apply(edits.map(\.key), to: bytes) else { return nil }
            return isAsMeant(edited, file: file, documents, edits.flatMap(\.value)) ? edited : nil
        }
        var accepted = edits
        if result(edits) == nil {
            // One of them changes more than it should, such as a text that aliases repeat elsewhere.
            accepted = []
            for edit in edits where result(accepted + [edit]) != nil { accepted.append(edit) }
        }
        guard let mended = result(accepted) else { return (bytes, []) }
        return (mended, accepted.compactMap(\.value.first?.change))
    }

    private static func documents(_ bytes: [UInt8], file: String) -> (documents: [ParsedDocument], isJSON: Bool)? {
        var documents: [ParsedDocument] = []
        let isNamedJSON = file.hasSuffix(".json")
        if isNamedJSON || bytes.first(where: { !" \t\r\n".utf8.contains($0) }) == UInt8(ascii: "{") {
            do {
                try JSONParser.parse(bytes, file: file) { documents.append($0) }
                return (documents, true)
            } catch { documents = [] }
        }
        guard !isNamedJSON, (try? YAMLParser.parse(bytes, file: file, { documents.append($0) })) != nil else { return nil }
        return (documents, false)
    }

    private static func apply(_ edits: [Edit], to bytes: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        var position = 0
        for edit in edits {
            guard edit.range.lowerBound >= position else { return nil }
            result += bytes[position..<edit.range.lowerBound]
            result += edit.text
            position = edit.range.upperBound
        }
        return result + bytes[position...]
    }

    /// Whether a text holds the documents with the proposed changes and no others.
    private func isAsMeant(_ bytes: [UInt8], file: String, _ documents: [ParsedDocument], _ proposals: [Proposal]) -> Bool {
        guard let (found, _) = Self.documents(bytes, file: file), found.count == documents.count else { return false }
        let byDocument = Dictionary(grouping: proposals, by: \.document)
        return documents.indices.allSatisfy { index in
            var expected = documents[index].root
            for proposal in byDocument[index] ?? [] { expected?.set(proposal.path[...], isKey: proposal.isKey, to: proposal.new) }
            guard documents[index].problems.count == found[index].problems.count else { return false }
            return switch (expected, found[index].root) {
            case (nil, nil): true
            case (let expected?, let root?): expected.means(root)
            default: false
            }
        }
    }
}

/// Bytes of a text that others take the place of.
struct Edit: Hashable {
    let range: Range<Int>
    let text: [UInt8]
}

/// A change of one scalar of a document.
struct Proposal {
    let document: Int
    let path: NodePath
    /// Whether the key of the entry at the path changes, not the value.
    let isKey: Bool
    let new: String
    let edit: Edit
    let change: ManifestRepair.Change
}

extension Node {
    /// Gives the scalar or the key at a path another text.
    fileprivate mutating func set(_ path: ArraySlice<NodeStep>, isKey: Bool, to text: String) {
        guard let step = path.first else {
            value = .scalar(.string(text))
            return
        }
        let rest = path.dropFirst()
        switch (step, value) {
        case (.entry(let index), .mapping(var entries)):
            if isKey, rest.isEmpty {
                entries[index].key = text
            } else {
                entries[index].value.set(rest, isKey: isKey, to: text)
            }
            value = .mapping(entries)
        case (.element(let index), .sequence(var nodes)):
            nodes[index].set(rest, isKey: isKey, to: text)
            value = .sequence(nodes)
        default: break
        }
    }

    /// Whether both are the same to Kubernetes, wherever they stand.
    fileprivate func means(_ other: Node) -> Bool {
        switch (value, other.value) {
        case (.scalar(let a), .scalar(let b)): a == b || a.resolved == b.resolved
        case (.sequence(let a), .sequence(let b)): a.count == b.count && zip(a, b).allSatisfy { $0.means($1) }
        case (.mapping(let a), .mapping(let b)):
            a.count == b.count && zip(a, b).allSatisfy { $0.key == $1.key && $0.value.means($1.value) }
        default: false
        }
    }
}
