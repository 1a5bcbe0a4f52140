extension ManifestRepair {
    /// A node with the way to it.
    private struct Cursor {
        let node: Node
        let path: NodePath
        var keyMark: Node.Mark?

        func field(_ name: String) -> Cursor? { fields.first { $0.name == name }?.cursor }

        var fields: [(name: String, cursor: Cursor)] {
            guard case .mapping(let entries) = node.value else { return [] }
            return entries.enumerated().map { index, entry in
                (entry.key, Cursor(node: entry.value, path: path + [.entry(index)], keyMark: entry.keyMark))
            }
        }

        var elements: [Cursor] {
            guard case .sequence(let nodes) = node.value else { return [] }
            return nodes.enumerated().map { Cursor(node: $1, path: path + [.element($0)]) }
        }
    }

    /// The document that proposals are made for.
    private struct Subject {
        let object: ObjectKey
        let document: Int
        let file: String
        let text: SourceText

        func proposal(_ cursor: Cursor, isKey: Bool, key: String, from old: String, to new: String, quotes: Bool) -> Proposal? {
            guard let mark = isKey ? cursor.keyMark : cursor.node.mark, let token = text.token(at: mark, holding: old) else {
                return nil
            }
            let isQuotedNow = quotes && !token.isQuoted
            let place = (isKey ? cursor.keyMark : cursor.keyMark ?? cursor.node.mark) ?? mark
            return Proposal(
                document: document, path: cursor.path, isKey: isKey, new: new,
                edit: Edit(range: token.range, text: Array((isQuotedNow ? "\"\(new)\"" : new).utf8)),
                change: Change(
                    location: place.location(in: file), object: object, key: key, old: old,
                    new: isQuotedNow ? "\"\(new)\"" : new))
        }
    }

    /// What can be mended in a document.
    func proposals(_ root: Node, document: Int, file: String, text: SourceText) -> [Proposal] {
        ObjectOutline.objects(in: root).flatMap { outline in
            let subject = Subject(object: outline.object, document: document, file: file, text: text)
            let object = Cursor(node: outline.node, path: outline.path)
            var proposals: [Proposal] = []
            if let annotations = object.field("metadata")?.field("annotations") {
                proposals += texts(annotations, subject, scope: Self.scope(of: outline.object.kind))
            }
            if outline.object.kind == .configMap, let data = object.field("data") {
                proposals += texts(data, subject, scope: outline.object == configMap ? .configMap : nil)
            }
            if outline.object.kind == .ingress, let spec = object.field("spec") { proposals += Self.words(of: spec, subject) }
            return proposals
        }
    }

    private static func scope(of kind: ObjectKind) -> Scope? {
        switch kind {
        case .ingress: .ingress
        case .service: .service
        default: nil
        }
    }

    // MARK: - Annotations and settings

    /// - Parameter scope: where handlers read the keys; nil where none does.
    private func texts(_ mapping: Cursor, _ subject: Subject, scope: Scope?) -> [Proposal] {
        let fields = mapping.fields
        let renamed = fields.map { field in scope.flatMap { known(field.name, scope: $0) } }
        var spellings: [String: Int] = [:]
        for case let new? in renamed { spellings[new.key.name, default: 0] += 1 }
        return zip(fields, renamed).flatMap { field, known -> [Proposal] in
            let (name, cursor) = field
            guard !isIgnored(name) else { return [] }
            var proposals: [Proposal?] = []
            // Of two spellings of one key one is not read; whose value is meant, nobody knows but the owner.
            if let known, known.written != name, spellings[known.key.name] == 1 {
                proposals.append(
                    subject.proposal(cursor, isKey: true, key: name, from: name, to: known.written, quotes: false))
            }
            proposals.append(value(of: cursor, name, known?.key, subject))
            return proposals.compactMap { $0 }
        }
    }

    /// The key that a written name stands for, and the way to write it.
    private func known(_ name: String, scope: Scope) -> (key: KeyReference, written: String)? {
        if scope == .configMap {
            guard let key = registry.keys[name] ?? registry.keys[name.lowercased()], key.scopes.contains(scope) else {
                return nil
            }
            return (key, key.name)
        }
        let lower = name.lowercased()
        guard let prefix = AnnotationRegistry.prefixes.first(where: lower.hasPrefix), let ours = AnnotationRegistry.prefixes.first
        else {
            guard let key = registry.name(ofAnnotation: name).flatMap({ registry.keys[$0] }), key.scopes.contains(scope) else {
                return nil
            }
            return (key, name)
        }
        guard let key = registry.keys[String(lower.dropFirst(prefix.count))], key.scopes.contains(scope) else { return nil }
        // Other controllers may read the same annotations by a prefix that is not ours alone.
        return (key, prefix == AnnotationRegistry.sharedPrefix ? name : ours + key.name)
    }

    private func value(of cursor: Cursor, _ name: String, _ key: KeyReference?, _ subject: Subject) -> Proposal? {
        guard case .scalar(let scalar) = cursor.node.value else { return nil }
        func accepts(_ text: String) -> Bool { (try? key?.validate(text)) != nil }
        switch scalar.resolved {
        case .null, .plain: return nil
        case .string(let text):
            guard key != nil, let new = Self.otherCase(of: text, accepts) else { return nil }
            if case .string = Scalar(resolving: new) {
                return subject.proposal(cursor, isKey: false, key: name, from: text, to: new, quotes: false)
            }
            return subject.proposal(cursor, isKey: false, key: name, from: text, to: new, quotes: true)
        case .bool(let isTrue):
            guard let text = written(scalar, at: cursor.node.mark, subject) else { return nil }
            // Words such as yes are booleans to YAML and none to the key.
            let isUnknownWord = key?.typeName == ValueType<Bool>.bool.name && !accepts(text)
            let meant = isUnknownWord ? String(isTrue) : key.flatMap { _ in Self.otherCase(of: text, accepts) } ?? text
            return subject.proposal(cursor, isKey: false, key: name, from: text, to: meant, quotes: true)
        case .integer, .float:
            guard let text = written(scalar, at: cursor.node.mark, subject) else { return nil }
            return subject.proposal(cursor, isKey: false, key: name, from: text, to: text, quotes: true)
        }
    }

    /// The text of a boolean or number; nil where a tag makes it one.
    private func written(_ scalar: Scalar, at mark: Node.Mark, _ subject: Subject) -> String? {
        if case .plain(let text) = scalar { return text }
        return subject.text.literal(at: mark)
    }

    /// The text in the case that is accepted, where only the case is wrong.
    private static func otherCase(of text: String, _ accepts: (String) -> Bool) -> String? {
        guard !accepts(text), text.utf8.allSatisfy({ isWordByte($0) }) else { return nil }
        return [text.lowercased(), text.uppercased()].first { $0 != text && accepts($0) }
    }

    /// Letters, digits and what stands between words of lists: in any other text letter case may have a meaning.
    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-_., ".utf8.contains(byte)
        }
    }

    // MARK: - Fields of an Ingress

    /// Path types and hosts, which have one letter case each.
    private static func words(of spec: Cursor, _ subject: Subject) -> [Proposal] {
        var proposals: [Proposal?] = []
        func lowerHost(_ cursor: Cursor, _ key: String) {
            guard let host = cursor.node.string, ObjectValidation.host(host) != nil,
                ObjectValidation.host(host.lowercased()) == nil
            else { return }
            proposals.append(
                subject.proposal(cursor, isKey: false, key: key, from: host, to: host.lowercased(), quotes: false))
        }
        for (index, rule) in (spec.field("rules")?.elements ?? []).enumerated() {
            if let host = rule.field("host") { lowerHost(host, "spec.rules[\(index)].host") }
            for (place, path) in (rule.field("http")?.field("paths")?.elements ?? []).enumerated() {
                guard let type = path.field("pathType"), let text = type.node.string, PathType(rawValue: text) == nil,
                    let meant = PathType.allCases.first(where: { $0.rawValue.lowercased() == text.lowercased() })
                else { continue }
                proposals.append(
                    subject.proposal(
                        type, isKey: false, key: "spec.rules[\(index)].http.paths[\(place)].pathType", from: text,
                        to: meant.rawValue, quotes: false))
            }
        }
        for (index, tls) in (spec.field("tls")?.elements ?? []).enumerated() {
            for (place, host) in (tls.field("hosts")?.elements ?? []).enumerated() {
                lowerHost(host, "spec.tls[\(index)].hosts[\(place)]")
            }
        }
        return proposals.compactMap { $0 }
    }
}
