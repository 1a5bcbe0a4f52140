/// The objects as they are now.
public struct ObjectStore: Sendable {
    public private(set) var ingresses: [ObjectKey: Ingress] = [:]
    public private(set) var ingressClasses: [String: IngressClass] = [:]
    public private(set) var services: [ObjectKey: Service] = [:]
    public private(set) var secrets: [ObjectKey: Secret] = [:]
    public private(set) var configMaps: [ObjectKey: ConfigMap] = [:]
    public private(set) var namespaces: Set<String> = []
    private var slices: [ObjectKey: EndpointSlice] = [:]
    private var slicesByService: [ObjectKey: Set<ObjectKey>] = [:]
    private var endpoints: [ObjectKey: Endpoints] = [:]

    public init() {}

    public init(_ objects: some Sequence<KubernetesObject>) {
        for object in objects { upsert(object) }
    }

    public mutating func upsert(_ object: KubernetesObject) {
        let key = object.key
        switch object {
        case .ingress(let ingress): ingresses[key] = ingress
        case .ingressClass(let ingressClass): ingressClasses[key.name] = ingressClass
        case .service(let service): services[key] = service
        case .secret(let secret): secrets[key] = secret
        case .configMap(let configMap): configMaps[key] = configMap
        case .namespace: namespaces.insert(key.name)
        case .endpoints(let value): endpoints[key] = value
        case .endpointSlice(let slice):
            removeSlice(key)
            slices[key] = slice
            if let service = Self.service(of: slice) { slicesByService[service, default: []].insert(key) }
        }
    }

    public mutating func remove(_ key: ObjectKey) {
        switch key.kind {
        case .ingress: ingresses[key] = nil
        case .ingressClass: ingressClasses[key.name] = nil
        case .service: services[key] = nil
        case .secret: secrets[key] = nil
        case .configMap: configMaps[key] = nil
        case .namespace: namespaces.remove(key.name)
        case .endpoints: endpoints[key] = nil
        case .endpointSlice: removeSlice(key)
        }
    }

    /// The slices of a Service, by name; made from its Endpoints object where there are none.
    public func slices(of service: ObjectKey) -> [EndpointSlice] {
        if let keys = slicesByService[service], !keys.isEmpty { return keys.sorted().compactMap { slices[$0] } }
        return endpoints[ObjectKey(.endpoints, namespace: service.namespace, name: service.name)]?.slices() ?? []
    }

    /// How many objects of each kind there are.
    public var counts: [ObjectKind: Int] {
        [
            .ingress: ingresses.count, .ingressClass: ingressClasses.count, .service: services.count, .secret: secrets.count,
            .configMap: configMaps.count, .namespace: namespaces.count, .endpointSlice: slices.count, .endpoints: endpoints.count,
        ]
    }

    private static func service(of slice: EndpointSlice) -> ObjectKey? {
        slice.serviceName.map { ObjectKey(.service, namespace: slice.metadata.namespace, name: $0) }
    }

    private mutating func removeSlice(_ key: ObjectKey) {
        guard let slice = slices.removeValue(forKey: key), let service = Self.service(of: slice) else { return }
        slicesByService[service]?.remove(key)
        if slicesByService[service]?.isEmpty == true { slicesByService[service] = nil }
    }
}
