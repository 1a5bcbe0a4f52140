import Foundation

/// A file descriptor that is closed when nobody holds it any more.
final class OwnedDescriptor: Sendable {
    let number: Int32

    /// - Parameter number: what a system call returned, negative when it failed with `errno`.
    init(_ number: Int32) throws(SystemCallError) {
        guard number >= 0 else { throw SystemCallError(code: errno) }
        self.number = number
    }

    deinit { close(number) }
}

/// Wakes a thread that waits in `poll`.
struct WakeSignal: Sendable {
    /// Readable once the signal was given.
    let descriptor: OwnedDescriptor
    private let writing: OwnedDescriptor

    init() throws(SystemCallError) {
        var ends: [Int32] = [-1, -1]
        let type = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        guard socketpair(AF_UNIX, Int32(type), 0, &ends) == 0 else { throw SystemCallError(code: errno) }
        descriptor = try OwnedDescriptor(ends[0])
        writing = try OwnedDescriptor(ends[1])
    }

    func give() {
        var byte: UInt8 = 1
        // Full is a signal too.
        _ = send(writing.number, &byte, 1, Int32(MSG_NOSIGNAL))
    }
}
