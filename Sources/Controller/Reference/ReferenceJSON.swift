import Core
import Foundation

/// The annotation reference for programs: an array with an object for each key.
struct ReferenceJSON {
    private struct Key: Encodable {
        let name: String
        let olderNames: [String]
        let fullNames: [String]
        let family: String
        let title: String
        let summary: String
        let scopes: [String]
        let type: String
        let expected: String
        let example: String
        let `default`: String?
        let actsOn: ConfigurationPart
        let update: UpdatePath
        let since: String
        let isProtection: Bool
        let isCheckedByHAProxy: Bool

        init(_ key: KeyReference, of handler: AnnotationReference) {
            name = key.name
            olderNames = key.olderNames
            fullNames = key.fullNames
            family = handler.family
            title = handler.title
            summary = key.summary
            scopes = key.scopeTitles
            type = key.typeName
            expected = key.expected
            example = key.example
            `default` = key.defaultValue
            actsOn = key.acts
            update = key.update
            since = key.since
            isProtection = handler.isProtection
            isCheckedByHAProxy = key.isCheckedByHAProxy
        }
    }

    private let keys: [Key]

    /// - Parameter key: the only key to tell about; nil for all.
    init(_ registry: AnnotationRegistry, key: KeyReference? = nil) {
        keys = registry.handlers.map { $0.reference }.flatMap { handler in
            handler.keys.filter { key == nil || $0.name == key?.name }.map { Key($0, of: handler) }
        }
    }

    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(keys), as: UTF8.self) + "\n"
    }
}
