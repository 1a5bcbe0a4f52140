import Controller
import Core
import Foundation
import Testing

/// A directory for one test, gone after it.
final class Files: Sendable {
    private let directory: String
    /// What is followed.
    let root: String

    /// - Parameter root: below the test's directory; made unless it is given.
    init(root: String? = nil) throws {
        directory = NSTemporaryDirectory() + "manifests-\(UUID().uuidString)"
        self.root = "\(directory)/\(root ?? "manifests")"
        try FileManager.default.createDirectory(atPath: root == nil ? self.root : directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func path(_ name: String) -> String { "\(root)/\(name)" }

    func write(_ name: String, _ text: String) throws { try writeFile(path(name), text) }
    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path(name)) }
    func link(_ name: String, to target: String) throws { try link(at: path(name), to: target) }
    func rename(_ old: String, _ new: String) throws { try move(path(old), path(new)) }

    func writeOutside(_ name: String, _ text: String) throws { try writeFile("\(directory)/\(name)", text) }
    func linkOutside(_ name: String, to target: String) throws { try link(at: "\(directory)/\(name)", to: target) }
    func removeOutside(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(directory)/\(name)") }
    func renameOutside(_ old: String, _ new: String) throws { try move("\(directory)/\(old)", "\(directory)/\(new)") }

    private func writeFile(_ path: String, _ text: String) throws {
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        // In place, as `>` of a shell does it.
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    private func link(at path: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
    }

    private func move(_ old: String, _ new: String) throws {
        try #require(Foundation.rename(old, new) == 0)
    }
}

/// The updates of a source, each awaited for some seconds at most: far less than the test's time, and more than a busy machine takes.
final class Updates {
    private var iterator: AsyncStream<SourceUpdate>.Iterator

    init(_ stream: AsyncStream<SourceUpdate>) {
        iterator = stream.makeAsyncIterator()
    }

    func next(isolation: isolated (any Actor)? = #isolation) async throws -> SourceUpdate {
        let start = ContinuousClock.now
        let update = try #require(await iterator.next(isolation: isolation))
        #expect(ContinuousClock.now - start < .seconds(10))
        return update
    }
}

/// Follows the files' root while the body runs.
func follow(_ files: Files, _ body: @escaping @Sendable (Updates) async throws -> Void) async throws {
    let stream = try ManifestSource(paths: [files.root]).updates()
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await body(Updates(stream)) }
        group.addTask {
            try await Task.sleep(for: .seconds(30))
            throw TimedOut()
        }
        try await group.next()
        group.cancelAll()
    }
}

struct TimedOut: Error {}

func namespaces(_ names: String...) -> String {
    names.map { "apiVersion: v1\nkind: Namespace\nmetadata: {name: \($0)}\n" }.joined(separator: "---\n")
}

func configMap(_ name: String, _ value: String) -> String {
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: \(name)}\ndata: {k: \"\(value)\"}\n"
}
