import Foundation
import Glibc

/// Reads a pipe on its own thread and hands on whole lines.
final class OutputReader: Sendable {
    private let descriptor: Int32
    private let onLine: @Sendable (String) -> Void
    private let childIsGone: Bell
    private let done = DispatchSemaphore(value: 0)

    /// - Throws: ``SpawnError``.
    init(descriptor: Int32, onLine: @escaping @Sendable (String) -> Void) throws {
        childIsGone = try Bell()
        self.descriptor = descriptor
        self.onLine = onLine
    }

    func start() {
        let thread = Thread { [self] in
            run()
            close(descriptor)
            done.signal()
        }
        thread.stackSize = 256 * 1024
        thread.start()
    }

    /// Waits until what the child wrote has been read. A grandchild may hold the pipe open for long; it is not waited for.
    func finish() {
        childIsGone.ring()
        done.wait()
    }

    private func run() {
        var pending: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 8192)
        while true {
            guard let count = OutputPipe.read(descriptor, into: &buffer, until: childIsGone) else { break }
            pending += buffer[..<count]
            while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
                onLine(String(decoding: pending[..<end], as: UTF8.self))
                pending.removeSubrange(...end)
            }
        }
        if !pending.isEmpty { onLine(String(decoding: pending, as: UTF8.self)) }
    }
}
