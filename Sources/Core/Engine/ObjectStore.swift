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

    /// - Returns: whether that changed anything: an API server also tells of changes in parts that nothing reads.
    @discardableResult
    public mutating func upsert(_ object: KubernetesObject) -> Bool {
        let key = object.key
        switch object {
        case .ingress(let ingress): return Self.set(ingress, at: key, in: &ingresses)
        case .ingressClass(let ingressClass): return Self.set(ingressClass, at: key.name, in: &ingressClasses)
        case .service(let service): return Self.set(service, at: key, in: &services)
        case .secret(let secret): return Self.set(secret, at: key, in: &secrets)
        case .configMap(let configMap): return Self.set(configMap, at: key, in: &configMaps)
        case .namespace: return namespaces.insert(key.name).inserted
        case .endpoints(let value): return Self.set(value, at: key, in: &endpoints)
        case .endpointSlice(let slice):
            if slices[key] == slice { return false }
            removeSlice(key)
            slices[key] = slice
            if let service = Self.service(of: slice) { slicesByService[service, default: []].insert(key) }
            return true
        }
    }

    /// - Returns: whether it was there.
    @discardableResult
    public mutating func remove(_ key: ObjectKey) -> Bool {
        switch key.kind {
        case .ingress: ingresses.removeValue(forKey: key) != nil
        case .ingressClass: ingressClasses.removeValue(forKey: key.name) != nil
        case .service: services.removeValue(forKey: key) != nil
        case .secret: secrets.removeValue(forKey: key) != nil
        case .configMap: configMaps.removeValue(forKey: key) != nil
        case .namespace: namespaces.remove(key.name) != nil
        case .endpoints: endpoints.removeValue(forKey: key) != nil
        case .endpointSlice: removeSlice(key)
        }
    }

    private static func set<Key: Hashable, Value: Equatable>(
        _ value: Value, at key: Key, in objects: inout [Key: Value]
    ) -> Bool {
        if objects[key] == value { return false }
        objects[key] = value
        return true
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

    @discardableResult
    private mutating func removeSlice(_ key: ObjectKey) -> Bool {
        guard let slice = slices.removeValue(forKey: key) else { return false }
        if let service = Self.service(of: slice) {
            slicesByService[service]?.remove(key)
            if slicesByService[service]?.isEmpty == true { slicesByService[service] = nil }
        }
        return true
    }
}
