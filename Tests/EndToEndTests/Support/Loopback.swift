import Foundation
import Glibc

/// Addresses and ports that nobody else in this test run uses.
enum Loopback {
    /// A fresh `127.a.b.` network for the pods of one test.
    static func network() -> String { "127.\(Int.random(in: 20...220)).\(Int.random(in: 1...250))." }

    /// Free ports on 127.0.0.1, all different.
    static func freePorts(_ count: Int) throws -> [Int] {
        var descriptors: [Int32] = []
        defer { for descriptor in descriptors { close(descriptor) } }
        return try (0..<count).map { _ in
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            descriptors.append(descriptor)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let status = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                    bind(descriptor, generic, size) == 0 ? getsockname(descriptor, generic, &size) : -1
                }
            }
            guard status == 0 else { throw POSIXError(.EADDRINUSE) }
            return Int(UInt16(bigEndian: address.sin_port))
        }
    }
}
