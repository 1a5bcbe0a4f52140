import Core

/// HTTPS for known hosts only.
public struct StrictServerNames: GlobalAnnotation {
    static let isEnabled = AnnotationKey(
        "client-strict-sni", .bool, scopes: [.configMap], default: "false", acts: .bind, update: .reload, since: "1.8",
        summary: """
            TLS handshakes fail for clients that ask for no host name, or for one that no certificate is listed for, in place \
            of being shown the default certificate.
            """)

    public static let reference = AnnotationReference(
        family: "frontend-tls", title: "Strict server names",
        summary: """
            Known are the hosts that have a certificate by `spec.tls` of an Ingress, and the names in a default certificate \
            that somebody configured. The self-signed certificate that stands in where none is configured is for no host. \
            Hosts whose Secret is missing or unusable cannot be reached over HTTPS until it is mended. A value that cannot be read counts as `true`.
            """,
        keys: [isEnabled.reference],
        examples: [
            AnnotationExample(
                "No handshake for unknown hosts",
                manifest: ExampleManifest.join(
                    ExampleManifest.configMap([("client-strict-sni", "true")]), ExampleManifest.ingress(tls: true),
                    ExampleManifest.service()),
                leadsTo: ["strict-sni"])
        ])

    let source: Origin

    public init?(_ values: AnnotationValues) throws {
        guard let isEnabled = try values.resolved(Self.isEnabled, unreadableAs: true), isEnabled.value else { return nil }
        source = isEnabled.origin
    }

    public func contribute(to global: inout GlobalContribution) throws {
        global.tlsBind("strict-sni", from: source)
        global.listsDefaultCertificate = true
    }
}
