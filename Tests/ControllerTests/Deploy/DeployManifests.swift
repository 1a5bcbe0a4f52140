import Core
import Foundation

/// The files of `deploy/`, as they are written.
enum DeployManifests {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    /// The objects of a file of `deploy/`.
    static func objects(_ path: String) throws -> [Node] {
        // Objects begin with apiVersion in the first column, and comments of the files hold no line of three hyphens.
        try text("deploy/\(path)").components(separatedBy: "\n---\n").compactMap {
            try YAMLParser.node(from: Array($0.utf8), file: path)
        }
    }

    static func object(_ path: String) throws -> Node {
        guard let object = try objects(path).first else { throw CocoaError(.fileReadCorruptFile) }
        return object
    }
}

/// A Deployment or DaemonSet of `deploy/`.
enum Workload: String, CaseIterable, CustomStringConvertible {
    case deployment, daemonset

    var description: String { rawValue }
    var node: Node { get throws { try DeployManifests.object("\(rawValue)/\(rawValue).yaml") } }
    var pod: Node? { get throws { try node["spec"]?["template"]?["spec"] } }
    var container: Node? { get throws { try pod?["containers"]?.elements.first } }
    var arguments: [String] { get throws { try container?["args"]?.elements.compactMap(\.string) ?? [] } }

    func port(_ name: String) throws -> Int? {
        try container?["ports"]?.elements.first { $0["name"]?.string == name }?["containerPort"]?.number
    }
}

extension Node {
    var elements: [Node] { if case .sequence(let nodes) = value { nodes } else { [] } }
    var number: Int? { writtenText.flatMap { Int($0) } }

    /// The node as JSON-like text, to compare: without places.
    var plain: String {
        switch value {
        case .scalar: writtenText ?? "null"
        case .sequence(let nodes): "[" + nodes.map(\.plain).joined(separator: ", ") + "]"
        case .mapping(let entries): "{" + entries.map { "\($0.key): \($0.value.plain)" }.sorted().joined(separator: ", ") + "}"
        }
    }

    func without(_ keys: Set<String>) -> Node {
        switch value {
        case .scalar: self
        case .sequence(let nodes): Node(.sequence(nodes.map { $0.without(keys) }), mark: mark)
        case .mapping(let entries):
            Node(
                .mapping(
                    entries.filter { !keys.contains($0.key) }.map {
                        Node.Entry(key: $0.key, keyMark: $0.keyMark, value: $0.value.without(keys))
                    }), mark: mark)
        }
    }
}
