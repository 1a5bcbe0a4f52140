/// What the operator decided on the command line, as far as it shapes the configuration.
public struct EngineOptions: Hashable, Sendable {
    /// A namespaced name such as `default/haproxy-configmap`.
    public struct ObjectName: Hashable, Sendable, CustomStringConvertible {
        public let namespace: String
        public let name: String

        public init(namespace: String, name: String) {
            self.namespace = namespace
            self.name = name
        }

        /// Reads `namespace/name`; nil for anything else.
        public init?(_ text: String) {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, parts.allSatisfy(\.isDNSSubdomain) else { return nil }
            self.init(namespace: parts[0], name: parts[1])
        }

        public var description: String { "\(namespace)/\(name)" }
    }

    public var configMap = ObjectName(namespace: "default", name: "haproxy-configmap")
    public var patternFilesConfigMap: ObjectName?
    public var errorFilesConfigMap: ObjectName?
    public var tcpServicesConfigMap: ObjectName?
    public var defaultBackendService: ObjectName?
    /// The port of the default backend's Service; nil for its first.
    public var defaultBackendPort: PortReference?
    public var defaultCertificate: ObjectName?

    public var isHTTPEnabled = true
    public var isHTTPSEnabled = true
    public var httpPort = 8080
    public var httpsPort = 8443
    /// Whether HTTPS is served over QUIC too, where HAProxy can.
    public var isQUICEnabled = true
    /// The UDP port of QUIC; nil for the number of ``httpsPort``.
    public var quicPort: Int?
    /// The port that clients are told to use; nil for ``quicPort``. Differs behind a Service or load balancer.
    public var announcedQUICPort: Int?
    public var healthzPort = 1042
    public var statsPort = 1024
    /// The threads that take connections for HTTP, for HTTPS over TCP, for the health page and for the statistics; nil for all.
    public var httpThreads: ThreadSet?
    public var httpsThreads: ThreadSet?
    public var healthzThreads: ThreadSet?
    public var statsThreads: ThreadSet?
    /// nil when IPv4 is disabled.
    public var ipv4Address: String? = "0.0.0.0"
    /// nil when IPv6 is disabled.
    public var ipv6Address: String? = "::"

    /// `--ingress.class`: the class names that are ours; nil for Ingresses of any class object with our controller name.
    public var ingressClass: String?
    public var acceptsEmptyIngressClass = false
    /// Whether an Ingress whose IngressClass object is not there is ours: for checking manifests that come without it.
    public var assumesMissingClassesAreOurs = false
    public var allowedNamespaces: Set<String> = []
    public var deniedNamespaces: Set<String> = []
    public var sharedSecretNamespaces: Set<String> = []
    public var isExternalNameEnabled = true
    /// Whether no pod may be at an address of this host or of its link: who writes objects is not who runs the host.
    public var refusesLocalEndpoints = false
    /// What listens on this host beside HAProxy and is nobody's pod.
    public var ownListeners: [Listener] = []
    /// The addresses of this host.
    public var ownAddresses: Set<IPAddress> = []
    /// The namespace of the controller's own pods, which nobody but the operator writes objects in; nil where there is none.
    public var ownNamespace: String?
    /// Whether there is an /etc/resolv.conf, which HAProxy demands where it is told to read it.
    public var hasResolverConfiguration = true

    /// Who decides what holds for a whole host that Ingresses of several namespaces have rules for.
    public var hostOwnership = HostOwnership.namespace

    /// Absolute path of the directory for sockets.
    public var runtimeDirectory = "/var/run/haproxy-ingress"
    /// What HTTPS shows to clients that name no host with a certificate, when nobody configured one: a certificate and its key.
    public var fallbackCertificate: [UInt8] = []
    public var environment = AnnotationEnvironment(capabilities: Capabilities(), processors: 1)

    public init() {}

    /// Whether HTTPS is served over QUIC.
    var servesQUIC: Bool { isHTTPSEnabled && isQUICEnabled && environment.capabilities.hasQUIC }

    /// Whether objects of a namespace are looked at.
    public func includes(namespace: String) -> Bool {
        (allowedNamespaces.isEmpty || allowedNamespaces.contains(namespace)) && !deniedNamespaces.contains(namespace)
    }

    /// The ConfigMaps that are read.
    public var configMaps: Set<ObjectName> {
        Set([configMap, patternFilesConfigMap, errorFilesConfigMap, tcpServicesConfigMap].compactMap { $0 })
    }

    /// The controller name that IngressClass objects carry for us.
    public static let controllerName = "haproxy.org/ingress-controller"
}
