import Core

/// Objects of a small cluster, in few words.
enum Cluster {
    static let configMapName = "haproxy-configmap"

    static func ingress(
        _ name: String, namespace: String = "shop", host: String? = "shop.example.com", path: String = "/",
        type: PathType = .prefix, service: String = "web", port: PortReference = .number(80),
        annotations: [String: String] = [:], tls: [IngressTLS] = [], defaultBackend: String? = nil, created: String? = nil,
        className: String? = nil
    ) -> KubernetesObject {
        let backend = IngressBackend(serviceName: service, port: port)
        return .ingress(
            Ingress(
                metadata: ObjectMeta(
                    namespace: namespace, name: name, annotations: prefixed(annotations), creationTimestamp: created),
                ingressClassName: className,
                defaultBackend: defaultBackend.map { IngressBackend(serviceName: $0, port: port) },
                rules: [IngressRule(host: host, paths: [IngressPath(path: path, pathType: type, backend: backend)])], tls: tls))
    }

    static func service(
        _ name: String = "web", namespace: String = "shop", ports: [ServicePort] = [ServicePort(name: "http", port: 80)],
        annotations: [String: String] = [:], externalName: String? = nil, addresses: [String] = []
    ) -> KubernetesObject {
        .service(
            Service(
                metadata: ObjectMeta(namespace: namespace, name: name, annotations: prefixed(annotations)),
                type: externalName == nil ? .clusterIP : .externalName, externalName: externalName, ports: ports,
                addresses: addresses.compactMap { IPAddress($0) }))
    }

    static func slice(
        _ endpoints: [Endpoint], name: String = "web-1", of service: String? = "web", namespace: String = "shop",
        ports: [EndpointPort] = [EndpointPort(name: "http", port: 8080)]
    ) -> KubernetesObject {
        .endpointSlice(
            EndpointSlice(
                metadata: ObjectMeta(namespace: namespace, name: name), serviceName: service, ports: ports,
                endpoints: endpoints))
    }

    static func pods(_ addresses: String...) -> [Endpoint] { addresses.map { Endpoint(addresses: [$0]) } }

    static func configMap(_ data: [String: String], name: String = configMapName) -> KubernetesObject {
        .configMap(ConfigMap(metadata: ObjectMeta(namespace: "default", name: name), data: data))
    }

    static func secret(_ name: String, namespace: String = "shop", _ data: [String: [UInt8]] = [:]) -> KubernetesObject {
        .secret(Secret(metadata: ObjectMeta(namespace: namespace, name: name), data: data))
    }

    /// A TLS Secret with a certificate for some names.
    static func certificate(
        _ name: String, namespace: String = "shop", for hosts: [String], validUntil: Int = 4_000_000_000,
        key: CertificateIssuer.Key = .p256
    ) throws -> KubernetesObject {
        let issued = try CertificateIssuer.issue(
            CertificateIssuer.Request(
                commonName: hosts.first ?? "nobody", dnsNames: hosts, notBefore: 0, notAfter: validUntil),
            key: key)
        return secret(name, namespace: namespace, ["tls.crt": issued.certificate, "tls.key": issued.key])
    }

    static func assemble(
        _ objects: [KubernetesObject], refusals: Refusals = Refusals(), now: Int = 1_800_000_000,
        options change: (inout EngineOptions) -> Void = { _ in }
    ) throws -> AssemblyReport {
        var options = EngineOptions()
        change(&options)
        return Engine(registry: try AnnotationRegistry(TestHandlers.all), options: options)
            .assemble(ObjectStore(objects), refusals: refusals, now: now)
    }

    private static func prefixed(_ annotations: [String: String]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: annotations.map { ($0.key.contains("/") ? $0.key : "haproxy.org/\($0.key)", $0.value) })
    }
}

extension AssemblyReport {
    func map(_ name: String) -> [String: String] { state.maps[name]?.entries ?? [:] }

    /// The lines of a backend, without its servers.
    func lines(_ backend: String) -> [String] {
        state.sections.first { $0.name == backend }?.lines.map(\.directive.text) ?? []
    }

    func servers(_ backend: String) -> [Server] {
        state.sections.first { $0.name == backend }?.pool?.servers ?? []
    }

    /// The names of the backends that belong to Services.
    var backends: [String] { state.sections.filter { $0.isBackend && $0.name.contains("_svc_") }.map(\.name) }

    var messages: [String] { findings.map(\.description) }
}
