import Core

extension Resolved where Value == SecretReference {
    /// The namespace of the Secret.
    var namespace: String { value.namespace ?? object.namespace }

    /// The certificate and key of the Secret that this value names.
    ///
    /// - Throws: ``AnnotationError`` when they are absent, cannot be read or do not belong together.
    func certificateBundle(in secret: Secret) throws -> CertificateBundle {
        do { return try CertificateBundle(secret: secret) } catch {
            throw self.error("names a Secret without a usable certificate: \(error)")
        }
    }

    /// The authorities in `tls.crt`, or else `ca.crt`, of the Secret that this value names.
    ///
    /// - Throws: ``AnnotationError`` when there are none or they cannot be read.
    func authorityCertificates(in secret: Secret) throws -> CertificateAuthority {
        guard let pem = secret.data["tls.crt"] ?? secret.data["ca.crt"] else {
            throw self.error("names a Secret without tls.crt and ca.crt")
        }
        do { return try CertificateAuthority(pem) } catch {
            throw self.error("names a Secret without a usable authority: \(error)")
        }
    }
}
