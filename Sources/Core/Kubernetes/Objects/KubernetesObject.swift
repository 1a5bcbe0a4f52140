/// An object of any kind that the controller reads.
public enum KubernetesObject: Hashable, Sendable {
    case namespace(Namespace)
    case ingressClass(IngressClass)
    case ingress(Ingress)
    case service(Service)
    case endpointSlice(EndpointSlice)
    case endpoints(Endpoints)
    case secret(Secret)
    case configMap(ConfigMap)

    public var kind: ObjectKind {
        switch self {
        case .namespace: .namespace
        case .ingressClass: .ingressClass
        case .ingress: .ingress
        case .service: .service
        case .endpointSlice: .endpointSlice
        case .endpoints: .endpoints
        case .secret: .secret
        case .configMap: .configMap
        }
    }

    public var metadata: ObjectMeta {
        switch self {
        case .namespace(let namespace): namespace.metadata
        case .ingressClass(let ingressClass): ingressClass.metadata
        case .ingress(let ingress): ingress.metadata
        case .service(let service): service.metadata
        case .endpointSlice(let slice): slice.metadata
        case .endpoints(let endpoints): endpoints.metadata
        case .secret(let secret): secret.metadata
        case .configMap(let configMap): configMap.metadata
        }
    }

    public var key: ObjectKey {
        let metadata = metadata
        return ObjectKey(kind, namespace: metadata.namespace, name: metadata.name)
    }
}
