/// The annotations of Services, read once until the Service changes.
final class ServiceAnnotations {
    private let registry: AnnotationRegistry
    private let limits: ResourceLimits
    private var sets: [ObjectKey: (set: AnnotationSet, findings: [Finding])] = [:]

    init(_ registry: AnnotationRegistry, _ limits: ResourceLimits) {
        (self.registry, self.limits) = (registry, limits)
    }

    func forget(_ service: ObjectKey) { sets[service] = nil }

    func set(of key: ObjectKey, in store: ObjectStore) -> (set: AnnotationSet, findings: [Finding])? {
        if let known = sets[key] { return known }
        guard let service = store.services[key] else { return nil }
        let result = registry.annotationSet(
            of: key, annotations: service.metadata.annotations, scope: .service, limits: limits)
        sets[key] = result
        return result
    }
}
