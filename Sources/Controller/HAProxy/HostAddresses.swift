import Core
import Glibc

/// The addresses of this host.
enum HostAddresses {
    /// Those of the network interfaces, and the one that the pod is known by: `POD_IP`, which Kubernetes gives where the
    /// Deployment asks for it. A network may have the pod know nothing of that address.
    static func own(environment: [String: String]) -> Set<IPAddress> {
        current.union([environment["POD_IP"].flatMap { IPAddress($0) }].compactMap { $0 })
    }

    /// Those of the network interfaces as they are now; empty when they cannot be read.
    static var current: Set<IPAddress> {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var addresses: Set<IPAddress> = []
        var next = list
        while let interface = next {
            if let address = interface.pointee.ifa_addr.flatMap(address) { addresses.insert(address) }
            next = interface.pointee.ifa_next
        }
        return addresses
    }

    private static func address(_ pointer: UnsafeMutablePointer<sockaddr>) -> IPAddress? {
        switch Int32(pointer.pointee.sa_family) {
        case AF_INET:
            pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { socket in
                withUnsafeBytes(of: socket.pointee.sin_addr) { IPAddress(bytes: Array($0)) }
            }
        case AF_INET6:
            pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { socket in
                withUnsafeBytes(of: socket.pointee.sin6_addr) { IPAddress(bytes: Array($0)) }
            }
        default: nil
        }
    }
}
