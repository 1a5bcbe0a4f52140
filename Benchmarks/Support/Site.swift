/// A host with its Ingress, Service and EndpointSlice: what the benchmarks have many of.
public struct Site: Sendable {
    public static let namespaces = 50

    public let index: Int
    /// Paths of the host, all to the Service.
    public var paths = ["/"]
    /// The Ingress's annotations, without prefix, in their order.
    public var annotations: [(key: String, value: String)]
    /// The addresses of the Service's pods.
    public var addresses: [String]
    /// The port that the pods listen on.
    public var podPort = 8080
    /// The Secret with the certificate for the host.
    public var secret: String?

    /// - Parameter index: makes names, addresses and annotations different from all other sites'.
    public init(_ index: Int) {
        self.index = index
        annotations = Self.annotations(index)
        addresses = [
            "10.\(index / 65_536).\(index / 256 % 256).\(index % 256)",
            "10.\(100 + index / 65_536).\(index / 256 % 256).\(index % 256)",
        ]
    }

    /// Each health check would cost HAProxy a file descriptor: more than many machines allow.
    private static func annotations(_ index: Int) -> [(key: String, value: String)] {
        [
            ("check", "false"), ("cors-enable", "true"), ("cors-allow-origin", "https://site-\(index).example.com"),
            ("rate-limit-requests", "\(100_000 + index)"), ("request-set-header", "X-Site site-\(index)"),
        ]
    }

    public var namespace: String { "team-\(index % Self.namespaces)" }
    public var name: String { "site-\(index)" }
    public var host: String { "site-\(index).example.com" }
    /// What HAProxy's backend for the Service is called.
    public var backend: String { "\(namespace)_svc_\(name)_http" }

    public mutating func set(_ key: String, _ value: String) {
        if let place = annotations.firstIndex(where: { $0.key == key }) {
            annotations[place].value = value
        } else {
            annotations.append((key, value))
        }
    }

    /// All of them, in an order in which nothing names what is not there.
    public var objects: [ClusterObject] { [service, slice, ingress] }

    public var ingress: ClusterObject { ingress(name: name, host: host) }

    /// An Ingress for the Service with another name and host.
    public func ingress(name: String, host: String) -> ClusterObject {
        let rules = paths.map { path in
            """
            {"path":"\(path)","pathType":"Prefix","backend":{"service":{"name":"\(self.name)","port":{"number":80}}}}
            """
        }
        let tls = secret.map { #","tls":[{"hosts":["\#(host)"],"secretName":"\#($0)"}]"# } ?? ""
        let spec = #""spec":{"rules":[{"host":"\#(host)","http":{"paths":[\#(rules.joined(separator: ","))]}}]\#(tls)}"#
        let annotations = annotations.map { "\"haproxy.org/\($0.key)\":\(ClusterObject.quoted($0.value))" }.joined(separator: ",")
        let applied = """
            {"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"annotations":{\(annotations)},\
            "name":"\(name)","namespace":"\(namespace)"},\(spec)}

            """
        return ClusterObject(
            .ingresses, namespace: namespace, name: name,
            metadata: """
                "annotations":{\(annotations),"kubectl.kubernetes.io/last-applied-configuration":\(ClusterObject.quoted(applied))}
                """,
            content: spec + #","status":{"loadBalancer":{}}"#)
    }

    public var service: ClusterObject {
        ClusterObject(
            .services, namespace: namespace, name: name, metadata: #""labels":{"app":"\#(name)"}"#,
            content: """
                "spec":{"ports":[{"name":"http","protocol":"TCP","port":80,"targetPort":8080}],"selector":{"app":"\(name)"},\
                "type":"ClusterIP","sessionAffinity":"None"},"status":{"loadBalancer":{}}
                """)
    }

    public var slice: ClusterObject {
        let endpoints = addresses.enumerated().map { number, address in
            """
            {"addresses":["\(address)"],"conditions":{"ready":true,"serving":true,"terminating":false},\
            "targetRef":{"kind":"Pod","namespace":"\(namespace)","name":"\(name)-7d9c5b8f6-\(number)abcd",\
            "uid":"6f1b0c2e-93f4-4c5a-8a11-4f9f6f1b0c2e"}}
            """
        }
        return ClusterObject(
            .endpointslices, namespace: namespace, name: "\(name)-x7k2p",
            metadata: #""labels":{"kubernetes.io/service-name":"\#(name)"}"#,
            serverMetadata: """
                "generateName":"\(name)-","ownerReferences":[{"apiVersion":"v1","kind":"Service","name":"\(name)",\
                "uid":"0b9d6c1a-93f4-4c5a-8a11-4f9f6f1b0c2e","controller":true,"blockOwnerDeletion":true}]
                """,
            content: """
                "addressType":"IPv4","endpoints":[\(endpoints.joined(separator: ","))],\
                "ports":[{"name":"http","protocol":"TCP","port":\(podPort)}]
                """)
    }
}
