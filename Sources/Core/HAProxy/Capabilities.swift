/// What the installed HAProxy can do, as far as the rendered configuration depends on it.
public struct Capabilities: Hashable, Sendable {
    /// Major and minor version, such as (2, 6).
    public var major: Int
    public var minor: Int
    public var hasPrometheusExporter: Bool
    public var hasQUIC: Bool

    public init(major: Int = 2, minor: Int = 6, hasPrometheusExporter: Bool = true, hasQUIC: Bool = false) {
        self.major = major
        self.minor = minor
        self.hasPrometheusExporter = hasPrometheusExporter
        self.hasQUIC = hasQUIC
    }

    public func isAtLeast(_ major: Int, _ minor: Int) -> Bool { (self.major, self.minor) >= (major, minor) }
}
