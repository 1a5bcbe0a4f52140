import Synchronization
import TestSupport

/// Addresses and ports that nobody else in this test run uses. HAProxy shares a port that another one listens on already
/// (SO_REUSEPORT), so that a collision would not be an error but answers from the wrong test.
enum Loopback {
    private static let count = 200 * 250
    // Two runs at the same time begin at different places.
    private static let next = Mutex(Int.random(in: 0..<count))

    /// A fresh `127.a.b.` network for the pods of one test.
    static func network() -> String {
        let number = next.withLock { number in
            number = (number + 1) % count
            return number
        }
        return "127.\(20 + number / 250).\(1 + number % 250)."
    }

    /// Free ports on 127.0.0.1, all different.
    static func freePorts(_ count: Int) throws -> [Int] { try (0..<count).map { _ in try FreePort.next() } }
}
