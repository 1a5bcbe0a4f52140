import Foundation
import Glibc
import Synchronization

/// A syslog server on a UDP port of 127.0.0.1.
final class SyslogServer: Sendable {
    let port: Int
    private let descriptor: Int32
    private let received = Mutex<[String]>([])

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, size) == 0 ? getsockname(descriptor, generic, &size) : -1
            }
        }
        guard status == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
        port = Int(UInt16(bigEndian: address.sin_port))
        let thread = Thread { [self] in
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                guard count > 0 else { break }
                received.withLock { $0.append(String(decoding: buffer[..<count], as: UTF8.self)) }
            }
        }
        thread.start()
    }

    /// What came, one message each: the priority in angle brackets, a header that the format decides on, the line.
    var messages: [String] { received.withLock { $0 } }

    /// The messages that hold a text.
    func messages(with text: String) -> [String] { messages.filter { $0.contains(text) } }

    func stop() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }
}
