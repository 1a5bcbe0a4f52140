/// networking.k8s.io/v1 Ingress (Kubernetes documentation, "Ingress").
public struct Ingress: Hashable, Sendable {
    public var metadata: ObjectMeta
    public var ingressClassName: String?
    /// Where requests go that no rule takes.
    public var defaultBackend: IngressBackend?
    public var rules: [IngressRule]
    public var tls: [IngressTLS]

    public init(
        metadata: ObjectMeta, ingressClassName: String? = nil, defaultBackend: IngressBackend? = nil, rules: [IngressRule] = [],
        tls: [IngressTLS] = []
    ) {
        self.metadata = metadata
        self.ingressClassName = ingressClassName
        self.defaultBackend = defaultBackend
        self.rules = rules
        self.tls = tls
    }
}

/// The paths of one host.
public struct IngressRule: Hashable, Sendable {
    /// A name, or `*.` and a name for exactly one more label; nil for every host.
    public var host: String?
    /// Empty when the rule leaves everything to the default backend.
    public var paths: [IngressPath]

    public init(host: String? = nil, paths: [IngressPath] = []) {
        self.host = host
        self.paths = paths
    }
}

/// A path and the Service behind it.
public struct IngressPath: Hashable, Sendable {
    /// Begins with `/`.
    public var path: String
    public var pathType: PathType
    public var backend: IngressBackend

    public init(path: String = "/", pathType: PathType = .prefix, backend: IngressBackend) {
        self.path = path
        self.pathType = pathType
        self.backend = backend
    }
}

/// How a path is compared (Kubernetes documentation, "Ingress", section "Path types").
public enum PathType: String, Hashable, Sendable, CaseIterable {
    case exact = "Exact"
    case prefix = "Prefix"
    case implementationSpecific = "ImplementationSpecific"
}

/// A Service of the Ingress's namespace and one of its ports.
public struct IngressBackend: Hashable, Sendable {
    public var serviceName: String
    public var port: PortReference

    public init(serviceName: String, port: PortReference) {
        self.serviceName = serviceName
        self.port = port
    }
}

/// A port named by its number or by its name.
public enum PortReference: Hashable, Sendable, CustomStringConvertible {
    case number(Int)
    case name(String)

    public var description: String {
        switch self {
        case .number(let number): String(number)
        case .name(let name): name
        }
    }
}

/// The certificate for some hosts.
public struct IngressTLS: Hashable, Sendable {
    public var hosts: [String]
    /// A Secret of the Ingress's namespace; nil leaves the certificate to the controller.
    public var secretName: String?

    public init(hosts: [String] = [], secretName: String? = nil) {
        self.hosts = hosts
        self.secretName = secretName
    }
}

/// networking.k8s.io/v1 IngressClass.
public struct IngressClass: Hashable, Sendable {
    public var metadata: ObjectMeta
    /// The controller that serves the class, such as `haproxy.org/ingress-controller`.
    public var controller: String

    public init(metadata: ObjectMeta, controller: String) {
        self.metadata = metadata
        self.controller = controller
    }

    /// Whether Ingresses that name no class belong to this one.
    public var isDefault: Bool { metadata.annotations["ingressclass.kubernetes.io/is-default-class"] == "true" }
}
