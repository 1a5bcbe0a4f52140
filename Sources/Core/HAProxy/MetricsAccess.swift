/// Whom the controller shows its metrics by TCP.
public enum MetricsAccess: Hashable, Sendable {
    case everybody
    /// Those who know a name and the password behind its hash.
    case users([String: CryptHash])
    /// Nobody: the users cannot be read.
    case closed
}
