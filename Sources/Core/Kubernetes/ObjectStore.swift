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

    /// What a change of an object touches.
    public enum Effect: Equatable, Sendable {
        case none
        /// What depends on the object.
        case object
        /// The pods of Services.
        case endpoints(of: Set<ObjectKey>)
        /// The pods of Services, and what they say that they speak.
        case protocols(of: Set<ObjectKey>)
    }

    /// - Returns: what that changed: an API server also tells of changes in parts that nothing reads.
    @discardableResult
    public mutating func upsert(_ object: KubernetesObject) -> Effect {
        let key = object.key
        switch object {
        case .ingress(let ingress): return Self.set(ingress, at: key, in: &ingresses)
        case .ingressClass(let ingressClass): return Self.set(ingressClass, at: key.name, in: &ingressClasses)
        case .service(let service): return Self.set(service, at: key, in: &services)
        case .secret(let secret): return Self.set(secret, at: key, in: &secrets)
        case .configMap(let configMap): return Self.set(configMap, at: key, in: &configMaps)
        case .namespace: return namespaces.insert(key.name).inserted ? .object : .none
        case .endpoints(let value):
            let old = endpoints[key]
            guard Self.set(value, at: key, in: &endpoints) != .none else { return .none }
            let isEqual = (old?.subsets ?? []).flatMap(\.ports).protocols == value.subsets.flatMap(\.ports).protocols
            return isEqual ? .endpoints(of: [Self.service(of: key)]) : .protocols(of: [Self.service(of: key)])
        case .endpointSlice(let slice):
            if slices[key] == slice { return .none }
            let old = slices[key]
            var services = removeSlice(key)
            slices[key] = slice
            if let service = Self.service(of: slice) {
                slicesByService[service, default: []].insert(key)
                services.insert(service)
            }
            return old?.ports.protocols ?? [] == slice.ports.protocols ? .endpoints(of: services) : .protocols(of: services)
        }
    }

    /// - Returns: what that changed; nothing when it was not there.
    @discardableResult
    public mutating func remove(_ key: ObjectKey) -> Effect {
        let wasThere: Bool
        switch key.kind {
        case .ingress: wasThere = ingresses.removeValue(forKey: key) != nil
        case .ingressClass: wasThere = ingressClasses.removeValue(forKey: key.name) != nil
        case .service: wasThere = services.removeValue(forKey: key) != nil
        case .secret: wasThere = secrets.removeValue(forKey: key) != nil
        case .configMap: wasThere = configMaps.removeValue(forKey: key) != nil
        case .namespace: wasThere = namespaces.remove(key.name) != nil
        case .endpoints:
            guard let old = endpoints.removeValue(forKey: key) else { return .none }
            let isSilent = old.subsets.flatMap(\.ports).protocols.isEmpty
            return isSilent ? .endpoints(of: [Self.service(of: key)]) : .protocols(of: [Self.service(of: key)])
        case .endpointSlice:
            guard let old = slices[key] else { return .none }
            return old.ports.protocols.isEmpty ? .endpoints(of: removeSlice(key)) : .protocols(of: removeSlice(key))
        }
        return wasThere ? .object : .none
    }

    private static func set<Key: Hashable, Value: Equatable>(
        _ value: Value, at key: Key, in objects: inout [Key: Value]
    ) -> Effect {
        if objects[key] == value { return .none }
        objects[key] = value
        return .object
    }

    /// The slices of a Service, by name; made from its Endpoints object where there are none.
    public func slices(of service: ObjectKey) -> [EndpointSlice] {
        if let keys = slicesByService[service], let first = keys.first {
            return keys.count == 1 ? slices[first].map { [$0] } ?? [] : keys.sorted().compactMap { slices[$0] }
        }
        return endpoints[ObjectKey(.endpoints, namespace: service.namespace, name: service.name)]?.slices() ?? []
    }

    /// The Services of a namespace whose pods some object tells.
    func servicesWithPods(in namespace: String) -> Set<ObjectKey> {
        Set(slicesByService.keys.filter { $0.namespace == namespace })
            .union(endpoints.keys.filter { $0.namespace == namespace }.map(Self.service))
    }

    /// The object of a key; nil when there is none.
    public func object(_ key: ObjectKey) -> KubernetesObject? {
        switch key.kind {
        case .ingress: ingresses[key].map(KubernetesObject.ingress)
        case .ingressClass: ingressClasses[key.name].map(KubernetesObject.ingressClass)
        case .service: services[key].map(KubernetesObject.service)
        case .secret: secrets[key].map(KubernetesObject.secret)
        case .configMap: configMaps[key].map(KubernetesObject.configMap)
        case .namespace: namespaces.contains(key.name) ? .namespace(Namespace(metadata: ObjectMeta(name: key.name))) : nil
        case .endpoints: endpoints[key].map(KubernetesObject.endpoints)
        case .endpointSlice: slices[key].map(KubernetesObject.endpointSlice)
        }
    }

    /// The same objects with some of the Ingresses alone.
    func keeping(ingresses kept: Set<ObjectKey>) -> ObjectStore {
        var store = self
        store.ingresses = Dictionary(uniqueKeysWithValues: kept.compactMap { key in ingresses[key].map { (key, $0) } })
        return store
    }

    /// The Service whose pods an EndpointSlice or Endpoints object tells.
    func service(ofEndpoints key: ObjectKey) -> ObjectKey? {
        key.kind == .endpoints ? Self.service(of: key) : slices[key].flatMap(Self.service)
    }

    /// The objects that tell the pods of a Service.
    func endpointObjects(of service: ObjectKey) -> [ObjectKey] {
        if let slices = slicesByService[service], !slices.isEmpty { return slices.sorted() }
        let key = ObjectKey(.endpoints, namespace: service.namespace, name: service.name)
        return endpoints[key] == nil ? [] : [key]
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

    /// An Endpoints object has the name of its Service.
    private static func service(of endpoints: ObjectKey) -> ObjectKey {
        ObjectKey(.service, namespace: endpoints.namespace, name: endpoints.name)
    }

    /// - Returns: the Service that it belonged to.
    private mutating func removeSlice(_ key: ObjectKey) -> Set<ObjectKey> {
        guard let slice = slices.removeValue(forKey: key), let service = Self.service(of: slice) else { return [] }
        slicesByService[service]?.remove(key)
        if slicesByService[service]?.isEmpty == true { slicesByService[service] = nil }
        return [service]
    }
}

extension [EndpointPort] {
    /// The ports that say what is spoken there; the names of most say nothing.
    fileprivate var protocols: Set<EndpointPort> { Set(filter { $0.appProtocol != nil }) }
}
