import Core

/// Load balancers that tell the client's address with the PROXY protocol.
public struct ProxyProtocol: GlobalAnnotation {
    static let sources = AnnotationKey(
        "proxy-protocol", .networks, scopes: [.configMap], acts: .frontend, update: .map, since: "1.4",
        summary: "Sources whose connections to the HTTP and HTTPS ports begin with a PROXY header.")

    public static let reference = AnnotationReference(
        family: "proxy-protocol", title: "The PROXY protocol from load balancers",
        summary: """
            A load balancer in front of HAProxy hides the clients' addresses. With the PROXY protocol, version 1 or 2, it tells \
            them when it opens a connection, and HAProxy takes them for the sources of the requests everywhere: in access control, \
            rate limits, logs and X-Forwarded-For.

            Connections from the listed networks must begin with such a header and are closed otherwise; those from others must \
            not, so that nobody else can make up addresses. List the load balancers alone.
            """,
        keys: [sources.reference],
        examples: [
            AnnotationExample(
                "Two load balancers",
                manifest: ExampleManifest.configMap([("proxy-protocol", "192.0.2.10, 192.0.2.11")]),
                leadsTo: [
                    "tcp-request connection expect-proxy layer4 if { src,map_ip(maps/proxy-protocol.map) -m found }",
                    "maps/proxy-protocol.map: 192.0.2.10 proxy",
                ])
        ])

    let sources: [IPNetwork]

    public init?(_ values: AnnotationValues) throws {
        guard let sources = try values[Self.sources] else { return nil }
        self.sources = sources
    }

    public func contribute(to global: inout GlobalContribution) throws {
        for source in sources { try global.addEntry(to: "proxy-protocol", key: source.description, value: "proxy") }
        global.connection(
            "tcp-request connection expect-proxy layer4 if { src,map_ip(\(map: "proxy-protocol")) -m found }")
    }
}
