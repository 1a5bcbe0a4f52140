import Glibc
import Synchronization

/// TCP ports on 127.0.0.1 that nobody listens on.
public enum FreePort {
    // Tests of one process run at the same time, and the system may offer a port again as soon as it is closed.
    private static let handedOut = Mutex<Set<Int>>([])

    /// A port that no earlier call of this process returned.
    ///
    /// - Throws: ``Unavailable`` when the system has none to offer.
    public static func next() throws -> Int {
        for _ in 0..<1000 {
            let port = try offered()
            if handedOut.withLock({ $0.insert(port).inserted }) { return port }
        }
        throw Unavailable(call: "bind", number: EADDRINUSE)
    }

    /// A system call that failed, and its error number.
    public struct Unavailable: Error, CustomStringConvertible {
        let call: String
        let number: Int32
        public var description: String { "no free port: \(call): \(String(cString: strerror(number)))" }
    }

    /// The port that the system chooses for a socket of ours.
    private static func offered() throws -> Int {
        let (descriptor, port) = try bound()
        close(descriptor)
        return port
    }

    /// A socket of ours, and the port that the system chose for it.
    static func bound() throws -> (descriptor: Int32, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw Unavailable(call: "socket", number: errno) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, size) == 0 ? getsockname(descriptor, generic, &size) : -1
            }
        }
        guard status == 0 else {
            defer { close(descriptor) }
            throw Unavailable(call: "bind", number: errno)
        }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }
}
