/// Reads the fields of one object and collects what is wrong with them, with the field's path and place.
///
/// A mistake costs the nearest part around it that the object can do without, such as one path of an Ingress, else the object.
struct FieldReader {
    let file: String
    /// Whether a number or boolean where text has to be counts as its text, after it was told: so that checks find what is wrong
    /// with the rest of the object too.
    let isLenient: Bool
    /// Whose fields these are, once the name is known.
    var object: ObjectKey?
    /// Why the object cannot be used.
    private(set) var findings: [Finding] = []
    /// Why parts of the object are left out.
    private(set) var partFindings: [Finding] = []
    /// Whether an API server would have refused the object for one of them.
    private(set) var wouldBeRefused = false
    private var isInPart = false
    /// How many mistakes there are in the part that is being read, without those of parts in it.
    private var faults = 0
    private var path: [PathElement]

    enum PathElement {
        case field(String)
        case index(Int)
    }

    init(file: String, path: [PathElement] = [], isLenient: Bool = false) {
        self.file = file
        self.isLenient = isLenient
        self.path = path
    }

    /// Such as `spec.rules[0].http.paths[1].path`.
    private var pathText: String {
        var text = ""
        for element in path {
            switch element {
            case .field(let name): text += text.isEmpty ? name : ".\(name)"
            case .index(let index): text += "[\(index)]"
            }
        }
        return text
    }

    /// Notes an error at the field being read.
    /// - Parameters:
    ///   - key: in place of the field's path.
    ///   - isTakenByServers: whether an API server takes the value all the same.
    mutating func fail(
        _ message: String, at mark: Node.Mark, key: String? = nil, value: String? = nil, expected: String? = nil,
        example: String? = nil, isTakenByServers: Bool = false
    ) {
        if !isTakenByServers { wouldBeRefused = true }
        faults += 1
        // An object with thousands of equal mistakes needs no thousands of findings.
        guard (isInPart ? partFindings : findings).count < 50 else { return }
        let path = pathText
        let finding = Finding(
            .error, object: object, key: key ?? (path.isEmpty ? nil : path), value: value, message, expected: expected,
            example: example, location: mark.location(in: file))
        if isInPart { partFindings.append(finding) } else { findings.append(finding) }
    }

    /// Reads a part that the object can do without.
    ///
    /// - Returns: nil when there is a mistake in it, unless that is in a part of the part.
    mutating func part<Result>(_ read: (inout FieldReader) -> Result?) -> Result? {
        let outer = (isInPart, faults)
        (isInPart, faults) = (true, 0)
        defer { (isInPart, faults) = outer }
        let result = read(&self)
        return faults == 0 ? result : nil
    }

    /// Reads the elements of a list, of which each is a part.
    mutating func parts<Element>(
        _ name: String, of node: Node, _ read: (inout FieldReader, Node) -> Element?
    ) -> [Element] {
        elements(name, of: node) { reader, node in reader.part { read(&$0, node) } }
    }

    mutating func fail(_ violation: Violation, value: String?, at mark: Node.Mark, key: String? = nil) {
        fail(
            violation.message, at: mark, key: key, value: value, expected: violation.expected, example: violation.example,
            isTakenByServers: violation.isTakenByServers)
    }

    mutating func failMissing(_ name: String, of node: Node, expected: String? = nil, example: String? = nil) {
        at(.field(name)) { $0.fail("is required", at: node.mark, expected: expected, example: example) }
    }

    /// Does something one step further down the path.
    @discardableResult
    mutating func at<Result>(_ element: PathElement, _ body: (inout FieldReader) -> Result) -> Result {
        path.append(element)
        defer { path.removeLast() }
        return body(&self)
    }

    /// Reads a field; nil when it is missing or null.
    mutating func field<Result>(_ name: String, of node: Node, _ read: (inout FieldReader, Node) -> Result?) -> Result? {
        guard let value = node[name], !value.isNull else { return nil }
        return at(.field(name)) { read(&$0, value) }
    }

    /// Reads the elements of a list; none when it is missing or null.
    mutating func elements<Element>(
        _ name: String, of node: Node, _ read: (inout FieldReader, Node) -> Element?
    ) -> [Element] {
        field(name, of: node) { reader, list -> [Element]? in
            guard case .sequence(let nodes) = list.value else {
                reader.failType(list, wanted: "array")
                return nil
            }
            var elements: [Element] = []
            elements.reserveCapacity(nodes.count)
            for (index, node) in nodes.enumerated() {
                if let element = reader.at(.index(index), { read(&$0, node) }) { elements.append(element) }
            }
            return elements
        } ?? []
    }

    /// An object's field that is itself an object.
    mutating func object<Result>(_ name: String, of node: Node, _ read: (inout FieldReader, Node) -> Result?) -> Result? {
        field(name, of: node) { reader, value in reader.isObject(value) ? read(&reader, value) : nil }
    }

    mutating func isObject(_ node: Node) -> Bool {
        if case .mapping = node.value { return true }
        failType(node, wanted: "object")
        return false
    }

    mutating func string(_ name: String, of node: Node, check: (String) -> Violation? = { _ in nil }) -> String? {
        field(name, of: node) { reader, value in reader.string(value, check: check) }
    }

    mutating func string(_ node: Node, check: (String) -> Violation? = { _ in nil }) -> String? {
        guard let text = node.string else {
            failType(node, wanted: "string")
            return nil
        }
        if let violation = check(text) {
            fail(violation, value: text, at: node.mark)
            return nil
        }
        return text
    }

    mutating func bool(_ name: String, of node: Node) -> Bool? {
        field(name, of: node) { reader, value in
            if case .scalar(let scalar) = value.value, case .bool(let isTrue) = scalar.resolved { return isTrue }
            reader.failType(value, wanted: "bool")
            return nil
        }
    }

    /// A port number.
    mutating func port(_ name: String, of node: Node) -> Int? {
        field(name, of: node) { reader, value in
            guard let number = value.wholeNumber else {
                reader.failType(value, wanted: "integer")
                return nil
            }
            return reader.port(number, at: value.mark)
        }
    }

    mutating func port(_ number: Int, at mark: Node.Mark) -> Int? {
        if let violation = ObjectValidation.port(number) {
            fail(violation, value: String(number), at: mark)
            return nil
        }
        return number
    }

    /// A mapping from text to text, such as annotations and a ConfigMap's data.
    /// - Parameters:
    ///   - isSecret: whether values must not be shown.
    ///   - keysAreParts: whether the object can do without what has a key that cannot be. Values of the wrong type cost the
    ///     object: one that is missing may mean less protection.
    mutating func strings(
        _ name: String, of node: Node, isSecret: Bool = false, keysAreParts: Bool = false, checkKey: (String) -> Violation?
    ) -> [String: String] {
        object(name, of: node) { reader, mapping in
            guard case .mapping(let entries) = mapping.value else { return nil }
            var strings: [String: String] = [:]
            strings.reserveCapacity(entries.count)
            for entry in entries {
                if let violation = checkKey(entry.key) {
                    if keysAreParts {
                        _ = reader.part { $0.fail(violation, value: entry.key, at: entry.keyMark) }
                    } else {
                        reader.fail(violation, value: entry.key, at: entry.keyMark)
                    }
                } else if let text = entry.value.string {
                    strings[entry.key] = text
                } else if entry.value.isNull {
                    // As Go does with a null in a map of strings.
                    strings[entry.key] = ""
                } else if reader.isLenient, !isSecret, let text = entry.value.writtenText {
                    _ = reader.part { $0.failType(entry.value, wanted: "string", key: entry.key) }
                    strings[entry.key] = text
                } else {
                    reader.failType(entry.value, wanted: "string", key: entry.key, isSecret: isSecret)
                }
            }
            return strings
        } ?? [:]
    }

    /// Says of a value of the wrong type what an API server would say, and how to mend it.
    mutating func failType(_ node: Node, wanted: String, key: String? = nil, isSecret: Bool = false) {
        let text = isSecret ? nil : node.writtenText
        let isQuotable = wanted == "string" && text != nil
        var expected: String? = wanted == "array" ? "a list" : wanted == "object" ? "a mapping of fields" : "a \(wanted)"
        if wanted == "integer" { expected = "an integer" }
        if wanted == "string", case .scalar = node.value { expected = "a string: quote it" }
        fail(
            "cannot unmarshal \(node.typeName) into a field of type \(wanted)", at: node.mark, key: key, value: text,
            expected: expected, example: isQuotable ? text.map { "\"\($0)\"" } : nil)
    }
}

extension Node {
    /// The value of a number without a fraction; JSON makes no difference between 80 and 80.0.
    public var wholeNumber: Int? {
        guard case .scalar(let scalar) = value else { return nil }
        return switch scalar.resolved {
        case .integer(let number): number
        case .float(let number): Int(exactly: number)
        default: nil
        }
    }
}
