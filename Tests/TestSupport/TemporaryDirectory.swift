import Foundation

/// A directory of its own below the system's temporary one. Whoever makes it removes it, best with `defer`.
public struct TemporaryDirectory: Sendable {
    public let url: URL
    public var path: String { url.path }

    /// - Parameter name: the beginning of the directory's name, to tell tests apart.
    public init(_ name: String = "test") throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    public func file(_ name: String) -> URL { url.appendingPathComponent(name) }

    /// Writes a file and the directories above it; returns where it is.
    @discardableResult public func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> URL {
        let target = file(name)
        try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: target)
        return target
    }

    @discardableResult public func write(_ name: String, _ text: String) throws -> URL { try write(name, text.utf8) }

    /// Removes the directory with everything in it; nothing happens when it is gone already.
    public func remove() { try? FileManager.default.removeItem(at: url) }
}
