import Foundation
import TestSupport
import Testing

@testable import Controller

/// A single look at the file system.
@Suite struct ManifestDirectoryTests {
    @Test func `A file that is replaced during the look is not taken for a deleted one whose number it got`() async throws {
        let directory = try TemporaryDirectory("look")
        defer { directory.remove() }
        for name in ["objects", "new"] {
            try FileManager.default.createDirectory(at: directory.file(name), withIntermediateDirectories: true)
        }
        func write(_ name: String) throws { try Data("a: b".utf8).write(to: directory.file(name)) }
        let names = (0..<200).map { "kept-\($0).yaml" }
        for name in names { try write("objects/\(name)") }
        // The file that comes after one that is deleted gets its number.
        let writer = Task.detached {
            while !Task.isCancelled {
                for name in names.shuffled() {
                    try Data("a: b".utf8).write(to: directory.file("objects/brief.yaml"))
                    usleep(20)
                    unlink(directory.file("objects/brief.yaml").path)
                    try Data("a: b".utf8).write(to: directory.file("new/\(name)"))
                    guard rename(directory.file("new/\(name)").path, directory.file("objects/\(name)").path) == 0 else {
                        throw SystemCallError(code: errno)
                    }
                }
            }
        }
        let paths = Set(names.map { directory.file("objects/\($0)").path })
        let missed = (0..<1000).reduce(into: Set<String>()) { missed, _ in
            missed.formUnion(paths.subtracting(ManifestDirectory(paths: [directory.file("objects").path]).files.keys))
        }
        writer.cancel()
        try await writer.value
        #expect(missed.isEmpty)
    }

    @Test func `A link shows no file twice`() throws {
        let directory = try TemporaryDirectory("look")
        defer { directory.remove() }
        try Data("a: b".utf8).write(to: directory.file("a.yaml"))
        for (link, target) in [("b.yaml", "a.yaml"), ("folder", ".")] {
            guard symlink(target, directory.file(link).path) == 0 else { throw SystemCallError(code: errno) }
        }
        #expect(link(directory.file("a.yaml").path, directory.file("c.yaml").path) == 0)
        let found = ManifestDirectory(paths: [directory.file("").path]).files.keys
        #expect(found.map { $0.hasSuffix("/a.yaml") } == [true])
    }
}
