import Core

/// The certificate for clients that ask for no host, or for one that no certificate is for.
public struct DefaultCertificate: GlobalAnnotation {
    static let secret = AnnotationKey(
        "ssl-certificate", .secret, scopes: [.configMap], acts: .bind, update: .runtime, since: "1.4",
        example: "default/default-certificate",
        summary: """
            A Secret whose certificate is shown when no Ingress brings one for the host that the client asks for: `tls.crt` \
            with `tls.key`, or `rsa.crt`, `rsa.key`, `ecdsa.crt` and `ecdsa.key` for clients of both kinds.
            """)

    public static let reference = AnnotationReference(
        family: "frontend-tls", title: "Default certificate",
        summary: """
            Certificates normally come from `spec.tls` of the Ingresses. This one answers for all other names; until it is \
            set, a \
            self-signed certificate does. A Secret that is missing, or whose key and certificate do not go together, is \
            reported and \
            the self-signed certificate stays; one that an update breaks leaves its last good certificate in force while the \
            controller runs. Of two certificates the one with an RSA key is the default; the other is shown \
            for the names in it, to clients that can verify it.
            """,
        keys: [secret.reference],
        examples: [
            AnnotationExample(
                "A default certificate from a Secret of another namespace",
                manifest: ExampleManifest.join(
                    ExampleManifest.configMap([("ssl-certificate", "shop/default-certificate")]),
                    ExampleManifest.secret(
                        name: "default-certificate", type: "kubernetes.io/tls",
                        stringData: [
                            ("tls.crt", ExampleCertificate.certificate), ("tls.key", ExampleCertificate.key),
                        ])), leadsTo: ["ssl crt-list certs/frontend.list"])
        ])

    let secret: Resolved<SecretReference>

    public init?(_ values: AnnotationValues) throws {
        guard let secret = try values.resolved(Self.secret) else { return nil }
        self.secret = secret
    }

    public func contribute(to global: inout GlobalContribution) throws {
        global.defaultCertificates = try global.certificates(secret) { bundle in
            ConfigurationFile(path: GlobalContribution.defaultCertificatePath, content: bundle.pem, kind: .certificate)
        }
    }
}
