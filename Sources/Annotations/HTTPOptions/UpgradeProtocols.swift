import Core

/// The protocols that a connection may change to, and what a client may say about a connection.
public struct UpgradeProtocols: GlobalAnnotation {
    static let protocols = AnnotationKey(
        "upgrade-protocols", .upgradeProtocols, scopes: [.configMap], default: "websocket", acts: .frontend, update: .reload,
        since: "own key", example: "websocket, SPDY/3.1",
        summary: "The protocols that clients and pods may change to with an Upgrade header, separated by commas.")

    public static let reference = AnnotationReference(
        family: "http-options", title: "Changes of protocol",
        summary: """
            After a change of protocol, client and pod talk to each other past all rules. WebSockets need that. Any other \
            protocol in an Upgrade header does not reach the pods unless it is listed here, for example `SPDY/3.1` for \
            `kubectl exec` before Kubernetes 1.31. Protocols that carry HTTP requests over HTTP (`h2c`, `HTTP/2.0`, `TLS/1.2`) \
            cannot be listed: authentication, allow-lists and limits would hold for the first request only.

            Of a Connection header pods get nothing else: a client that lists `X-Forwarded-For` there would make them drop it.
            """,
        keys: [protocols.reference],
        examples: [
            AnnotationExample(
                "An API server behind HAProxy",
                manifest: ExampleManifest.configMap([("upgrade-protocols", "websocket, SPDY/3.1")]),
                leadsTo: ["http-request set-var(txn.upgrade) str(SPDY/3.1)"])
        ])

    let names: [String]
    let origin: Origin?

    public init?(_ values: AnnotationValues) throws {
        let protocols = try values.resolved(Self.protocols)
        names = protocols?.value ?? ["websocket"]
        origin = protocols?.origin
    }

    public func contribute(to global: inout GlobalContribution) throws {
        for name in names {
            global.frontend(
                """
                http-request set-var(txn.upgrade) str(\(raw: name)) if { req.hdr(connection) -m str -i upgrade } \
                { req.hdr(upgrade) -m str -i -- \(name) }
                """, from: origin)
        }
        // HAProxy itself speaks of `close` and `keep-alive` to pods, whatever the header says here.
        for header in ["connection", "upgrade", "http2-settings"] {
            global.frontend("http-request del-header \(header)", from: origin)
        }
        global.frontend("http-request set-header connection upgrade if { var(txn.upgrade) -m found }", from: origin)
        global.frontend("http-request set-header upgrade %[var(txn.upgrade)] if { var(txn.upgrade) -m found }", from: origin)
    }
}

extension ValueType where Value == [String] {
    /// Names of protocols (RFC 9110, section 7.8) that do not carry HTTP requests.
    static let upgradeProtocols = ValueType(
        name: "protocols", expected: "names of protocols that carry no HTTP requests, separated by commas", example: "websocket"
    ) { text in
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map { $0.filter { $0 != " " } }
        for name in names {
            guard !name.isEmpty, name.utf8.count <= 64, name.utf8.allSatisfy(isPart) else {
                throw ValueError("holds \(name.quotedForPeople), which is not the name of a protocol")
            }
            let family = name.lowercased().prefix { $0 != "/" }
            guard !["h2c", "h2", "h3", "http", "https", "tls"].contains(family) else {
                throw ValueError("holds \(name.quotedForPeople), which would carry requests past all rules")
            }
        }
        guard names.count <= 8 else { throw ValueError("names more than 8 protocols") }
        return names
    }

    private static func isPart(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "/.-_".utf8.contains(byte)
        }
    }
}
