/// A file that lines refer to by its path relative to the configuration directory.
public struct ConfigurationFile: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        /// A certificate with its key: HAProxy can replace it at run time.
        case certificate
        /// Certificate authorities. The name must tell the content, because HAProxy before 3.3 does not put a replaced CA in
        /// force for servers without a client certificate.
        case authority
        /// Authorities that clients are verified against: HAProxy can replace them at run time.
        case clientAuthority
        /// Lists of revoked certificates of clients: HAProxy can replace them at run time.
        case clientRevocations
        /// Anything that only a reload reads again.
        case plain
    }

    public let path: String
    public let content: [UInt8]
    public let kind: Kind

    /// Whether it decides which certificates of clients are good.
    var verifiesClients: Bool { kind == .clientAuthority || kind == .clientRevocations }

    public init(path: String, content: [UInt8], kind: Kind) {
        self.path = path
        self.content = content
        self.kind = kind
    }
}
