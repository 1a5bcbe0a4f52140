/// An object as its manifest has it, which tells where each part of the object stands.
public struct ObjectOutline: Sendable {
    public let object: ObjectKey
    let node: Node
    /// The way to the object from the root of its document.
    let path: NodePath

    /// The objects of kinds that the controller reads, in the order of the text; those of lists too.
    static func objects(in root: Node) -> [ObjectOutline] {
        var outlines: [ObjectOutline] = []
        collect(root, path: [], inheritedKind: nil, into: &outlines)
        return outlines
    }

    private static func collect(
        _ node: Node, path: NodePath, inheritedKind: String?, into outlines: inout [ObjectOutline]
    ) {
        guard case .mapping(let entries) = node.value, let kind = node["kind"]?.string ?? inheritedKind else { return }
        if kind.hasSuffix("List"), let place = entries.firstIndex(where: { $0.key == "items" }) {
            guard case .sequence(let items) = entries[place].value.value else { return }
            let itemKind = String(kind.dropLast("List".count))
            for (index, item) in items.enumerated() {
                collect(
                    item, path: path + [.entry(place), .element(index)], inheritedKind: itemKind.isEmpty ? nil : itemKind,
                    into: &outlines)
            }
        } else if let known = ObjectKind(rawValue: kind), let object = ObjectKey(known, of: node) {
            outlines.append(ObjectOutline(object: object, node: node, path: path))
        }
    }

    /// The place of an annotation, or of a key of a ConfigMap's or Secret's data; nil where the object has none of that name.
    public func annotationMark(_ key: String) -> Node.Mark? {
        for field in [["metadata", "annotations"], ["data"], ["stringData"], ["binaryData"]] {
            if let entry = node.descendant(field)?.entry(key) { return entry.keyMark }
        }
        return nil
    }

    /// The place of the annotation, the setting or the field that a finding is about; the object's beginning for all else.
    public func mark(of finding: Finding) -> Node.Mark {
        guard let key = finding.key else { return node.mark }
        if let mark = annotationMark(key) { return mark }
        let (reached, mark) = node.field(key)
        if let name = finding.missing?.name, let found = reached.firstName(name) { return found.mark }
        guard let value = finding.value else { return mark }
        return reached.firstScalar(value)?.mark ?? reached.rulePath(value)?.mark ?? mark
    }
}

/// The way from a node to one below it.
typealias NodePath = [NodeStep]

/// One step of a ``NodePath``: into an entry of a mapping or an element of a sequence, by its place.
enum NodeStep: Hashable, Sendable {
    case entry(Int)
    case element(Int)
}

extension Node {
    /// The entry of a mapping's key.
    func entry(_ key: String) -> Entry? {
        guard case .mapping(let entries) = value else { return nil }
        return entries.first { $0.key == key }
    }

    func descendant(_ keys: [String]) -> Node? {
        var node = self
        for key in keys {
            guard let next = node[key] else { return nil }
            node = next
        }
        return node
    }

    /// Follows a path such as `spec.tls[0].secretName` as far as there are fields.
    ///
    /// - Returns: the last node, and where its name stands; of a list's element where it begins.
    fileprivate func field(_ path: String) -> (node: Node, mark: Mark) {
        var (node, mark) = (self, self.mark)
        for part in path.split(separator: ".") {
            let words = part.split(separator: "[")
            guard let name = words.first, let entry = node.entry(String(name)) else { return (node, mark) }
            (node, mark) = (entry.value, entry.keyMark)
            for word in words.dropFirst() {
                guard let index = Int(word.dropLast()), case .sequence(let nodes) = node.value, nodes.indices.contains(index)
                else {
                    return (node, mark)
                }
                (node, mark) = (nodes[index], nodes[index].mark)
            }
        }
        return (node, mark)
    }

    private var children: [Node] {
        switch value {
        case .scalar: []
        case .sequence(let nodes): nodes
        case .mapping(let entries): entries.map(\.value)
        }
    }

    /// The first scalar below that has a text.
    fileprivate func firstScalar(_ text: String) -> Node? {
        if writtenText == text { return self }
        for child in children {
            if let found = child.firstScalar(text) { return found }
        }
        return nil
    }

    /// The first reference below to an object of a name.
    fileprivate func firstName(_ name: String) -> Node? {
        for key in ["name", "secretName", "ingressClassName"] {
            if let node = self[key], node.writtenText == name { return node }
        }
        for child in children {
            if let found = child.firstName(name) { return found }
        }
        return nil
    }

    /// The path of an Ingress rule whose host and path one after the other are a text.
    fileprivate func rulePath(_ text: String) -> Node? {
        for rule in children {
            let host = rule["host"]?.writtenText ?? ""
            for path in rule.descendant(["http", "paths"])?.children ?? [] where host + (path["path"]?.writtenText ?? "/") == text
            {
                return path["path"] ?? path
            }
        }
        return nil
    }
}
