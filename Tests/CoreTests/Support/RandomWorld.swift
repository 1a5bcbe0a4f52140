import TestSupport

@testable import Core

/// A small cluster in which everything gets in everything's way: few names, so that objects claim, miss and replace each other.
struct RandomWorld {
    enum Event: CustomStringConvertible {
        case put(KubernetesObject)
        case remove(ObjectKey)
        case refuse(ObjectKey, key: String, value: String)
        case lift(ObjectKey, key: String, value: String)

        var description: String {
            switch self {
            case .put(let object): "put \(object)"
            case .remove(let key): "remove \(key)"
            case .refuse(let object, let key, let value): "refuse \(object) \(key) \(value)"
            case .lift(let object, let key, let value): "lift \(object) \(key) \(value)"
            }
        }
    }

    private let certificates: [Secret]
    let options: EngineOptions

    init(hostOwnership: HostOwnership = .namespace) throws {
        var options = EngineOptions()
        options.hostOwnership = hostOwnership
        options.defaultBackendService = EngineOptions.ObjectName(namespace: "shop", name: "s0")
        options.defaultCertificate = EngineOptions.ObjectName(namespace: "shop", name: "c0")
        options.patternFilesConfigMap = EngineOptions.ObjectName(namespace: "default", name: "patterns")
        options.tcpServicesConfigMap = EngineOptions.ObjectName(namespace: "default", name: "tcp")
        options.errorFilesConfigMap = EngineOptions.ObjectName(namespace: "default", name: "errors")
        options.deniedNamespaces = ["hidden"]
        // Of two conditions one has rules and room at a place, and pods beside one of the controller's replicas may be others.
        options.environment.limits[.conditions] = 1
        options.environment.limits[.placeConditions] = 1
        options.ownNamespace = "other"
        options.ownAddresses = Set([IPAddress("10.0.0.1")].compactMap(\.self))
        self.options = options
        let keys: [CertificateIssuer.Key] = [.p256, .p256, .rsa2048]
        certificates = try keys.enumerated().map { index, key in
            guard
                case .secret(let secret) = try Cluster.certificate(
                    // Not all names are those of the default certificate, which is the first of these.
                    "c",
                    for: ["h\(index).example.com", "*.example.com"]
                        + (index == 0 ? [] : ["h\(index).test", "h1.test", "*.test"]),
                    key: key)
            else { throw ValueError("no Secret") }
            return secret
        }
    }

    func event(_ store: ObjectStore, random: inout SeededGenerator) -> Event {
        func pick<Element>(_ choices: [Element]) -> Element { random.pick(choices) }
        func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }
        let namespace = pick(["shop", "shop", "shop", "other", "other", "third", "hidden"])
        let service = "s\(number(0..<4))"
        switch number(0..<100) {
        case 0..<25: return .put(ingress(namespace, random: &random))
        case 25..<35:
            return .remove(ObjectKey(.ingress, namespace: namespace, name: "i\(number(0..<5))"))
        case 35..<48: return .put(slice(namespace, service, random: &random))
        case 48..<50: return .put(endpoints(namespace, service, random: &random))
        case 50..<51: return .remove(ObjectKey(.endpoints, namespace: namespace, name: service))
        case 51..<53: return .remove(ObjectKey(.endpointSlice, namespace: namespace, name: "\(service)-\(number(0..<2))"))
        case 53..<68: return .put(self.service(namespace, service, random: &random))
        case 68..<72: return .remove(ObjectKey(.service, namespace: namespace, name: service))
        case 72..<80:
            var secret = pick(certificates)
            (secret.metadata.namespace, secret.metadata.name) = (namespace, "c\(number(0..<3))")
            if number(0..<6) == 0 { secret.data["tls.key"] = nil }
            return .put(.secret(secret))
        case 80..<83: return .remove(ObjectKey(.secret, namespace: namespace, name: "c\(number(0..<3))"))
        case 83..<86:
            var data = store.configMaps.first { $0.key.name == Cluster.configMapName }?.value.data ?? [:]
            // In an order that is the same in every process.
            let values = [
                ("limit", "\(number(1..<4))"), ("greeting", "from \(number(0..<2))"), ("crowd", "\(number(0..<3))"),
                ("house", "shop/c\(number(0..<3))"), ("house-tidy", "\(number(0..<2) == 0)"), ("visa", "for \(number(0..<2))"),
            ]
            // Mostly one key changes, which most often is one that routes do not read.
            for (key, value) in values where number(0..<4) == 0 { data[key] = number(0..<3) == 0 ? nil : value }
            return .put(Cluster.configMap(data))
        case 86..<88:
            return .put(Cluster.configMap(["inner": pick(["10.0.0.0/8", "10.1.0.0/16", "nonsense"])], name: "patterns"))
        case 88..<92:
            var entries: [String: String] = [:]
            for port in [5432, 5433, 8080] where number(0..<2) == 0 {
                entries[String(port)] = "shop/s\(number(0..<4)):\(pick(["http", "80", "81", "http:ssl", ""]))"
            }
            return .put(Cluster.configMap(entries, name: "tcp"))
        case 92..<93:
            let pages = [("503", "later"), ("99", "never")].filter { _ in number(0..<2) == 0 }
            return .put(Cluster.configMap(Dictionary(uniqueKeysWithValues: pages), name: "errors"))
        case 93..<95:
            var metadata = ObjectMeta(namespace: "", name: pick(["ours", "theirs"]))
            if number(0..<2) == 0 { metadata.annotations = ["ingressclass.kubernetes.io/is-default-class": "true"] }
            let controller = pick([EngineOptions.controllerName, "example.com/other"])
            return .put(.ingressClass(IngressClass(metadata: metadata, controller: controller)))
        case 95..<96 where number(0..<2) == 0:
            let name = pick(["shop", "other"])
            let key = ObjectKey(.namespace, namespace: "", name: name)
            return number(0..<2) == 0
                ? .put(.namespace(Namespace(metadata: ObjectMeta(namespace: "", name: name)))) : .remove(key)
        case 95..<96: return .remove(ObjectKey(.ingressClass, namespace: "", name: pick(["ours", "theirs"])))
        case 96..<97: return .remove(ObjectKey(.configMap, namespace: "default", name: pick(["tcp", "patterns", "errors"])))
        default:
            let values = annotated(store)
            guard !values.isEmpty else { return .put(self.service(namespace, service, random: &random)) }
            let (object, key, value) = pick(values)
            return number(0..<2) == 0 ? .refuse(object, key: key, value: value) : .lift(object, key: key, value: value)
        }
    }

    private func annotated(_ store: ObjectStore) -> [(ObjectKey, String, String)] {
        let ingresses = store.ingresses.flatMap { key, ingress in ingress.metadata.annotations.map { (key, $0.key, $0.value) } }
        let services = store.services.flatMap { key, service in service.metadata.annotations.map { (key, $0.key, $0.value) } }
        let settings = store.configMaps.flatMap { key, map in
            key.name == Cluster.configMapName ? map.data.map { (key, $0.key, $0.value) } : []
        }
        return (ingresses + services + settings).sorted { ($0.0, $0.1) < ($1.0, $1.1) }
    }

    private func annotations(random: inout SeededGenerator) -> [String: String] {
        func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }
        let choices = [
            ("greeting", "hello \(number(0..<3))"), ("pace", "\(number(0..<3))s"), ("visitors", "10.\(number(0..<3)).0.0/16"),
            ("visitors", "patterns/inner"), ("through", "true"), ("guard", "strict"), ("guard", "lenient"),
            ("guard-secret", "c\(number(0..<3))"), ("fixed-pool", "true"), ("crowd", "\(number(1..<4))"), ("sticky", "true"),
            ("seal", "\(number(1..<4))"), ("unheard-of", "x"),
        ]
        var annotations: [String: String] = [:]
        for (key, value) in choices where number(0..<9) == 0 { annotations[key] = value }
        return annotations
    }

    private func ingress(_ namespace: String, random: inout SeededGenerator) -> KubernetesObject {
        func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &random) }
        func host() -> String? {
            random.pick(["h0.example.com", "h1.example.com", "*.example.com", "h2.example.com", "h1.test", "h3.test", nil])
        }
        func backend() -> IngressBackend {
            IngressBackend(
                serviceName: "s\(number(0..<4))", port: random.pick([.number(80), .name("http"), .number(81)]))
        }
        let rules = (0..<number(0..<4)).map { _ in
            IngressRule(
                host: host(),
                paths: (0..<number(1..<3)).map { _ in
                    IngressPath(
                        path: random.pick(["/", "/a", "/a/", "/a/b"]),
                        pathType: number(0..<3) == 0 ? .exact : .prefix, backend: backend())
                })
        }
        let tls = (0..<number(0..<3)).map { _ in
            IngressTLS(
                hosts: (0..<number(0..<3)).compactMap { _ in host() },
                secretName: number(0..<8) == 0 ? nil : "c\(number(0..<3))")
        }
        var metadata = ObjectMeta(namespace: namespace, name: "i\(number(0..<5))")
        metadata.creationTimestamp = number(0..<4) == 0 ? nil : "2026-01-0\(number(1..<4))T00:00:00Z"
        metadata.annotations = Dictionary(
            uniqueKeysWithValues: annotations(random: &random).map { ("haproxy.org/\($0.key)", $0.value) })
        if number(0..<12) == 0 { metadata.annotations["kubernetes.io/ingress.class"] = "ours" }
        return .ingress(
            Ingress(
                metadata: metadata,
                ingressClassName: number(0..<8) == 0 ? ["ours", "theirs"].randomElement(using: &random) : nil,
                defaultBackend: number(0..<4) == 0 ? backend() : nil, rules: rules, tls: tls))
    }

    private func service(_ namespace: String, _ name: String, random: inout SeededGenerator) -> KubernetesObject {
        var annotations = annotations(random: &random)
        if Int.random(in: 0..<5, using: &random) == 0 { annotations["only-when"] = ["x-a", "x-b"].randomElement(using: &random) }
        let ports = random.pick([
            [ServicePort(name: "http", port: 80)], [ServicePort(name: "http", port: 80), ServicePort(name: "more", port: 81)],
            [ServicePort(port: 80)],
        ])
        return Cluster.service(
            name, namespace: namespace, ports: ports, annotations: annotations,
            externalName: Int.random(in: 0..<8, using: &random) == 0 ? "pods.example.org" : nil,
            // Those of pods that slices have.
            addresses: Int.random(in: 0..<4, using: &random) == 0 ? ["10.0.0.\(Int.random(in: 1..<4, using: &random))"] : [])
    }

    /// The older form of slices.
    private func endpoints(_ namespace: String, _ service: String, random: inout SeededGenerator) -> KubernetesObject {
        let subsets = (0..<Int.random(in: 0..<3, using: &random)).map { number in
            EndpointSubset(
                addresses: ["10.0.1.\(number)"], notReadyAddresses: Bool.random(using: &random) ? ["10.0.1.9"] : [],
                ports: [EndpointPort(name: "http", port: 8080)])
        }
        return .endpoints(Endpoints(metadata: ObjectMeta(namespace: namespace, name: service), subsets: subsets))
    }

    private func slice(_ namespace: String, _ service: String, random: inout SeededGenerator) -> KubernetesObject {
        let endpoints = (1..<4).filter { _ in Bool.random(using: &random) }.map { number in
            let terminates = Int.random(in: 0..<5, using: &random) == 0
            return Endpoint(
                addresses: ["10.0.0.\(number)"], isReady: !terminates, isServing: true, isTerminating: terminates)
        }
        // A slice may change sides.
        let name = "s\(Int.random(in: 0..<4, using: &random))-\(Int.random(in: 0..<2, using: &random))"
        let port = random.pick([8080, 8080, 80])
        return Cluster.slice(
            endpoints, name: name, of: service, namespace: namespace, ports: [EndpointPort(name: "http", port: port)])
    }
}
