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

    /// Waits for bytes and reads them; nil at the end, or as soon as there are none and `isOver` says so. Others than the child
    /// may hold the pipe open for long.
    static func read(_ descriptor: Int32, into buffer: inout [UInt8], unless isOver: () -> Bool) -> Int? {
        while true {
            var event = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            // Asked before: what is written until then is still read.
            let isOver = isOver()
            let ready = poll(&event, 1, 50)
            if ready == 0 {
                if isOver { return nil }
                continue
            }
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            return count > 0 ? count : nil
        }
    }
}
