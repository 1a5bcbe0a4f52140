/// Whom a connection trusts and what it shows of itself. Connections are shared by requests with equal settings.
struct TLSSettings: Hashable, Sendable {
    /// Certificates in PEM; nil for those of the system.
    var authorities: [UInt8]?
    /// A certificate and its key in PEM.
    var identity: Identity?
    /// The name to ask for and to find in the server's certificate, in place of the host.
    var serverName: String?
    var isVerified = true

    struct Identity: Hashable, Sendable {
        var certificate: [UInt8]
        var key: [UInt8]
    }
}
