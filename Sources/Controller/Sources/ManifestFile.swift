import Core
import Foundation

/// Why a system call failed, such as one that opens a file.
struct SystemCallError: Error {
    /// As in `errno`.
    let code: Int32

    var message: String { "cannot be read: \(reason)" }
    var reason: String { String(cString: strerror(code)).lowercased() }
}

/// A file that holds Kubernetes objects.
enum ManifestFile {
    static func read(_ path: String) throws(SystemCallError) -> [UInt8] {
        // A pipe of that name must not stop everything.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw SystemCallError(code: errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw SystemCallError(code: errno) }
        var bytes: [UInt8] = []
        // One byte more, so that the end is seen without another round.
        var room = Int(status.st_size) + 1
        while true {
            let used = bytes.count
            var problem: Int32 = 0
            // Arrays grow in place, and only what was read is kept.
            let chunk = [UInt8](unsafeUninitializedCapacity: max(room, 4096)) { buffer, count in
                let result = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
                if result < 0 { problem = errno }
                count = max(0, result)
            }
            if problem == EINTR { continue }
            guard problem == 0 else { throw SystemCallError(code: problem) }
            if chunk.isEmpty { return bytes }
            if used == 0 { bytes = chunk } else { bytes += chunk }
            room = 4096
        }
    }

    /// Gives a file another content: whoever reads it meets the old one or the new one. Links stay links, and rights stay as they are.
    static func replace(_ path: String, with bytes: [UInt8]) throws(SystemCallError) {
        guard let resolved = realpath(path, nil) else { throw SystemCallError(code: errno) }
        let target = String(cString: resolved)
        free(resolved)
        var status = stat()
        guard stat(target, &status) == 0, access(target, W_OK) == 0 else { throw SystemCallError(code: errno) }
        // Hidden, so that no controller takes it for a manifest.
        let directory = target.prefix(through: target.lastIndex(of: "/") ?? target.startIndex)
        var template = Array("\(directory).haproxy-ingress-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw SystemCallError(code: errno) }
        let temporary = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var problem = write(bytes, to: descriptor)
        if problem == 0, fchmod(descriptor, status.st_mode & 0o7777) != 0 { problem = errno }
        // Only root can give files away; all others own what they make.
        _ = fchown(descriptor, status.st_uid, status.st_gid)
        if close(descriptor) != 0, problem == 0 { problem = errno }
        if problem == 0, rename(temporary, target) != 0 { problem = errno }
        guard problem == 0 else {
            unlink(temporary)
            throw SystemCallError(code: problem)
        }
    }

    /// - Returns: 0, or the error as in `errno`.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
        var position = 0
        while position < bytes.count {
            let count = bytes[position...].withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                return errno
            }
            position += count
        }
        return 0
    }
}
