import Foundation
import TestSupport

/// A directory of manifests in the place of an API server, with a file for each object.
public final class ManifestCluster: Sendable {
    private let directory: TemporaryDirectory

    public init() throws {
        directory = try TemporaryDirectory("benchmark")
        for name in ["objects", "new"] {
            try FileManager.default.createDirectory(at: directory.file(name), withIntermediateDirectories: true)
        }
    }

    /// The directory that a controller reads.
    public var path: String { directory.file("objects").path }

    /// Creates an object or replaces it, at once: a reader finds the old text or the new one.
    ///
    /// - Parameter name: the file's name without an extension; the same for all versions of an object.
    public func put(_ text: Data, as name: String) throws {
        let new = directory.file("new/\(name)")
        try text.write(to: new)
        guard rename(new.path, file(name)) == 0 else {
            throw BenchmarkFailure("cannot write \(file(name)): \(String(cString: strerror(errno)))")
        }
    }

    /// Deletes an object; nothing happens when it is gone already.
    public func delete(_ name: String) { unlink(file(name)) }

    private func file(_ name: String) -> String { directory.file("objects/\(name).json").path }

    public func stop() { directory.remove() }
}
