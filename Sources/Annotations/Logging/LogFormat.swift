import Core

/// What a line about a request holds.
public struct LogFormat: GlobalAnnotation {
    static let format = AnnotationKey(
        "log-format", .logFormat, scopes: [.configMap], default: "the controller's HTTP format", acts: .defaults,
        update: .reload, since: "1.4",
        summary: "What a log line about a request holds, in HAProxy's log-format language.")

    public static let reference = AnnotationReference(
        family: "logging", title: "Log lines of requests",
        summary: """
            Without the key a line is HAProxy's own HTTP format with the requested host in front of the path:

            ```
            203.0.113.7:40868 [23/Nov/2026:07:20:34.491] https~ shop_svc_web_http/10.1.0.1:8080 0/0/1/12/13 200 512 - - ---- \
            3/2/0/0/0 0/0 {curl/8.5} "GET shop.example.com/cart?id=7 HTTP/2.0"
            ```

            From left to right:

            - the client's address and port, and when the request came; the address is the one after `src-ip-header`;
            - the frontend, with `~` for TLS, and the backend and pod;
            - five times in milliseconds: until the request was complete, in queues, to connect to the pod, until the pod \
            answered, and of the whole exchange; `+` in front of the last two numbers means that there was more to come;
            - the status, the bytes sent to the client, two unused fields and how the exchange ended;
            - connections of the process, the frontend, the backend and the pod, and retries; requests that waited before this \
            one, for the pod and for the backend;
            - what `request-capture` captured, in braces, with `|` between values;
            - method, host, path and query, and version; unusual characters of the host are percent-encoded.

            HAProxy's manual describes the language in section 8.2.4. `%[var(txn.host)]` is the requested host, `%hr` are the \
            captured values. A format that HAProxy refuses is reported, and the controller's own stays in force.
            """,
        keys: [format.reference],
        examples: [
            AnnotationExample(
                "A short format",
                manifest: ExampleManifest.configMap([("log-format", "%ci %HM %[var(txn.host)]%HPO %ST %Ta %hr")]),
                leadsTo: ["log-format '%ci %HM %[var(txn.host)]%HPO %ST %Ta %hr'"])
        ])

    /// HAProxy's `httplog` with the host; escaped, because the Host header is the client's.
    static let httpFormat = """
        %ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs \
        "%HM %[var(txn.host),url_enc]%HPO%HQ %HV"
        """

    let format: String

    public init?(_ values: AnnotationValues) throws {
        format = try values[Self.format] ?? Self.httpFormat
    }

    public func contribute(to global: inout GlobalContribution) throws {
        global.defaults("log-format \(format)")
    }
}

extension ValueType where Value == String {
    /// A log-format string; its author needs no quotes.
    static let logFormat = ValueType(
        name: "log format", expected: "a log format of HAProxy's on one line", example: "%ci:%cp %HM %HU %ST"
    ) { try ValueType<String>.line.value($0) }.checkedByHAProxy()
}
