import Core

/// Where HAProxy's log lines go.
public struct LogTargets: GlobalAnnotation {
    static let targets = AnnotationKey(
        "syslog-server", .logTargets, scopes: [.configMap],
        default: "address:127.0.0.1, facility:local0, level:notice", acts: .global, update: .reload, since: "1.4",
        summary: """
            Where log lines go, one target a line: comma-separated pairs such as `address:10.0.0.5, port:514, level:info`.
            """)

    public static let reference = AnnotationReference(
        family: "logging", title: "Log targets",
        summary: """
            Requests and connections are logged with level info, which a target gets that names no level, or `level:info` or \
            `level:debug`. Without this key the target is a syslog server on the same host, which gets notices: no line tells of \
            requests then, only of pods that come and go.

            | key | what it says | without it |
            |---|---|---|
            | `address` | an IP address to send to over UDP, the path of a datagram socket, or `stdout` for the \
            standard output of the controller | is needed |
            | `port` | the UDP port | 514 |
            | `facility` | \(LogTarget.facilities.map { "`\($0)`" }.joined(separator: ", ")) | `local0` |
            | `format` | \(LogTarget.formats.map { "`\($0)`" }.joined(separator: ", ")) | `raw` for stdout, else `rfc3164` |
            | `length` | the longest line in bytes, from 80 to 65535; longer ones are cut | 1024 |
            | `level` | lines of this level and more severe ones are sent: \
            \(LogTarget.levels.map { "`\($0)`" }.joined(separator: ", ")) | all lines are sent |
            | `minlevel` | more severe lines are sent as if they were of this level | levels stay as they are |

            Lines for `stdout` come out one by one as HAProxy writes them; the controller's own messages are on standard error. \
            HAProxy never waits for whoever reads its log: where a reader is too slow for long, lines are lost. \
            Names of hosts are refused but `localhost`: HAProxy would ask DNS for them each time that it reads a configuration, and \
            a name server that is silent would keep everybody's changes waiting. In a cluster, give the clusterIP of the syslog \
            server's Service.
            """,
        keys: [targets.reference],
        examples: [
            AnnotationExample(
                "All lines, those of requests among them, to a syslog server",
                manifest: ExampleManifest.configMap([("syslog-server", "address:10.0.0.5, facility:daemon")]),
                leadsTo: ["log 10.0.0.5:514 daemon"]),
            AnnotationExample(
                "Requests on standard output, and severe lines to a syslog server",
                manifest: ExampleManifest.configMap([
                    (
                        "syslog-server",
                        "address:stdout, format:raw, level:info\naddress:10.0.0.5, port:1514, facility:local1, level:err"
                    )
                ]),
                leadsTo: ["log stdout format raw local0 info", "log 10.0.0.5:1514 local1 err"]),
        ])

    let targets: [LogTarget]

    public init?(_ values: AnnotationValues) throws {
        let written = try values.resolved(Self.targets)
        targets = written?.value ?? [LogTarget(address: .network("127.0.0.1", port: 514), level: "notice")]
        guard let written else { return }
        for oddity in targets.flatMap(\.oddities) { values.warn(written, "\(oddity), and is in force without it") }
    }

    public func contribute(to global: inout GlobalContribution) throws {
        for target in targets { global.log(target.line, takesRequests: target.takesRequests) }
    }
}
