/// Why a certificate, key or authority cannot be used.
public enum CertificateError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The key of the Secret is not there or has no content.
    case missing(String)
    /// There is no PEM block in it.
    case notPEM(String)
    /// There are PEM blocks in it, but no certificate.
    case noCertificate
    /// The certificate at this place, counted from 1, is damaged.
    case damagedCertificate(Int)
    /// There are PEM blocks in it, but no list of revoked certificates.
    case noRevocationList(String)
    /// The PEM block at this place, counted from 1, is damaged.
    case damagedRevocationList(Int)
    /// There are PEM blocks in it, but no private key.
    case noKey
    case damagedKey
    case encryptedKey
    case keyMismatch
    /// The key belongs to the certificate at this place, counted from 1, which must come first.
    case leafNotFirst(Int)
    /// OpenSSL's security level 2, which Debian sets, refuses keys of fewer bits than this one's algorithm needs.
    case weakKey(subject: String, bits: Int)
    /// Each handshake would take so long that the requests of others wait.
    case costlyKey(subject: String, bits: Int, limit: Int)
    /// The same for the digest that a certificate is signed with, such as SHA-1.
    case weakSignature(subject: String)

    /// HAProxy could not load it, for a reason of its own.
    case refused(String)

    public var description: String {
        switch self {
        case .refused(let reason): "HAProxy cannot load it: \(reason)"
        case .missing(let what): "\(what) is missing or empty"
        case .notPEM(let what): "\(what) is not in PEM format"
        case .noCertificate: "there is no certificate in it"
        case .damagedCertificate(let place): "its certificate number \(place) is damaged or cut off"
        case .noRevocationList(let what): "there is no list of revoked certificates in \(what)"
        case .damagedRevocationList(let place): "the list of revoked certificates in block number \(place) is damaged or cut off"
        case .noKey: "there is no private key in tls.key"
        case .damagedKey: "the private key in tls.key is damaged or of an unknown kind"
        case .encryptedKey: "the key is encrypted with a passphrase"
        case .keyMismatch: "the key does not belong to the certificate"
        case .leafNotFirst(let place):
            "the key belongs to certificate number \(place) of tls.crt, which must come first, before its chain"
        case .costlyKey(let subject, let bits, let limit):
            """
            the key of \(subject.quotedForPeople) has \(bits) bits, which would hold up all of HAProxy's traffic in each handshake; \
            RSA keys may have \(limit), which --limits \(ResourceLimits.Name.rsaBits.rawValue)=NUMBER changes for the whole controller
            """
        case .weakKey(let subject, let bits):
            "the key of the certificate for \(subject.quotedForPeople) has only \(bits) bits; OpenSSL asks for RSA with 2048, or ECDSA with 224, at least"
        case .weakSignature(let subject):
            "the certificate for \(subject.quotedForPeople) is signed with a digest, such as SHA-1, that OpenSSL no longer accepts"
        }
    }
}
