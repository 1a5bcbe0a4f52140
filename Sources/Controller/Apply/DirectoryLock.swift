import Foundation
import Logging

/// Keeps a second controller out of a directory, until the lock or the process ends.
///
/// The directory itself is locked (flock(2)), so that there is no file to leave behind. The kernel gives the lock back when the
/// process ends, however that is, and no child inherits it.
final class DirectoryLock: Sendable {
    private let descriptor: Int32

    /// Locks directories, each once, however often and under whatever name it is given.
    ///
    /// - Parameters:
    ///   - directories: they exist.
    ///   - patience: how long a controller that is about to end may still hold them.
    /// - Throws: ``DirectoryInUse``. A file system without locks is logged and used without.
    static func lock(
        _ directories: [String], patience: Duration = .seconds(2), logger: Logger
    ) async throws -> [DirectoryLock] {
        var locks: [DirectoryLock] = []
        var seen: Set<String> = []
        for directory in directories {
            guard seen.insert(URL(fileURLWithPath: directory).resolvingSymlinksInPath().path).inserted else { continue }
            if let lock = try await lock(directory, patience: patience, logger: logger) { locks.append(lock) }
        }
        return locks
    }

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    private static func lock(_ directory: String, patience: Duration, logger: Logger) async throws -> DirectoryLock? {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: directory, code: errno) }
        // Closes the file when there is no lock.
        let lock = DirectoryLock(descriptor: descriptor)
        let deadline = ContinuousClock.now + patience
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let problem = errno
            if problem == EINTR { continue }
            guard problem == EWOULDBLOCK else {
                logger.warning(
                    "\(directory) cannot be locked: \(String(cString: strerror(problem))); see to it that no other controller uses it"
                )
                return nil
            }
            guard ContinuousClock.now < deadline else {
                throw DirectoryInUse(directory: directory, processIdentifier: holder(of: descriptor))
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        return lock
    }

    /// The process that holds the lock on an open file, as far as the kernel tells (proc(5), "/proc/locks").
    private static func holder(of descriptor: Int32) -> Int32? {
        var status = stat()
        guard fstat(descriptor, &status) == 0, let table = FileManager.default.contents(atPath: "/proc/locks") else { return nil }
        for line in String(decoding: table, as: UTF8.self).split(separator: "\n") {
            // 1: FLOCK  ADVISORY  WRITE 4711 08:01:131077 0 EOF
            let fields = line.split(separator: " ")
            guard fields.count > 5, fields[1] == "FLOCK", fields[5].hasSuffix(":\(status.st_ino)"), let pid = Int32(fields[4]),
                pid > 0
            else { continue }
            return pid
        }
        return nil
    }
}

/// Another controller works in a directory.
struct DirectoryInUse: Error, CustomStringConvertible {
    let directory: String
    /// Whose it is; nil when the kernel does not tell.
    let processIdentifier: Int32?

    var description: String {
        let owner = processIdentifier.map { "the controller with process id \($0)" } ?? "another controller"
        return "\(directory) is in use by \(owner): end that one, or give this one a --config-dir and a --runtime-dir of its own"
    }
}
