import Core

/// Certificates that clients of HTTPS have to show.
public struct ClientCertificates: GlobalAnnotation {
    static let authority = AnnotationKey(
        "client-ca", .secret, scopes: [.configMap], acts: .bind, update: .reload, since: "1.6", example: "default/clients-ca",
        summary: """
            HTTPS serves only clients with a certificate signed by an authority of this Secret, which holds them in `tls.crt`, \
            or in `ca.crt` when `tls.crt` is missing or is no authority's certificate. Certificates that are on a list of revoked \
            ones in `ca.crl` do not count.
            """)

    static let isOptional = AnnotationKey(
        "client-crt-optional", .bool, scopes: [.configMap], default: "false", acts: .bind, update: .reload, since: "1.6",
        summary: "With client-ca: clients without a certificate are served too. One that is shown must still be good.")

    public static let reference = AnnotationReference(
        family: "frontend-tls", title: "Certificates of clients",
        summary: """
            Clients prove with a certificate who they are (mutual TLS). This holds for all hosts whose TLS ends here; \
            connections that ssl-passthrough hands to the pods, and plain HTTP, are not touched. While the Secret is missing \
            or holds no usable authority, HTTPS answers 503 to every request.

            The authorities may take certificates back: `ca.crl` of the Secret holds their lists of revoked certificates in PEM. \
            Where it is there, each authority of a client's chain has to have a list in it that has not expired; clients of \
            others are not let in. The lists change without a reload, which only the first one and its removal take; when \
            certificates of hosts were replaced since, the next change of the lists does take one.

            HAProxy tells clients which authorities it trusts, and browsers offer their users the certificates of these. A \
            client that has none is told so (`certificate required`). Another authority takes a reload, and is in force for all \
            new connections.

            TLS sessions are resumed as without `client-ca`: sessions from before another authority are not, because they end with \
            a reload. Where there are lists of revoked certificates no session is resumed: whoever resumes one is not verified \
            again, and would get past a new list.
            """,
        keys: [authority.reference, isOptional.reference], isProtection: true,
        examples: [
            AnnotationExample(
                "Only clients with a certificate of one authority",
                manifest: ExampleManifest.join(
                    ExampleManifest.configMap([("client-ca", "default/clients-ca")]), secret,
                    ExampleManifest.ingress(tls: true), ExampleManifest.service()),
                leadsTo: ["verify required"]),
            AnnotationExample(
                "Clients may show a certificate",
                manifest: ExampleManifest.join(
                    ExampleManifest.configMap([("client-ca", "default/clients-ca"), ("client-crt-optional", "true")]), secret,
                    ExampleManifest.ingress(tls: true), ExampleManifest.service()),
                leadsTo: ["verify optional"]),
        ])

    private static let secret = ExampleManifest.secret(
        namespace: "default", name: "clients-ca", stringData: [("tls.crt", ExampleCertificate.authority)])

    public static let protectedFrontends: Set<GlobalContribution.Frontend> = [.https]

    let authority: Resolved<SecretReference>
    let isOptional: Bool

    public init?(_ values: AnnotationValues) throws {
        guard let authority = try values.resolved(Self.authority) else {
            do {
                if let optional = try values.resolved(Self.isOptional), optional.value {
                    values.warn(optional, "has no effect without client-ca")
                }
            } catch let error as AnnotationError {
                values.note(error)
            }
            return nil
        }
        self.authority = authority
        isOptional = try values[Self.isOptional] ?? false
    }

    public func contribute(to global: inout GlobalContribution) throws {
        let secret = try global.secret(authority)
        let pem = try authority.authorityCertificates(in: secret).pem
        // Of authorities that change at run time HAProxy 2.6 sends the names that it was started with, and clients choose by them. So
        // the name tells the content, and another authority is another line, while one that others put in is still noticed.
        let name = StableID.make([String(decoding: pem, as: UTF8.self)])
        let path = global.file(ConfigurationFile(path: "certs/client-ca_\(name).pem", content: pem, kind: .clientAuthority))
        var lists: Directive = ""
        if let revoked = try authority.revocationLists(in: secret) {
            let file = ConfigurationFile(path: "certs/client-crl.pem", content: revoked.pem, kind: .clientRevocations)
            lists = " crl-file \(global.file(file))"
            // Whoever resumes a session is not verified again, and would get past a new list.
            global.global("tune.ssl.cachesize 0", from: authority.origin)
        }
        global.tlsBind(
            "ca-file \(path)\(part: lists) verify \(raw: isOptional ? "optional" : "required")", from: authority.origin)
    }
}
