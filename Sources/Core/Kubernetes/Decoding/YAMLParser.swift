import CLibYAML

/// Parses a stream of YAML documents with libyaml, one document at a time.
///
/// Anchors, aliases and merge keys are resolved. What only concerns one document becomes a problem of that document; text that is not
/// YAML ends the stream.
public struct YAMLParser {
    private let file: String
    private let limits: DocumentLimits
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let event: UnsafeMutablePointer<yaml_event_t>
    private var document = ParsedDocument()
    private var anchors: [String: Anchored] = [:]
    private var aliasedNodes = 0
    private var nodes = 0

    /// A node that an alias may repeat, and what that adds.
    private struct Anchored {
        /// nil while the node is still being read.
        var node: Node?
        var nodes = 0
        var height = 0
    }

    /// Parses a file of one document, such as a kubeconfig.
    ///
    /// - Returns: nil for a text without content.
    /// - Throws: a ``Finding`` with the place where the text is not YAML, or with what makes it unusable.
    public static func node(from bytes: [UInt8], file: String) throws(Finding) -> Node? {
        var documents: [ParsedDocument] = []
        try parse(bytes, file: file) { documents.append($0) }
        guard let document = documents.first else { return nil }
        if let problem = document.problems.first {
            throw Finding(
                .error, value: problem.value, problem.message, expected: problem.expected, example: problem.example,
                location: problem.mark.location(in: file))
        }
        return document.root
    }

    /// Calls `body` with each document of the text.
    /// - Throws: a ``Finding`` with the place where the text stops being YAML; documents before it have been handed out.
    static func parse(
        _ bytes: [UInt8], file: String, limits: DocumentLimits = DocumentLimits(), _ body: (ParsedDocument) -> Void
    ) throws(Finding) {
        // libyaml asserts that there is a text.
        if bytes.isEmpty { return }
        let result = bytes.withUnsafeBufferPointer { buffer in
            Result { () throws(Finding) in
                let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
                let event = UnsafeMutablePointer<yaml_event_t>.allocate(capacity: 1)
                defer {
                    event.deallocate()
                    parser.deallocate()
                }
                guard yaml_parser_initialize(parser) == 1 else { throw Finding(.error, "is too large for the memory") }
                defer { yaml_parser_delete(parser) }
                yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
                var run = YAMLParser(file: file, limits: limits, parser: parser, event: event)
                try run.stream(body, text: buffer)
            }
        }
        try result.get()
    }

    private init(
        file: String, limits: DocumentLimits, parser: UnsafeMutablePointer<yaml_parser_t>,
        event: UnsafeMutablePointer<yaml_event_t>
    ) {
        self.file = file
        self.limits = limits
        self.parser = parser
        self.event = event
    }

    private mutating func stream(_ body: (ParsedDocument) -> Void, text: UnsafeBufferPointer<UInt8>) throws(Finding) {
        do throws(Break) {
            while true {
                let type = try next()
                yaml_event_delete(event)
                if type == YAML_STREAM_END_EVENT { return }
                guard type == YAML_DOCUMENT_START_EVENT else { continue }
                document = ParsedDocument()
                anchors.removeAll(keepingCapacity: true)
                aliasedNodes = 0
                let root = try node(after: try next(), depth: 1)?.node
                document.root = root.flatMap { $0.isNull ? nil : $0 }
                body(document)
            }
        } catch {
            switch error {
            case .syntax: throw finding(text: text)
            case .depth(let mark):
                throw Finding(.error, "is nested deeper than \(limits.depth) levels", location: mark.location(in: file))
            }
        }
    }

    /// Why the rest of the text is not read.
    private enum Break: Error {
        /// libyaml could not go on; its parser object knows why.
        case syntax
        /// libyaml's time grows with the square of the depth, so that going on to the end could take minutes.
        case depth(Node.Mark)
    }

    private mutating func next() throws(Break) -> yaml_event_type_t {
        guard yaml_parser_parse(parser, event) == 1 else { throw .syntax }
        return event.pointee.type
    }

    /// Reads the node that the present event begins; nil for the event that ends the collection around it.
    private mutating func node(after type: yaml_event_type_t, depth: Int) throws(Break) -> (node: Node, height: Int)? {
        let mark = Self.mark(event.pointee.start_mark)
        switch type {
        case YAML_SCALAR_EVENT:
            let anchor = Self.text(event.pointee.data.scalar.anchor)
            let node = Node(.scalar(scalar(mark)), mark: mark)
            yaml_event_delete(event)
            nodes += 1
            if let anchor { anchors[anchor] = Anchored(node: node, nodes: 1, height: 0) }
            return (node, 0)
        case YAML_ALIAS_EVENT:
            let name = Self.text(event.pointee.data.alias.anchor) ?? ""
            yaml_event_delete(event)
            return alias(name, mark: mark, depth: depth)
        case YAML_SEQUENCE_START_EVENT, YAML_MAPPING_START_EVENT:
            let isMapping = type == YAML_MAPPING_START_EVENT
            let anchor = Self.text(isMapping ? event.pointee.data.mapping_start.anchor : event.pointee.data.sequence_start.anchor)
            yaml_event_delete(event)
            if depth > limits.depth {
                try skipCollection()
                problem("is nested deeper than \(limits.depth) levels", mark)
                return (Node(.scalar(.null), mark: mark), 0)
            }
            let before = nodes
            nodes += 1
            if let anchor { anchors[anchor] = Anchored() }
            let (value, height) = isMapping ? try mapping(depth: depth) : try sequence(depth: depth)
            let node = Node(value, mark: mark)
            if let anchor { anchors[anchor] = Anchored(node: node, nodes: nodes - before, height: height) }
            return (node, height)
        default:
            yaml_event_delete(event)
            return nil
        }
    }

    private mutating func sequence(depth: Int) throws(Break) -> (Node.Value, height: Int) {
        var elements: [Node] = []
        var height = 0
        while let element = try node(after: try next(), depth: depth + 1) {
            elements.append(element.node)
            height = max(height, element.height)
        }
        return (.sequence(elements), height + 1)
    }

    private mutating func mapping(depth: Int) throws(Break) -> (Node.Value, height: Int) {
        var entries = UniqueEntries()
        var merged: [Node] = []
        var height = 0
        while true {
            let type = try next()
            let isMerge = type == YAML_SCALAR_EVENT && isMergeKey
            guard let key = try node(after: type, depth: depth + 1)?.node else { break }
            guard let value = try node(after: try next(), depth: depth + 1) else { break }
            height = max(height, value.height)
            if isMerge {
                merged.append(value.node)
            } else if let text = keyText(key) {
                let entry = Node.Entry(key: text, keyMark: key.mark, value: value.node)
                if !entries.insert(entry) {
                    problem("has the key \(text.quotedForPeople) twice", key.mark, expected: "each key once")
                }
            }
        }
        for node in merged { merge(node, into: &entries) }
        return (.mapping(entries.entries), height + 1)
    }

    private var isMergeKey: Bool {
        let scalar = event.pointee.data.scalar
        return scalar.length == 2 && scalar.style == YAML_PLAIN_SCALAR_STYLE && scalar.value[0] == UInt8(ascii: "<")
            && scalar.value[1] == UInt8(ascii: "<")
    }

    /// Keys of the mapping itself win over merged ones, and earlier merged mappings over later ones (yaml.org/type/merge.html).
    private mutating func merge(_ node: Node, into entries: inout UniqueEntries) {
        switch node.value {
        case .mapping(let added):
            for entry in added { entries.insert(entry) }
        case .sequence(let nodes):
            for node in nodes {
                guard case .mapping = node.value else { return problem("merges something that is not a mapping", node.mark) }
                merge(node, into: &entries)
            }
        case .scalar:
            problem("merges something that is not a mapping", node.mark, expected: "an alias of a mapping, or a list of such")
        }
    }

    private mutating func keyText(_ node: Node) -> String? {
        if case .scalar(let scalar) = node.value {
            let resolved = scalar.resolved
            if resolved != .null { return resolved.text }
        }
        problem("has a key that is \(node.isNull ? "null" : "not a scalar")", node.mark, expected: "a string")
        return nil
    }

    private mutating func alias(_ name: String, mark: Node.Mark, depth: Int) -> (Node, Int) {
        let nothing = (Node(.scalar(.null), mark: mark), 0)
        guard let anchored = anchors[name] else {
            problem("refers to an anchor that is not defined before it", mark, value: "*\(name)")
            return nothing
        }
        guard var node = anchored.node else {
            problem("refers to an anchor that contains the alias", mark, value: "*\(name)")
            return nothing
        }
        guard depth + anchored.height <= limits.depth + 1 else {
            problem("is nested deeper than \(limits.depth) levels", mark, value: "*\(name)")
            return nothing
        }
        aliasedNodes += anchored.nodes
        guard aliasedNodes <= limits.aliasedNodes else {
            problem("makes the document's aliases stand for more than \(limits.aliasedNodes) values", mark, value: "*\(name)")
            return nothing
        }
        nodes += anchored.nodes
        node.mark = mark
        return (node, anchored.height)
    }

    /// Skips to the end of the collection that has just begun.
    private mutating func skipCollection() throws(Break) {
        var open = 1
        while open > 0 {
            switch try next() {
            case YAML_SEQUENCE_START_EVENT, YAML_MAPPING_START_EVENT:
                open += 1
                if open > 1000 {
                    let mark = Self.mark(event.pointee.start_mark)
                    yaml_event_delete(event)
                    throw .depth(mark)
                }
            case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: open -= 1
            default: break
            }
            yaml_event_delete(event)
        }
    }

    private mutating func problem(_ message: String, _ mark: Node.Mark, value: String? = nil, expected: String? = nil) {
        // A bomb has one report, not as many as it has lines.
        guard document.problems.count < 20 else { return }
        document.problems.append(.init(message: message, value: value, expected: expected, mark: mark))
    }

    private static func mark(_ mark: yaml_mark_t) -> Node.Mark { Node.Mark(line: mark.line + 1, column: mark.column + 1) }

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }
}

extension YAMLParser {
    /// The scalar of the present event, with its tag obeyed.
    private mutating func scalar(_ mark: Node.Mark) -> Scalar {
        let data = event.pointee.data.scalar
        let text = String(decoding: UnsafeBufferPointer(start: data.value, count: data.length), as: UTF8.self)
        guard let tag = Self.text(data.tag) else { return data.style == YAML_PLAIN_SCALAR_STYLE ? .plain(text) : .string(text) }
        do throws(TagMismatch) {
            return try Scalar(text, tag: tag)
        } catch {
            problem(error.message, mark, value: text)
            return .string(text)
        }
    }

    private func finding(text: UnsafeBufferPointer<UInt8>) -> Finding {
        let state = parser.pointee
        var message = state.problem.map { String(cString: $0) } ?? "is not YAML"
        if let context = state.context { message += " \(String(cString: context))" }
        var mark = Self.mark(state.problem_mark)
        if state.error == YAML_READER_ERROR {
            // The reader knows an offset in place of a line.
            mark = LinePosition(offset: Int(state.problem_offset), in: text).mark
        }
        return Finding(
            .error, "is not valid YAML: \(message)",
            expected: message.contains("cannot start any token")
                ? "spaces, not tabs, for indentation, and quotes around text with special characters" : nil,
            location: mark.location(in: file))
    }
}

/// The entries of a mapping, each key once.
private struct UniqueEntries {
    private(set) var entries: [Node.Entry] = []
    /// Only kept for mappings that are too long to be searched.
    private var keys: Set<String> = []
    private static let searchable = 16

    /// - Returns: whether the key was new.
    @discardableResult
    mutating func insert(_ entry: Node.Entry) -> Bool {
        if entries.count < Self.searchable {
            if entries.contains(where: { $0.key == entry.key }) { return false }
            // Few mappings have one key, and growing step by step costs more than some room.
            if entries.isEmpty { entries.reserveCapacity(4) }
        } else {
            if keys.isEmpty { keys = Set(entries.map(\.key)) }
            guard keys.insert(entry.key).inserted else { return false }
        }
        entries.append(entry)
        return true
    }
}
