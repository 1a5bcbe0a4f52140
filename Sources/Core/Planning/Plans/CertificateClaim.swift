/// A certificate that an Ingress brings for a host.
struct CertificateClaim {
    let order: ClaimOrder
    let host: String
    let ingress: ObjectKey
    let path: String
    let algorithm: KeyAlgorithm
    /// Where the Ingress names the Secret.
    let field: String
    let secret: String

    /// Whether clients can ask for a name, or for names that a wildcard stands for.
    static func isName(_ host: String) -> Bool {
        (host.hasPrefix("*.") ? String(host.dropFirst(2)) : host).isDNSSubdomain
    }
}
