/// Where a Secret has a certificate and its key: `tls.crt` with `tls.key`, as Secrets of type kubernetes.io/tls do, or one for
/// each kind of key in `rsa.crt` and `ecdsa.crt`, as the HAProxy Kubernetes Ingress Controller reads them.
public enum SecretPart: String, Hashable, Sendable, CaseIterable {
    case tls, rsa, ecdsa
}

extension CertificateBundle {
    /// The certificate and key of a Secret of type kubernetes.io/tls.
    ///
    /// - Parameter maximumRSABits: how long an RSA key may be.
    public init(secret: Secret, maximumRSABits: Int = ResourceLimits.Name.rsaBits.usual) throws(CertificateError) {
        try self.init(secret: secret, part: .tls, maximumRSABits)
    }

    private init(secret: Secret, part: SecretPart, _ maximumRSABits: Int) throws(CertificateError) {
        try self.init(
            certificate: secret.data["\(part.rawValue).crt"] ?? [], key: secret.data["\(part.rawValue).key"] ?? [],
            maximumRSABits: maximumRSABits)
    }

    /// The certificates of a Secret, or why they cannot be used; at least one of the two.
    public static func all(
        in secret: Secret, maximumRSABits: Int = ResourceLimits.Name.rsaBits.usual
    ) -> [(part: SecretPart, bundle: Result<CertificateBundle, CertificateError>)] {
        // Secrets of type kubernetes.io/tls have to have tls.crt and tls.key, if only empty ones.
        let parts = SecretPart.allCases.filter { part in
            ["crt", "key"].contains { secret.data["\(part.rawValue).\($0)"]?.isEmpty == false }
        }
        return (parts.isEmpty ? [.tls] : parts).map { part in
            (part, read(part, of: secret, maximumRSABits))
        }
    }

    /// One certificate of a Secret, or why it cannot be used.
    static func read(
        _ part: SecretPart, of secret: Secret, _ maximumRSABits: Int
    ) -> Result<CertificateBundle, CertificateError> {
        Result { () throws(CertificateError) in try CertificateBundle(secret: secret, part: part, maximumRSABits) }
    }

    /// What is wrong with the certificate's validity at a time, in seconds since 1970.
    func validityProblem(now: Int) -> String? {
        if now > notAfter { return "holds a certificate that has expired" }
        if now < notBefore { return "holds a certificate that is not valid yet" }
        return nil
    }

    /// When ``validityProblem(now:)`` may say something else, in seconds since 1970; `Int.max` when it never will.
    func nextValidityChange(after now: Int) -> Int { [notBefore, notAfter + 1].filter { $0 > now }.min() ?? .max }
}

extension CertificateError {
    /// The error in the words of the fields that it is about.
    public func description(of part: SecretPart) -> String { description.replacing("tls.", with: "\(part.rawValue).") }
}
