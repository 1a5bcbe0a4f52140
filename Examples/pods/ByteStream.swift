import Glibc

/// A connection, read through a buffer.
struct ByteStream {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var position = 0

    init(descriptor: Int32) {
        self.descriptor = descriptor
        // Answers go out at once: the next request on the connection waits for them.
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    func close() { _ = Glibc.close(descriptor) }

    /// The next byte; nil at the end.
    mutating func byte() -> UInt8? {
        if position == buffer.count {
            guard fill() else { return nil }
        }
        defer { position += 1 }
        return buffer[position]
    }

    /// A line without its end; nil at the end or when it is longer than `limit`.
    mutating func line(limit: Int) -> String? {
        var bytes: [UInt8] = []
        while let byte = byte() {
            if byte == UInt8(ascii: "\n") {
                if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
                return String(decoding: bytes, as: UTF8.self)
            }
            guard bytes.count < limit else { return nil }
            bytes.append(byte)
        }
        return nil
    }

    /// Reads over that many bytes; false when the stream ends before.
    mutating func skip(_ count: Int) -> Bool {
        var left = count
        while left > 0 {
            if position == buffer.count {
                guard fill() else { return false }
            }
            let step = min(left, buffer.count - position)
            position += step
            left -= step
        }
        return true
    }

    /// Writes all of it; false when the peer has gone.
    func write(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var sent = 0
            while sent < buffer.count {
                let count = send(
                    descriptor, buffer.baseAddress.map { $0 + sent }, buffer.count - sent, Int32(MSG_NOSIGNAL))
                if count > 0 { sent += count } else if errno != EINTR { return false }
            }
            return true
        }
    }

    private mutating func fill() -> Bool {
        var count = 0
        let descriptor = descriptor
        buffer = [UInt8](unsafeUninitializedCapacity: 16_384) { space, used in
            repeat { count = recv(descriptor, space.baseAddress, space.count, 0) } while count < 0 && errno == EINTR
            used = max(count, 0)
        }
        position = 0
        return count > 0
    }
}
