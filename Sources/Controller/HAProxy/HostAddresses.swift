import Core
import Foundation
import Glibc

/// The addresses of this host.
enum HostAddresses {
    /// Those of the network interfaces, and those that the pod is known by: `POD_IP` and `POD_IPS`, which Kubernetes gives where the
    /// Deployment asks for them (`status.podIP`, `status.podIPs`). A network may have the pod know nothing of them.
    static func own(environment: [String: String]) -> Set<IPAddress> {
        let pod = ["POD_IP", "POD_IPS"].flatMap { (environment[$0] ?? "").split(separator: ",") }
        return current.union(pod.compactMap { IPAddress($0.trimmingCharacters(in: .whitespaces)) })
    }

    /// How often a host is asked for its addresses: one may come later, such as the virtual address of a pair of hosts.
    static let period = Duration.seconds(10)

    /// Tells of each change of the host's addresses, until the task is cancelled.
    static func follow(
        from first: Set<IPAddress>, environment: [String: String], every period: Duration = period,
        _ tell: (Set<IPAddress>) async -> Void
    ) async {
        var known = first
        while !Task.isCancelled {
            do { try await Task.sleep(for: period) } catch { return }
            let now = own(environment: environment)
            if now != known { await tell(now) }
            known = now
        }
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

extension ControlLoop {
    /// This host has these addresses.
    func listens(at addresses: Set<IPAddress>) {
        guard live.listens(at: addresses) else { return }
        logger.info("this host has other addresses", metadata: ["addresses": "\(addresses.map(\.description).sorted())"])
        differs()
    }
}
