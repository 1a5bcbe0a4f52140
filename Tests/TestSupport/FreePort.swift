import Glibc
import Synchronization

/// TCP ports on 127.0.0.1 that nobody listens on.
public enum FreePort {
    /// Where the system takes no ports of its own accord: a connection that some program makes could have one before the test
    /// listens on it.
    private static let range = 10_000..<20_000
    // Tests of one process run at the same time.
    private static let handedOut = Mutex<Set<Int>>([])

    /// A port that no earlier call of this process returned.
    ///
    /// - Throws: ``Unavailable`` when the system has none to offer.
    public static func next() throws -> Int {
        let (descriptor, port) = try bound()
        close(descriptor)
        return port
    }

    /// A system call that failed, and its error number.
    public struct Unavailable: Error, CustomStringConvertible {
        let call: String
        let number: Int32
        public var description: String { "no free port: \(call): \(String(cString: strerror(number)))" }
    }

    /// A socket of ours that has a port which no earlier call returned.
    static func bound() throws -> (descriptor: Int32, port: Int) {
        for _ in 0..<1000 {
            let port = Int.random(in: range)
            guard handedOut.withLock({ $0.insert(port).inserted }) else { continue }
            if let descriptor = try bound(to: port) { return (descriptor, port) }
        }
        throw Unavailable(call: "bind", number: EADDRINUSE)
    }

    /// nil when somebody has the port.
    private static func bound(to port: Int) throws -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Unavailable(call: "socket", number: errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        address.sin_port = in_port_t(port).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            let number = errno
            close(descriptor)
            if number == EADDRINUSE { return nil }
            throw Unavailable(call: "bind", number: number)
        }
        return descriptor
    }
}
