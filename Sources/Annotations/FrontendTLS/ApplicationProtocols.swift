import Core

/// The protocols that HTTPS offers to clients.
public struct ApplicationProtocols: GlobalAnnotation {
    static let protocols = AnnotationKey(
        "tls-alpn", .protocolList, scopes: [.configMap], default: "h2,http/1.1", acts: .bind, update: .reload, since: "1.7",
        example: "http/1.1",
        summary: """
            The protocols that HTTPS offers to clients in the TLS handshake (ALPN), the preferred one first. HAProxy serves h2, \
            http/1.1 and http/1.0.
            """)

    public static let reference = AnnotationReference(
        family: "frontend-tls", title: "Protocols of HTTPS",
        summary: """
            Clients that can speak HTTP/2 do so as long as h2 is offered. HTTP/3 is offered by other means, and this list does \
            not change it.
            """,
        keys: [protocols.reference],
        examples: [
            AnnotationExample(
                "No HTTP/2",
                manifest: ExampleManifest.join(
                    ExampleManifest.configMap([("tls-alpn", "http/1.1")]), ExampleManifest.ingress(tls: true),
                    ExampleManifest.service()),
                leadsTo: ["alpn http/1.1"])
        ])

    let list: [String]
    let source: Origin?

    public init?(_ values: AnnotationValues) throws {
        let asked = try values.resolved(Self.protocols)
        list = asked?.value ?? ["h2", "http/1.1"]
        source = asked?.origin
    }

    public func contribute(to global: inout GlobalContribution) throws {
        global.tlsBind(
            "alpn \(list.joined(separator: ","))", forQUIC: false, forTCPServices: false, from: source ?? .controller)
    }
}

extension ValueType where Value == [String] {
    /// Protocol names with commas between them (RFC 7301; the names are IANA's "ALPN Protocol IDs").
    static let protocolList = ValueType(
        name: "protocol list", expected: "names of protocols with commas between them and no white space",
        example: "h2,http/1.1"
    ) { text in
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard names.allSatisfy(\.isProtocolName) else { throw ValueError("holds something that is no name of a protocol") }
        guard Set(names).count == names.count else { throw ValueError("names a protocol twice") }
        guard names.count <= 16 else { throw ValueError("holds more than 16 names") }
        return names
    }
}

extension String {
    fileprivate var isProtocolName: Bool {
        (1...64).contains(utf8.count)
            && utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "./-_".utf8.contains(byte)
                }
            }
    }
}
