import Core

/// Tries annotation handlers on a small fixed cluster: Ingress shop/web sends shop.example.com to port http of Service
/// shop/web, which has two ready endpoints.
public struct AnnotationTrial {
    private let assembly: AssemblyReport

    /// - Parameters:
    ///   - configMap: keys of the controller's ConfigMap.
    ///   - ingress: annotations of the Ingress, without prefix.
    ///   - service: annotations of the Service, without prefix.
    ///   - tls: whether `spec.tls` covers the host.
    ///   - externalName: makes the Service one of type ExternalName.
    ///   - patternFiles: keys of the ConfigMap of `--configmap-patternfiles`.
    /// - Throws: ``RegistryError`` when two handlers claim one key.
    public init(
        _ handlers: [any AnnotationHandler.Type], configMap: [String: String] = [:], ingress: [String: String] = [:],
        service: [String: String] = [:], secrets: [Secret] = [], tls: Bool = false, patternFiles: [String: String] = [:],
        externalName: String? = nil, capabilities: Capabilities = .init(), controllerReplicas: Int = 1,
        disabledSnippets: Set<SnippetKind> = [], limits: ResourceLimits = .init()
    ) throws {
        func prefixed(_ annotations: [String: String]) -> [String: String] {
            Dictionary(uniqueKeysWithValues: annotations.map { ("haproxy.org/\($0.key)", $0.value) })
        }
        let backend = IngressBackend(serviceName: "web", port: .name("http"))
        let rule = IngressRule(host: Self.host, paths: [IngressPath(path: "/", pathType: .prefix, backend: backend)])
        let ready = ["10.1.0.1", "10.1.0.2"].map {
            Endpoint(addresses: [$0], isReady: true, isServing: true, isTerminating: false)
        }
        let objects: [KubernetesObject] =
            [
                .ingress(
                    Ingress(
                        metadata: ObjectMeta(namespace: "shop", name: "web", annotations: prefixed(ingress)), rules: [rule],
                        tls: tls ? [IngressTLS(hosts: [Self.host])] : [])),
                .service(
                    Service(
                        metadata: ObjectMeta(namespace: "shop", name: "web", annotations: prefixed(service)),
                        type: externalName == nil ? .clusterIP : .externalName, externalName: externalName,
                        ports: [ServicePort(name: "http", port: 80)])),
                .endpointSlice(
                    EndpointSlice(
                        metadata: ObjectMeta(namespace: "shop", name: "web-1"), serviceName: "web",
                        ports: [EndpointPort(name: "http", port: 8080)], endpoints: ready)),
                .configMap(ConfigMap(metadata: ObjectMeta(namespace: "default", name: "haproxy-configmap"), data: configMap)),
                .configMap(ConfigMap(metadata: ObjectMeta(namespace: "default", name: "patterns"), data: patternFiles)),
            ] + secrets.map(KubernetesObject.secret)
        var options = EngineOptions()
        options.patternFilesConfigMap = EngineOptions.ObjectName(namespace: "default", name: "patterns")
        options.environment = AnnotationEnvironment(
            capabilities: capabilities, processors: 4, controllerReplicas: controllerReplicas,
            disabledSnippets: disabledSnippets)
        options.environment.limits = limits
        let engine = Engine(registry: try AnnotationRegistry(handlers), options: options)
        assembly = engine.assemble(ObjectStore(objects), now: 1_767_225_600)
    }

    private static let host = "shop.example.com"

    /// haproxy.cfg.
    public var configuration: String { RenderedConfiguration(assembly.state.sections).text }

    /// The lines of a section such as `frontend http`, without indentation; empty when there is none.
    public func section(_ header: String) -> [String] {
        var isInside = false
        var lines: [String] = []
        for line in configuration.split(separator: "\n", omittingEmptySubsequences: false) {
            if !line.hasPrefix(" ") {
                isInside = line == header
            } else if isInside {
                lines.append(String(line.drop { $0 == " " }))
            }
        }
        return lines
    }

    /// The lines of the Service's backend; empty when the route is closed.
    public var backend: [String] { section("backend shop_svc_web_http") }

    /// The lines that the backend begins with when HAProxy loads it: the rules of the frontends with the route's values as literals.
    /// Empty when some rules have no ``FrontendRules/inlined``, or no form for the values.
    public var inlined: [String] {
        var state = assembly.state
        _ = state.renderedFiles(inlining: .max)
        let loaded = state.loadedBackend("shop_svc_web_http")?.lines.map(\.directive.text) ?? []
        return Array(loaded.dropLast(state.backends["shop_svc_web_http"]?.lines.count ?? 0))
    }

    /// The server lines of the Service's backend.
    public var servers: [String] { backend.filter { $0.hasPrefix("server ") } }

    /// A map's entries; empty when there is no such map.
    public func map(_ name: String) -> [String: String] { assembly.state.maps[name]?.entries ?? [:] }

    /// What a map holds for the route's settings.
    public func routeValue(_ name: String) -> String? { map(name)[route?.settings ?? ""] }

    /// Whether the route answers 503, because a protection cannot be built.
    public var isClosed: Bool {
        guard case .unavailable? = route?.destination else { return false }
        return true
    }

    /// Whether the route is not made at all: what decides who takes it cannot be built.
    public var isLeftOut: Bool { route == nil }

    /// What the engine has to say about the objects.
    public var findings: [Finding] { assembly.findings }

    /// Certificates, authorities and pattern files by path.
    public var files: [String: ConfigurationFile] { assembly.state.files }

    /// The certificates of HTTPS beside the default one, by path, with the names that each answers for.
    public var certificateList: [String: [String]] { assembly.state.certificateList.entries }

    private var route: Route? { assembly.routes.first { $0.host == Self.host } }
}
