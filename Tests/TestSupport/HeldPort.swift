import Glibc

/// A port on 127.0.0.1 that a socket of this process listens on until it is released.
public final class HeldPort: Sendable {
    public let port: Int
    private let descriptor: Int32

    /// - Throws: ``FreePort/Unavailable`` when the system has no port to offer.
    public init() throws {
        (descriptor, port) = try FreePort.bound()
        guard listen(descriptor, 16) == 0 else { throw FreePort.Unavailable(call: "listen", number: errno) }
    }

    public func release() { close(descriptor) }
}
