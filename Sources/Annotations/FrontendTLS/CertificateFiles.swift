import Core

/// What becomes of certificates that are not used any more.
public struct CertificateFiles: GlobalAnnotation {
    static let removesUnused = AnnotationKey(
        "clean-certs", .bool, scopes: [.configMap], default: "true", acts: .bind, update: .runtime, since: "1.6",
        summary: """
            Removes the files of certificates and authorities that are not used any more from the directory. With false they \
            stay there, and HAProxy does not read them.
            """)

    public static let reference = AnnotationReference(
        family: "frontend-tls", title: "Unused certificates",
        summary: """
            This is about files only: a certificate that no Ingress names any more is not shown to clients in either case. \
            Files that stay hold private keys; once the value is true again they are removed.
            """,
        keys: [removesUnused.reference],
        examples: [
            AnnotationExample(
                "Files of certificates stay",
                manifest: ExampleManifest.join(
                    ExampleManifest.configMap([("clean-certs", "false")]), ExampleManifest.ingress(tls: true),
                    ExampleManifest.service()),
                leadsTo: ["crt-list certs/frontend.list"])
        ])

    let removesUnused: Bool

    public init?(_ values: AnnotationValues) throws {
        guard let removesUnused = try values[Self.removesUnused] else { return nil }
        self.removesUnused = removesUnused
    }

    public func contribute(to global: inout GlobalContribution) throws {
        global.removesUnusedCertificates = removesUnused
    }
}
