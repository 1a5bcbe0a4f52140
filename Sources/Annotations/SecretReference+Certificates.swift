import Core

extension Resolved where Value == SecretReference {
    /// The namespace of the Secret.
    var namespace: String { value.namespace ?? object.namespace }

    /// The certificate and key of the Secret that this value of the operator's names.
    ///
    /// - Throws: ``AnnotationError`` when they are absent, cannot be read or do not belong together.
    func certificateBundle(in secret: Secret) throws -> CertificateBundle {
        do { return try CertificateBundle(secret: secret, maximumRSABits: .max) } catch {
            throw self.error("names a Secret without a usable certificate: \(error)")
        }
    }

    /// The lists of revoked certificates in `ca.crl` of the Secret that this value names; nil when there is no such field.
    ///
    /// - Throws: ``AnnotationError`` when they cannot be read.
    func revocationLists(in secret: Secret) throws -> RevocationLists? {
        guard let lists = secret.data["ca.crl"] else { return nil }
        do { return try RevocationLists(lists, field: "ca.crl") } catch {
            throw self.error("names a Secret whose ca.crl is unusable: \(error)")
        }
    }

    /// The authorities in `tls.crt` of the Secret that this value names, or those in `ca.crt` where `tls.crt` is missing or is
    /// no authority's certificate: cert-manager puts a certificate and the authority that signed it into one Secret.
    ///
    /// - Throws: ``AnnotationError`` when there are none or they cannot be read.
    func authorityCertificates(in secret: Secret) throws -> CertificateAuthority {
        let (own, other) = (secret.data["tls.crt"], secret.data["ca.crt"])
        guard let first = own?.isEmpty == false ? own : other else {
            throw self.error("names a Secret without tls.crt and ca.crt")
        }
        do {
            let authority = try CertificateAuthority(first)
            guard !authority.isAuthority, let other else { return authority }
            return try CertificateAuthority(other)
        } catch {
            throw self.error("names a Secret without a usable authority: \(error)")
        }
    }
}
