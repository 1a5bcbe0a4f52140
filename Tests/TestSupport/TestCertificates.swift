import Core
import Foundation

/// A certificate authority for one test, and certificates that it signs.
public struct TestCertificates: Sendable {
    /// The authority's own certificate and key.
    public let authority: CertificateIssuer.Issued
    let now: Int

    /// - Parameters:
    ///   - name: the authority's common name.
    ///   - now: the middle of all validities, in seconds since 1970.
    public init(
        _ name: String = "Test authority", key: CertificateIssuer.Key = .p256, now: Int = Int(Date().timeIntervalSince1970)
    ) throws {
        self.now = now
        authority = try CertificateIssuer.issue(
            CertificateIssuer.Request(commonName: name, notBefore: now - Self.day, notAfter: now + Self.day, isAuthority: true),
            key: key)
    }

    /// A certificate that is valid for a day before and after now.
    public func leaf(_ names: String..., key: CertificateIssuer.Key = .p256) throws -> CertificateIssuer.Issued {
        try issue(names, key: key, from: now - Self.day, to: now + Self.day)
    }

    /// A certificate that was valid until yesterday.
    public func expired(_ names: String..., key: CertificateIssuer.Key = .p256) throws -> CertificateIssuer.Issued {
        try issue(names, key: key, from: now - 2 * Self.day, to: now - Self.day)
    }

    /// A certificate that is valid from tomorrow on.
    public func future(_ names: String..., key: CertificateIssuer.Key = .p256) throws -> CertificateIssuer.Issued {
        try issue(names, key: key, from: now + Self.day, to: now + 2 * Self.day)
    }

    /// A certificate for a client: a common name, no DNS names.
    public func client(_ name: String, key: CertificateIssuer.Key = .p256) throws -> CertificateIssuer.Issued {
        let request = CertificateIssuer.Request(commonName: name, notBefore: now - Self.day, notAfter: now + Self.day)
        return try CertificateIssuer.issue(request, key: key, signedBy: authority)
    }

    /// An authority that this one signed, to build a chain with.
    public func intermediate(_ name: String = "Test intermediate", key: CertificateIssuer.Key = .p256) throws -> TestCertificates
    {
        let request = CertificateIssuer.Request(
            commonName: name, notBefore: now - Self.day, notAfter: now + Self.day, isAuthority: true)
        return TestCertificates(authority: try CertificateIssuer.issue(request, key: key, signedBy: authority), now: now)
    }

    private init(authority: CertificateIssuer.Issued, now: Int) {
        self.authority = authority
        self.now = now
    }

    private func issue(_ names: [String], key: CertificateIssuer.Key, from start: Int, to end: Int) throws
        -> CertificateIssuer.Issued
    {
        let request = CertificateIssuer.Request(
            commonName: names.first ?? "unnamed", dnsNames: names, notBefore: start, notAfter: end)
        return try CertificateIssuer.issue(request, key: key, signedBy: authority)
    }

    private static let day = 86_400
}

extension CertificateIssuer.Issued {
    /// The certificate as PEM text.
    public var certificateText: String { String(decoding: certificate, as: UTF8.self) }
    /// The private key as PEM text.
    public var keyText: String { String(decoding: key, as: UTF8.self) }
}
