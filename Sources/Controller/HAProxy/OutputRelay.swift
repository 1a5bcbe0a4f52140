import Foundation
import Glibc

/// Passes a child's standard output on as it is, on its own thread: HAProxy's access log, which is too much to look at.
///
/// HAProxy makes the pipe non-blocking and drops what does not fit, so that a slow reader never slows it down. The pipe is made
/// as large as the system allows, for bursts and for moments in which nobody reads ours.
final class OutputRelay: Sendable {
    private let source: Int32
    private let target: Int32
    private let childIsGone: Bell
    private let done = DispatchSemaphore(value: 0)

    /// - Throws: ``SpawnError``.
    init(from pipe: OutputPipe, to target: Int32) throws {
        childIsGone = try Bell()
        // What processes without privileges may have (/proc/sys/fs/pipe-max-size).
        pipe.enlarge(to: 1 << 20)
        source = pipe.readingEnd
        self.target = target
    }

    func start() {
        let thread = Thread { [self] in
            run()
            close(source)
            done.signal()
        }
        thread.stackSize = 512 * 1024
        thread.start()
    }

    /// Waits until what the child wrote has been passed on, but not for ever: our own reader may have stopped reading.
    func finish() {
        childIsGone.ring()
        _ = done.wait(timeout: .now() + .seconds(5))
    }

    private func run() {
        // A closed standard output is an error of the write here, not the end of the controller.
        var pipeSignal = sigset_t()
        sigemptyset(&pipeSignal)
        sigaddset(&pipeSignal, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &pipeSignal, nil)

        var pending: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while let count = OutputPipe.read(source, into: &buffer, until: childIsGone) {
            pending += buffer[..<count]
            // Only whole lines, so that what others write to the same place comes between lines.
            guard let end = pending.lastIndex(of: UInt8(ascii: "\n")) ?? (pending.count > 1 << 17 ? pending.count - 1 : nil)
            else {
                continue
            }
            write(pending[...end])
            pending.removeSubrange(...end)
        }
        write(pending[...])
    }

    /// Writes everything; gives up when nobody can read it any more.
    private func write(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(target, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count >= 0 {
                    rest = rest.dropFirst(count)
                } else if errno == EAGAIN {
                    var event = pollfd(fd: target, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&event, 1, 1000)
                } else if errno != EINTR {
                    return
                }
            }
        }
    }
}
