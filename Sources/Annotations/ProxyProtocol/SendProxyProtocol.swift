import Core

/// The client's address for the pods, by the PROXY protocol.
public struct SendProxyProtocol: RouteAnnotation {
    static let version = AnnotationKey(
        "send-proxy-protocol", .choice("proxy", "proxy-v1", "proxy-v2", "proxy-v2-ssl", "proxy-v2-ssl-cn"),
        scopes: [.configMap, .ingress, .service], acts: .server, update: .runtime, since: "1.5",
        summary: """
            Begins connections to pods with a PROXY header: of version 1 (proxy or proxy-v1) or 2, which can also tell of the \
            client's TLS (proxy-v2-ssl) and of the common name of its certificate (proxy-v2-ssl-cn).
            """)

    public static let reference = AnnotationReference(
        family: "send-proxy-protocol", title: "The PROXY protocol to pods",
        summary: """
            Pods see HAProxy as their client. A PROXY header tells them the client's address, below HTTP and TLS: the way for \
            ssl-passthrough, and for pods that do not look at X-Forwarded-For. All pods of the Service have to expect the header, \
            which health checks carry too. Since the header belongs to one client, connections to such pods are not shared \
            between clients.
            """,
        keys: [version.reference],
        examples: [
            AnnotationExample(
                "Pods that read version 2",
                manifest: ExampleManifest.join(
                    ExampleManifest.ingress(), ExampleManifest.service(annotations: [("send-proxy-protocol", "proxy-v2")])),
                leadsTo: ["default-server send-proxy-v2 check-send-proxy"])
        ])

    let keyword: String

    public init?(_ values: AnnotationValues) throws {
        switch try values[Self.version] {
        case nil: return nil
        case "proxy-v2": keyword = "send-proxy-v2"
        case "proxy-v2-ssl": keyword = "send-proxy-v2-ssl"
        case "proxy-v2-ssl-cn": keyword = "send-proxy-v2-ssl-cn"
        default: keyword = "send-proxy"
        }
    }

    public func contribute(to route: inout RouteContribution) throws {
        // The checks of servers that are added at run time carry the header only when told so.
        route.backend.replaceableServer("\(keyword) check-send-proxy")
    }
}
