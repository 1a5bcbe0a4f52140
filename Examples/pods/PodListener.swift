import Foundation
import Glibc

/// A listening socket of one pod; each connection gets a thread.
struct PodListener: Sendable {
    let name: String
    private let descriptor: Int32

    /// What could not be done at which address.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// - Parameter address: a numeric IPv4 or IPv6 address.
    init(name: String, address: String, port: UInt16) throws {
        self.name = name
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(address, String(port), &hints, &found)
        defer { if let found { freeaddrinfo(found) } }
        guard status == 0, let info = found?.pointee else {
            throw Failure(description: "\(name): \(address) is not an address: \(String(cString: gai_strerror(status)))")
        }
        descriptor = socket(info.ai_family, info.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        guard descriptor >= 0, bind(descriptor, info.ai_addr, info.ai_addrlen) == 0, Glibc.listen(descriptor, 1024) == 0 else {
            throw Failure(description: "\(name): cannot listen on \(address) port \(port): \(String(cString: strerror(errno)))")
        }
    }

    /// Takes connections for as long as the program runs.
    func acceptConnections() {
        while true {
            var address = sockaddr_storage()
            var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let connection = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { accept(descriptor, $0, &size) }
            }
            guard connection >= 0 else {
                // Out of file descriptors: some connection will end.
                if errno != EINTR && errno != ECONNABORTED { usleep(10_000) }
                continue
            }
            let source = Self.text(of: &address, size: size)
            let pod = name
            Thread.detachNewThread {
                var stream = ByteStream(descriptor: connection)
                while let request = PodRequest(from: &stream),
                    PodAnswer(pod: pod, source: source, request: request).send(to: stream)
                {}
                stream.close()
            }
        }
    }

    /// The address in numbers, without the port.
    private static func text(of address: inout sockaddr_storage, size: socklen_t) -> String {
        var host = [CChar](repeating: 0, count: 64)
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getnameinfo($0, size, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST)
            }
        }
        return status == 0 ? String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) : ""
    }
}
