/// A kind of object, by its name in the API's URLs.
public enum ClusterResource: String, CaseIterable, Sendable {
    case namespaces, ingressclasses, ingresses, services, endpointslices, secrets, configmaps

    var kind: String {
        switch self {
        case .namespaces: "Namespace"
        case .ingressclasses: "IngressClass"
        case .ingresses: "Ingress"
        case .services: "Service"
        case .endpointslices: "EndpointSlice"
        case .secrets: "Secret"
        case .configmaps: "ConfigMap"
        }
    }

    /// In the version that the API server of the benchmarks serves.
    var apiVersion: String {
        switch self {
        case .ingresses, .ingressclasses: "networking.k8s.io/v1"
        case .endpointslices: "discovery.k8s.io/v1"
        default: "v1"
        }
    }

    /// Who usually writes such objects, and the fields that the API server notes of that.
    fileprivate var manager: (name: String, fields: String) {
        switch self {
        case .ingresses:
            (
                "kubectl-client-side-apply",
                """
                "f:metadata":{"f:annotations":{".":{},"f:haproxy.org/cors-allow-origin":{},"f:haproxy.org/cors-enable":{},\
                "f:haproxy.org/rate-limit-requests":{},"f:haproxy.org/request-set-header":{},\
                "f:kubectl.kubernetes.io/last-applied-configuration":{}}},"f:spec":{"f:rules":{}}
                """
            )
        case .services:
            (
                "kubectl-create",
                """
                "f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:ports":{".":{},"k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}":\
                {".":{},"f:name":{},"f:port":{},"f:protocol":{},"f:targetPort":{}}},"f:selector":{".":{},"f:app":{}},\
                "f:sessionAffinity":{},"f:type":{}}
                """
            )
        case .endpointslices:
            (
                "kube-controller-manager",
                """
                "f:addressType":{},"f:endpoints":{},"f:metadata":{"f:generateName":{},"f:labels":{".":{},\
                "f:endpointslice.kubernetes.io/managed-by":{},"f:kubernetes.io/service-name":{}},\
                "f:ownerReferences":{".":{}}},"f:ports":{}
                """
            )
        default: ("kubectl-create", #""f:data":{}"#)
        }
    }
}

/// An object, as JSON text.
public struct ClusterObject: Sendable {
    public let resource: ClusterResource
    /// Empty for objects without a namespace.
    public let namespace: String
    public let name: String
    /// Fields of `metadata` beside its name and namespace; may be empty.
    let metadata: String
    /// Fields that only the API server writes into `metadata`; may be empty.
    let serverMetadata: String
    /// The fields beside `metadata`; may be empty.
    let content: String

    public init(
        _ resource: ClusterResource, namespace: String, name: String, metadata: String = "", serverMetadata: String = "",
        content: String = ""
    ) {
        self.resource = resource
        self.namespace = namespace
        self.name = name
        self.metadata = metadata
        self.serverMetadata = serverMetadata
        self.content = content
    }

    var key: String { "\(namespace)/\(name)" }

    /// As somebody would apply it.
    public var manifest: String {
        let fields = [identity, metadata].filter { !$0.isEmpty }.joined(separator: ",")
        return Self.object([
            #""kind":"\#(resource.kind)","apiVersion":"\#(resource.apiVersion)""#, #""metadata":{\#(fields)}"#, content,
        ])
    }

    /// As an API server stores it, with what the controller has to read over. In lists objects do not say what they are.
    func stored(version: Int, isItem: Bool) -> String {
        let number = String(version % 1_000_000)
        let uid = "6f1b0c2e-93f4-4c5a-8a11-" + String(repeating: "0", count: 12 - number.count) + number
        let manager = resource.manager
        let fields = [
            identity,
            """
            "uid":"\(uid)","resourceVersion":"\(version)","generation":1,"creationTimestamp":"2026-03-01T10:0\(version / 60 % 10):00Z"
            """, metadata, serverMetadata,
            """
            "managedFields":[{"manager":"\(manager.name)","operation":"Update","apiVersion":"\(resource.apiVersion)",\
            "time":"2026-03-01T10:00:00Z","fieldsType":"FieldsV1","fieldsV1":{\(manager.fields)}}]
            """,
        ].filter { !$0.isEmpty }.joined(separator: ",")
        let type = #""kind":"\#(resource.kind)","apiVersion":"\#(resource.apiVersion)""#
        return Self.object([isItem ? "" : type, #""metadata":{\#(fields)}"#, content])
    }

    private var identity: String {
        #""name":"\#(name)""# + (namespace.isEmpty ? "" : #","namespace":"\#(namespace)""#)
    }

    private static func object(_ parts: [String]) -> String { "{" + parts.filter { !$0.isEmpty }.joined(separator: ",") + "}" }

    /// Text as a JSON string, with its quotes.
    static func quoted(_ text: String) -> String {
        let escaped = text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        return "\"\(escaped)\""
    }
}
