/// A value of a YAML or JSON document, and where it stands.
public struct Node: Hashable, Sendable {
    public enum Value: Hashable, Sendable {
        case scalar(Scalar)
        case sequence([Node])
        case mapping([Entry])
    }

    /// One key of a mapping. Keys are text, as in JSON: Kubernetes turns `1:` and `yes:` into `"1"` and `"true"`.
    public struct Entry: Hashable, Sendable {
        public var key: String
        public var keyMark: Mark
        public var value: Node

        public init(key: String, keyMark: Mark, value: Node) {
            self.key = key
            self.keyMark = keyMark
            self.value = value
        }
    }

    /// A place in the document's file; lines and columns count from 1.
    public struct Mark: Hashable, Sendable {
        public var line: Int32
        public var column: Int32

        public init(line: Int, column: Int) {
            self.line = Int32(clamping: line)
            self.column = Int32(clamping: column)
        }

        public func location(in file: String) -> SourceLocation {
            SourceLocation(file: file, line: Int(line), column: Int(column))
        }
    }

    public var value: Value
    public var mark: Mark

    public init(_ value: Value, mark: Mark) {
        self.value = value
        self.mark = mark
    }

    /// The value of a mapping's key; nil also when the node is no mapping.
    public subscript(key: String) -> Node? {
        guard case .mapping(let entries) = value else { return nil }
        return entries.first { $0.key == key }?.value
    }

    public var isNull: Bool {
        guard case .scalar(let scalar) = value else { return false }
        return scalar.resolved == .null
    }

    /// The text of a scalar that is a string.
    public var string: String? {
        guard case .scalar(let scalar) = value, case .string(let text) = scalar.resolved else { return nil }
        return text
    }

    /// What JSON calls the node's type, in the words that an API server uses in its errors.
    var typeName: String {
        switch value {
        case .mapping: "object"
        case .sequence: "array"
        case .scalar(let scalar):
            switch scalar.resolved {
            case .null: "null"
            case .bool: "bool"
            case .integer, .float: "number"
            case .string, .plain: "string"
            }
        }
    }

    /// The text of a scalar as it was written.
    public var writtenText: String? {
        guard case .scalar(let scalar) = value else { return nil }
        return scalar.text
    }
}
