import Core
import Foundation

/// Findings in the Static Analysis Results Interchange Format, version 2.1.0 (OASIS), which code scanning services read.
///
/// A rule is a key of the reference, a field path without places, or one of a few for everything else, so that results of one kind
/// can be switched off together.
struct SARIFLog: Encodable {
    let schema = "https://json.schemastore.org/sarif-2.1.0.json"
    let version = "2.1.0"
    let runs: [Run]

    private enum CodingKeys: String, CodingKey {
        case schema = "$schema"
        case version, runs
    }

    /// - Parameter file: where findings are shown that have no place of their own, such as one about a ConfigMap that is in no file:
    ///   code scanning refuses a whole log with one result that names no file.
    init(_ findings: [Finding], annotations: AnnotationRegistry, otherwiseIn file: String) {
        let fallback = SourceLocation(file: file, line: 1, column: 1)
        let rules = findings.map { Rule(of: $0, annotations: annotations) }
        let all = Dictionary(rules.map { ($0.id, $0) }) { first, _ in first }.values.sorted { $0.id < $1.id }
        let places = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1.id, $0) })
        runs = [
            Run(
                tool: Tool(driver: Driver(version: ControllerVersion.current, rules: all)),
                results: zip(findings, rules).map { finding, rule in
                    Result(finding, at: finding.location ?? fallback, ruleId: rule.id, ruleIndex: places[rule.id] ?? 0)
                })
        ]
    }

    struct Run: Encodable {
        let tool: Tool
        let columnKind = "unicodeCodePoints"
        let results: [Result]
    }

    struct Tool: Encodable {
        let driver: Driver
    }

    struct Driver: Encodable {
        let name = "haproxy-ingress"
        let version: String
        let rules: [Rule]
    }

    struct Message: Encodable {
        let text: String
    }

    struct Rule: Encodable {
        let id: String
        let shortDescription: Message
        let fullDescription: Message
        let help: Message

        init(of finding: Finding, annotations: AnnotationRegistry) {
            let name = finding.key.map(annotations.canonicalName)
            if let name, let key = annotations.keys[name] {
                self.init(
                    name, "\(name): \(key.typeName)", full: key.summary,
                    help: "\(name) takes \(key.expected), for example \(key.example).")
            } else if let key = finding.key, key.hasPrefix("spec") || key.hasPrefix("metadata") {
                let field = key.replacing(/\[[0-9]+\]/, with: "")
                self.init(
                    field, "The field \(field)", full: "The field \(field) of an object.",
                    help: "The API reference of Kubernetes tells about \(field).")
            } else if finding.key != nil {
                self.init(
                    "key", "Keys of annotations and data",
                    full: "A key that the controller does not know, or whose value no API server takes.",
                    help: "haproxy-ingress annotations lists the keys that the controller knows.")
            } else {
                self.init(
                    "manifest", "Manifests and objects",
                    full: "A file that cannot be read, or an object that cannot be used as it is.",
                    help: "haproxy-ingress lint --help tells about its checks.")
            }
        }

        private init(_ id: String, _ short: String, full: String, help: String) {
            self.id = id
            shortDescription = Message(text: short)
            fullDescription = Message(text: full)
            self.help = Message(text: help)
        }
    }

    struct Result: Encodable {
        let ruleId: String
        let ruleIndex: Int
        let level: String
        let message: Message
        let locations: [Location]

        init(_ finding: Finding, at place: SourceLocation, ruleId: String, ruleIndex: Int) {
            self.ruleId = ruleId
            self.ruleIndex = ruleIndex
            level = finding.severity.rawValue
            message = Message(text: finding.withoutLocation.description)
            locations = [Location(place, object: finding.object)]
        }
    }

    struct Location: Encodable {
        let physicalLocation: PhysicalLocation
        let logicalLocations: [LogicalLocation]?

        init(_ place: SourceLocation, object: ObjectKey?) {
            physicalLocation = PhysicalLocation(place)
            logicalLocations = object.map { [LogicalLocation(fullyQualifiedName: $0.description)] }
        }
    }

    struct LogicalLocation: Encodable {
        let fullyQualifiedName: String
        let kind = "object"
    }

    struct PhysicalLocation: Encodable {
        let artifactLocation: ArtifactLocation
        let region: Region

        init(_ location: SourceLocation) {
            artifactLocation = ArtifactLocation(uri: Self.uri(of: location.file))
            region = Region(startLine: max(1, location.line), startColumn: max(1, location.column))
        }

        /// A relative path stays relative: services resolve it from the root of the repository.
        private static func uri(of path: String) -> String {
            guard !path.hasPrefix("/") else { return URL(fileURLWithPath: path).absoluteString }
            let relative = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
            // A colon in the first part of a path would end the scheme.
            return relative.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed.subtracting([":"])) ?? relative
        }
    }

    struct ArtifactLocation: Encodable {
        let uri: String
    }

    struct Region: Encodable {
        let startLine: Int
        let startColumn: Int
    }
}
