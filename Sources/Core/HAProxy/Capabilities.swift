/// What the installed HAProxy can do, as far as the rendered configuration depends on it.
public struct Capabilities: Hashable, Sendable {
    /// Major and minor version, such as (2, 6).
    public var major: Int
    public var minor: Int
    public var hasPrometheusExporter: Bool
    public var hasQUIC: Bool
    /// Whether QUIC works only with `limited-quic`: HAProxy was built with an OpenSSL that has no interface for it.
    public var hasLimitedQUIC: Bool
    /// `tune.bufsize` unless the configuration sets it, in bytes.
    public var bufferSize: Int

    public init(
        major: Int = 2, minor: Int = 6, hasPrometheusExporter: Bool = true, hasQUIC: Bool = false, hasLimitedQUIC: Bool = false,
        bufferSize: Int = 16_384
    ) {
        self.major = major
        self.minor = minor
        self.hasPrometheusExporter = hasPrometheusExporter
        self.hasQUIC = hasQUIC
        self.hasLimitedQUIC = hasLimitedQUIC
        self.bufferSize = bufferSize
    }

    public func isAtLeast(_ major: Int, _ minor: Int) -> Bool { (self.major, self.minor) >= (major, minor) }
}
