import Glibc

/// A pipe from a child process.
struct OutputPipe {
    let readingEnd: Int32
    let writingEnd: Int32

    /// - Throws: ``SpawnError``.
    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw SpawnError(call: "pipe", code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (readingEnd, writingEnd) = (ends[0], ends[1])
    }

    func closeReadingEnd() { close(readingEnd) }
    func closeWritingEnd() { close(writingEnd) }

    /// Lets the pipe hold so many bytes, as far as the system allows.
    func enlarge(to size: Int32) {
        // F_SETPIPE_SZ, which Glibc's module does not export.
        _ = fcntl(writingEnd, 1031, size)
    }

    /// Waits for bytes and reads them; nil at the end, or as soon as there are none and `bell` has rung. Others than the child may
    /// hold the pipe open for long.
    static func read(_ descriptor: Int32, into buffer: inout [UInt8], until bell: Bell) -> Int? {
        while true {
            var events = [
                pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&events, 2, -1) > 0 else {
                if errno == EINTR { continue }
                return nil
            }
            // What was written before the bell rang is still read.
            guard events[0].revents != 0 else { return nil }
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            return count > 0 ? count : nil
        }
    }
}

/// Wakes a thread that waits in `poll`, once and for all.
final class Bell: Sendable {
    private let pipe: OutputPipe
    var descriptor: Int32 { pipe.readingEnd }

    /// - Throws: ``SpawnError``.
    init() throws { pipe = try OutputPipe() }

    deinit {
        pipe.closeReadingEnd()
        pipe.closeWritingEnd()
    }

    func ring() {
        var byte: UInt8 = 1
        _ = write(pipe.writingEnd, &byte, 1)
    }
}
