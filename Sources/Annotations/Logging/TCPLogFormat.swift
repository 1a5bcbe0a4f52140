import Core

/// What a line about a TCP connection holds.
public struct TCPLogFormat: GlobalAnnotation {
    static let format = AnnotationKey(
        "log-format-tcp", .logFormat.described(example: "%ci:%cp %b/%s %Tt %B"), scopes: [.configMap], default: "tcplog",
        acts: .frontend, update: .reload, since: "1.7",
        summary: "What a log line about a connection of a TCP service or of passed-through TLS holds.")

    public static let reference = AnnotationReference(
        family: "logging", title: "Log lines of TCP connections",
        summary: """
            Where HAProxy sees no requests, in TCP services and with `ssl-passthrough`, a connection is a log line, written when \
            it ends. Without the key it is HAProxy's TCP format: the client, when it came, frontend, backend and pod, times to \
            wait, connect and in all, the bytes to the client, how the connection ended, and counters of connections.

            The language is that of `log-format`, less what is only known of HTTP. The ConfigMap of `--configmap-tcp-services` may \
            have the key too, which is then in force for TCP services.
            """,
        keys: [format.reference],
        examples: [
            AnnotationExample(
                "Only the ends, the time and the bytes",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(annotations: [("ssl-passthrough", "true")]), ExampleManifest.service(),
                    ExampleManifest.configMap([("log-format-tcp", "%ci:%cp %b/%s %Tt %B")])),
                leadsTo: ["log-format '%ci:%cp %b/%s %Tt %B'"])
        ])

    /// nil for HAProxy's own TCP format.
    let format: String?

    public init?(_ values: AnnotationValues) throws {
        let format = try values[Self.format]
        self.format = format == "tcplog" ? nil : format
    }

    public func contribute(to global: inout GlobalContribution) throws {
        if let format { global.tcpFrontend("log-format \(format)") } else { global.tcpFrontend("option tcplog") }
    }
}
