import Core

/// How clients learn that HTTPS is served over QUIC.
public struct QUICAdvertisement: GlobalAnnotation {
    static let maximumAge = AnnotationKey(
        "quic-alt-svc-max-age", .integer(0...Int(Int32.max)).described(example: "3600"), scopes: [.configMap], default: "60",
        acts: .frontend, update: .reload, since: "1.11",
        summary: "For how many seconds clients remember that HTTP/3 is served: the `ma` of the header Alt-Svc.")

    public static let reference = AnnotationReference(
        family: "frontend-tls", title: "HTTP/3",
        summary: """
            Where HAProxy was built with QUIC, HTTPS is served over UDP as well, with the same certificates and the same \
            demands on clients, and responses over HTTPS say so. Where it was not, or with `--disable-quic`, none of that \
            happens and the key has no effect: one ConfigMap serves machines of both kinds. `--quic-bind-port` and \
            `--quic-announce-port` choose the port that HAProxy listens on and the port that clients are told of. Hosts with \
            ssl-passthrough are not served over QUIC.
            """,
        keys: [maximumAge.reference],
        examples: [
            AnnotationExample(
                "Clients come by HTTP/3 for an hour",
                manifest: ExampleManifest.join(
                    ExampleManifest.configMap([("quic-alt-svc-max-age", "3600")]), ExampleManifest.ingress(tls: true),
                    ExampleManifest.service()),
                leadsTo: [
                    "bind quic4@0.0.0.0:8443 ssl crt-list certs/frontend.list alpn h3",
                    "http-after-response set-header alt-svc 'h3=\":8443\"; ma=3600'",
                ], capabilities: Capabilities(hasQUIC: true))
        ])

    let maximumAge: Traced<Int>

    public init?(_ values: AnnotationValues) throws {
        let asked = try values.resolved(Self.maximumAge)
        maximumAge = Traced(asked?.value ?? 60, origin: asked?.origin ?? .controller)
    }

    public func contribute(to global: inout GlobalContribution) throws { global.quicMaximumAge = maximumAge }
}
