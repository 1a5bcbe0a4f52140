import Core
import Foundation
import Testing

@testable import Controller

/// Counts what the whole process has open, so nothing else may run beside it.
@Suite("A manifest source ends cleanly", .serialized)
struct ManifestSourceEndTests {
    @Test("Cancelling the consumer closes the watch's descriptors", .timeLimit(.minutes(5)))
    func cancellation() async throws {
        let files = try Files()
        try files.write("a.yaml", namespaces("a"))
        let task = Task {
            var count = 0
            for await _ in try ManifestSource(paths: [files.root]).updates() { count += 1 }
            return count
        }
        try await until { watchers(of: files.root) == 1 }
        task.cancel()
        #expect(try await task.value <= 1)
        try await until { watchers(of: files.root) == 0 }
    }

    @Test("A stream that nobody reads ends when it is let go", .timeLimit(.minutes(5)))
    func letGo() async throws {
        let files = try Files()
        var stream: AsyncStream<SourceUpdate>? = try ManifestSource(paths: [files.root]).updates()
        #expect(stream != nil)
        try await until { watchers(of: files.root) == 1 }
        stream = nil
        try await until { watchers(of: files.root) == 0 }
    }

    private func until(_ isTrue: () -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while !isTrue() {
            try #require(ContinuousClock.now < end, "took too long")
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// How many inotify descriptors of this process watch a directory.
    private func watchers(of directory: String) -> Int {
        var status = stat()
        guard stat(directory, &status) == 0 else { return 0 }
        let inode = "ino:\(String(status.st_ino, radix: 16)) "
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fdinfo")) ?? []
        return entries.filter { entry in
            guard let handle = FileHandle(forReadingAtPath: "/proc/self/fdinfo/\(entry)"), let data = try? handle.readToEnd()
            else {
                return false
            }
            return String(decoding: data, as: UTF8.self).contains(inode)
        }.count
    }
}
