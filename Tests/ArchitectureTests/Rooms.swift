import Foundation

@testable import AnnotationRegistrar

/// The folders of a target, in the order in which data passes through them.
///
/// A file may name types of its own folder and of the folders before it, and of no others: so there are no circles.
struct Rooms {
    /// Below `Sources`.
    let target: String
    let folders: [String]

    static let core = Rooms(
        target: "Core",
        folders: ["Basics", "Kubernetes", "TLS", "HAProxy", "Annotations", "Planning", "Assembly", "Running", "Trial", "Lint"])
}

extension Rooms {
    /// A type that a file names and its folder must not know.
    struct Violation: Equatable, CustomStringConvertible {
        let file: String
        let line: Int
        let type: String
        /// Where the type is declared.
        let room: String

        var description: String { "\(file):\(line): \(type) is of \(room)" }
    }

    /// - Parameter sources: texts by path below the target's folder.
    func violations(in sources: [String: String]) -> [Violation] {
        var rooms: [String: String] = [:]
        for (path, text) in sources {
            for declaration in DeclarationScanner.declarations(in: text, file: path)
            where declaration.kind != .extension && !declaration.isPrivate && !declaration.isLocal
                && !declaration.name.contains(".")
            {
                rooms[declaration.name] = Self.room(of: path)
            }
        }
        return sources.sorted { $0.key < $1.key }.flatMap { path, text in
            violations(of: text, at: path, rooms)
        }
    }

    private func violations(of text: String, at path: String, _ rooms: [String: String]) -> [Violation] {
        let own = rank(of: Self.room(of: path))
        let tokens = SwiftLexer.tokens(of: text)
        return tokens.indices.compactMap { index in
            guard let name = tokens[index].identifier, let room = rooms[name], rank(of: room) > own,
                // A member that is called like a type.
                index == 0 || !tokens[index - 1].isSymbol(".")
            else { return nil }
            return Violation(file: path, line: tokens[index].line, type: name, room: room)
        }
    }

    static func room(of path: String) -> String { path.split(separator: "/").first.map(String.init) ?? "" }

    /// Folders that nobody has given a place are before all others, and may use nothing.
    private func rank(of room: String) -> Int { folders.firstIndex(of: room) ?? -1 }

    /// The target's files, by path below its folder.
    func sources() throws -> [String: String] {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
            .appendingPathComponent("Sources/\(target)")
        var sources: [String: String] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: root.path) where path.hasSuffix(".swift") {
            sources[path] = try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
        }
        return sources
    }
}
