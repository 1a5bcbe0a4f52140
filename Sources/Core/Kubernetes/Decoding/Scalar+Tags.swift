import Foundation

/// A scalar that is not what its tag says.
struct TagMismatch: Error {
    let message: String
}

extension Scalar {
    /// Reads a scalar that has a tag, such as `!!str` or `!!binary`; tags of other makers mean a string, as they do for go-yaml.
    init(_ text: String, tag: String) throws(TagMismatch) {
        let core = "tag:yaml.org,2002:"
        guard tag.hasPrefix(core) else {
            self = .string(text)
            return
        }
        let name = tag.dropFirst(core.count)
        let resolved = Scalar(resolving: text)
        switch (name, resolved) {
        case ("str", _), ("timestamp", _):
            self = .string(text)
        case ("binary", _):
            guard let bytes = Data(base64Encoded: text.filter { !$0.isWhitespace }) else {
                throw TagMismatch(message: "is tagged !!binary and is not base64")
            }
            self = .string(String(decoding: bytes, as: UTF8.self))
        case ("int", .integer), ("float", .float), ("bool", .bool), ("null", .null):
            self = resolved
        case ("float", .integer(let value)):
            self = .float(Double(value))
        case ("int", _), ("float", _), ("bool", _), ("null", _):
            throw TagMismatch(message: "is tagged !!\(name) and is not one")
        default:
            self = .string(text)
        }
    }
}
