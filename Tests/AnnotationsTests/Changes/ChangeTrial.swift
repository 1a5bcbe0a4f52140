import Annotations
import Core

/// Two Ingresses, each with a Service and two pods, and what a running HAProxy has to do when their annotations change.
struct ChangeTrial {
    /// Texts of keys by where they are written.
    struct Settings {
        /// What some keys need from the operator.
        var configMap = ["global-config-snippet": "expose-experimental-directives"]
        var ingresses: [[String: String]] = [[:], [:]]
        var services: [[String: String]] = [[:], [:]]

        /// - Parameter number: which Ingress or Service; nothing for the ConfigMap, of which there is one.
        mutating func set(_ key: String, to value: String?, in scope: Scope, of number: Int = 0) {
            switch scope {
            case .configMap: configMap[key] = value
            case .ingress: ingresses[number][key] = value
            case .service: services[number][key] = value
            }
        }
    }

    private let registry: AnnotationRegistry
    private var running: RunningState
    private var desired: DesiredState

    init(loading settings: Settings) throws {
        registry = try AnnotationRegistry(AnnotationHandlers.all)
        desired = Self.state(settings, registry)
        running = RunningState(loaded: desired)
    }

    /// Changes the settings and makes the runtime updates that this takes.
    mutating func change(to settings: Settings) -> Change {
        let next = Self.state(settings, registry)
        defer { desired = next }
        let difference = running.difference(to: next)
        if case .reload(let reasons) = difference {
            running = RunningState(loaded: next)
            return .reload(reasons)
        }
        for update in difference.updates { running.apply(update) }
        // Whatever the updates leave undone would be found here.
        for removal in running.pendingRemovals { running.removalFinished(backend: removal.backend, server: removal.server) }
        if case .none = running.difference(to: next) {} else { return .unfinished(running.difference(to: next)) }
        return next == desired ? .nothing : .withoutReload
    }

    enum Change: Hashable {
        /// The desired states are equal: the settings say the same.
        case nothing
        case withoutReload
        case reload([ReloadReason])
        /// The updates do not lead to the desired state.
        case unfinished(Difference)
    }

    private static func state(_ settings: Settings, _ registry: AnnotationRegistry) -> DesiredState {
        var objects = SecretSamples.all.map(KubernetesObject.secret)
        for (index, name) in ["first", "second"].enumerated() {
            let backend = IngressBackend(serviceName: name, port: .name("http"))
            let host = "\(name).example.com"
            let rule = IngressRule(host: host, paths: [IngressPath(path: "/", pathType: .prefix, backend: backend)])
            objects.append(
                .ingress(
                    Ingress(
                        metadata: ObjectMeta(namespace: "shop", name: name, annotations: prefixed(settings.ingresses[index])),
                        rules: [rule], tls: [IngressTLS(hosts: [host])])))
            objects.append(
                .service(
                    Service(
                        metadata: ObjectMeta(namespace: "shop", name: name, annotations: prefixed(settings.services[index])),
                        type: .clusterIP, ports: [ServicePort(name: "http", port: 80)])))
            let pods = (1...2).map {
                Endpoint(addresses: ["10.1.\(index).\($0)"], isReady: true, isServing: true, isTerminating: false)
            }
            objects.append(
                .endpointSlice(
                    EndpointSlice(
                        metadata: ObjectMeta(namespace: "shop", name: "\(name)-1"), serviceName: name,
                        ports: [EndpointPort(name: "http", port: 8080)], endpoints: pods)))
        }
        objects.append(
            .configMap(
                ConfigMap(
                    metadata: ObjectMeta(namespace: "default", name: "haproxy-configmap"), data: settings.configMap)))
        var options = EngineOptions()
        options.ingressClass = "haproxy"
        options.acceptsEmptyIngressClass = true
        options.environment = AnnotationEnvironment(capabilities: Capabilities(), processors: 4)
        return Engine(registry: registry, options: options).assemble(ObjectStore(objects), now: 1_800_000_000).state
    }

    private static func prefixed(_ annotations: [String: String]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: annotations.map { ("haproxy.org/\($0.key)", $0.value) })
    }
}

/// Secrets with certificates and authorities, in the namespaces of the ConfigMap and of the Ingresses.
enum SecretSamples {
    static let all: [Secret] = ["one", "two", "three"].flatMap { name in
        guard
            let issued = try? CertificateIssuer.issue(
                CertificateIssuer.Request(
                    commonName: name, dnsNames: ["\(name).example.net"], notBefore: 0, notAfter: 4_000_000_000),
                key: .p256),
            let authority = try? CertificateIssuer.issue(
                CertificateIssuer.Request(
                    commonName: "authority \(name)", notBefore: 0, notAfter: 4_000_000_000, isAuthority: true),
                key: .p256)
        else { return [Secret]() }
        return ["shop", "default"].flatMap { namespace in
            [
                secret(name, namespace, ["tls.crt": issued.certificate, "tls.key": issued.key]),
                secret("\(name)-ca", namespace, ["ca.crt": authority.certificate]),
                secret(
                    "\(name)-users", namespace, [name: Array("$5$f9c2a71d$THiWmct/N3rdH3jmtQXnvvjJmNzcxL8dHn8SzC1bPp/".utf8)]),
            ]
        }
    }

    private static func secret(_ name: String, _ namespace: String, _ data: [String: [UInt8]]) -> Secret {
        Secret(metadata: ObjectMeta(namespace: namespace, name: name), type: "Opaque", data: data)
    }
}
