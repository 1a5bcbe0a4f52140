import Core

/// Certificates that are made when a client asks for a host that has none.
public struct GeneratedCertificates: GlobalAnnotation {
    static let signer = AnnotationKey(
        "generate-certificates-signer", .secret, scopes: [.configMap], acts: .bind, update: .reload, since: "3.2",
        example: "default/signer",
        summary: """
            A Secret with the certificate (`tls.crt`) and key (`tls.key`) of an authority. A client that asks for a host \
            without a certificate is shown one for that name, which HAProxy makes on the spot and signs with it.
            """)

    public static let reference = AnnotationReference(
        family: "frontend-tls", title: "Generated certificates",
        summary: """
            Meant for development and for networks whose clients trust the authority. Clients that ask for no name are shown \
            the default certificate; HAProxy 2.6 needs it to have an RSA key, or else it fails the first handshake for each \
            name. Whoever reads the key can stand in for every host in the eyes of those clients.

            Certificates of clients cannot be verified on hosts with a generated certificate: with client-ca HAProxy refuses \
            everybody there.
            """,
        keys: [signer.reference],
        examples: [
            AnnotationExample(
                "A certificate for every host",
                manifest: ExampleManifest.join(
                    ExampleManifest.configMap([("generate-certificates-signer", "default/signer")]),
                    ExampleManifest.secret(
                        namespace: "default", name: "signer", type: "kubernetes.io/tls",
                        stringData: [
                            ("tls.crt", ExampleCertificate.signer), ("tls.key", ExampleCertificate.signerKey),
                        ]), ExampleManifest.ingress(tls: true), ExampleManifest.service()),
                leadsTo: ["generate-certificates ca-sign-file certs/signer.pem"])
        ])

    let signer: Resolved<SecretReference>

    public init?(_ values: AnnotationValues) throws {
        guard let signer = try values.resolved(Self.signer) else { return nil }
        self.signer = signer
        if let strict = try values.resolved(StrictServerNames.isEnabled), strict.value {
            values.warn(strict, "refuses only clients that ask for no name, because \(signer.writtenKey) knows every host")
        }
        if try values.resolved(ClientCertificates.authority) != nil {
            values.warn(
                signer, "is of no use beside client-ca: HAProxy refuses all clients of hosts with a generated certificate")
        }
    }

    public func contribute(to global: inout GlobalContribution) throws {
        let bundle = try signer.certificateBundle(in: try global.secret(signer))
        guard bundle.isAuthority else {
            throw signer.error("names a Secret whose certificate may not sign others: it is no authority's")
        }
        let path = global.file(ConfigurationFile(path: "certs/signer.pem", content: bundle.pem, kind: .plain))
        global.tlsBind("generate-certificates ca-sign-file \(path)", forQUIC: false, from: signer.origin)
    }
}
