import Foundation
import Glibc

/// Why a UNIX socket gave no complete answer.
enum UnixConnectionError: Error, Hashable {
    case unreachable(String)
    case timedOut
}

/// A question and its answer over a UNIX stream socket, on a thread outside the concurrency runtime.
enum UnixConnection {
    private static let queue = DispatchQueue(label: "haproxy.sockets", attributes: .concurrent)

    /// Writes the bytes while it reads, until the other side closes. Reading at the same time matters: HAProxy stops taking
    /// commands while nobody takes its answers. With `closesSending` the other side learns where the question ends, which the
    /// master's socket needs before it closes.
    static func exchange(path: String, sending bytes: [UInt8], timeout: Duration, closesSending: Bool = false)
        async throws(UnixConnectionError) -> [UInt8]
    {
        let result: Result<[UInt8], UnixConnectionError> = await withCheckedContinuation { continuation in
            queue.async {
                do throws(UnixConnectionError) {
                    continuation.resume(
                        returning: .success(
                            try exchangeNow(path: path, sending: bytes, timeout: timeout, closesSending: closesSending)))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    /// Writes the bytes while it reads from an open connection, until the answer is complete.
    static func exchange(
        on descriptor: Int32, sending bytes: [UInt8], timeout: Duration, until isComplete: @escaping @Sendable ([UInt8]) -> Bool
    ) async throws(UnixConnectionError) -> [UInt8] {
        let result: Result<[UInt8], UnixConnectionError> = await withCheckedContinuation { continuation in
            queue.async {
                do throws(UnixConnectionError) {
                    let answer = try exchangeNow(descriptor, sending: bytes, timeout: timeout, until: isComplete)
                    continuation.resume(returning: .success(answer))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }

    private static func exchangeNow(
        path: String, sending bytes: [UInt8], timeout: Duration, closesSending: Bool
    ) throws(UnixConnectionError) -> [UInt8] {
        let descriptor = try connect(to: path)
        defer { close(descriptor) }
        return try exchangeNow(descriptor, sending: bytes, timeout: timeout, closesSending: closesSending) { _ in false }
    }

    private static func exchangeNow(
        _ descriptor: Int32, sending bytes: [UInt8], timeout: Duration, closesSending: Bool = false,
        until isComplete: ([UInt8]) -> Bool
    ) throws(UnixConnectionError) -> [UInt8] {
        let deadline = ContinuousClock.now + timeout
        var sent = 0
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let left = deadline - ContinuousClock.now
            guard left > .zero else { throw .timedOut }
            let milliseconds = Int32(
                clamping: left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1)
            var event = pollfd(fd: descriptor, events: Int16(sent < bytes.count ? POLLIN | POLLOUT : POLLIN), revents: 0)
            let ready = poll(&event, 1, milliseconds)
            if ready < 0 {
                if errno == EINTR { continue }
                throw .unreachable(message(errno))
            }
            if ready == 0 { throw .timedOut }
            if event.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 {
                let count = recv(descriptor, &buffer, buffer.count, Int32(MSG_DONTWAIT))
                if count == 0 { return answer }
                if count > 0 {
                    answer += buffer[..<count]
                    if sent == bytes.count, isComplete(answer) { return answer }
                }
                // Closed with commands of ours unread; what it had said until then is the answer.
                if count < 0, errno == ECONNRESET { return answer }
                if count < 0, errno != EAGAIN, errno != EINTR { throw .unreachable(message(errno)) }
            }
            if sent < bytes.count, event.revents & Int16(POLLOUT) != 0 {
                let count = bytes.withUnsafeBytes { raw in
                    Glibc.send(
                        descriptor, raw.baseAddress.map { $0 + sent }, bytes.count - sent,
                        Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
                }
                if count > 0 {
                    sent += count
                    if sent == bytes.count, closesSending { shutdown(descriptor, Int32(SHUT_WR)) }
                } else if errno == EPIPE || errno == ECONNRESET {
                    sent = bytes.count
                } else if errno != EAGAIN, errno != EINTR {
                    throw .unreachable(message(errno))
                }
            }
        }
    }

    static func connect(to path: String) throws(UnixConnectionError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw .unreachable("the path of the socket is longer than 107 bytes")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .unreachable(message(errno)) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else {
            let code = errno
            close(descriptor)
            throw .unreachable(message(code))
        }
        return descriptor
    }

    private static func message(_ code: Int32) -> String { String(cString: strerror(code)) }
}
