import Core
import Foundation

/// Why a system call failed, such as one that opens a file.
struct SystemCallError: Error {
    /// As in `errno`.
    let code: Int32

    var message: String { "cannot be read: \(String(cString: strerror(code)).lowercased())" }
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
}
