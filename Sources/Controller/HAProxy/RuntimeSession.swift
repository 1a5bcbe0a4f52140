import Glibc

/// An open connection to one process of HAProxy, in the interactive mode (management manual, section 9.3).
final class RuntimeSession: Sendable {
    private let descriptor: Int32
    private let timeout: Duration

    /// Connects, and waits until the process has taken the connection.
    init(path: String, timeout: Duration) async throws(UnixConnectionError) {
        descriptor = try UnixConnection.connect(to: path)
        self.timeout = timeout
        // A process that loads for long is not to close it meanwhile.
        _ = try await send("prompt\nset timeout cli 1h\n", answers: 2)
    }

    deinit { close(descriptor) }

    /// Sends commands; one caller at a time.
    ///
    /// - Returns: what came before each prompt.
    func send(_ commands: String, answers: Int) async throws(UnixConnectionError) -> [ArraySlice<UInt8>] {
        let reply = try await UnixConnection.exchange(on: descriptor, sending: Array(commands.utf8), timeout: timeout) {
            RuntimeSocket.pieces(of: $0).count >= answers
        }
        return RuntimeSocket.pieces(of: reply)
    }
}
