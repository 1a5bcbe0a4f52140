extension Engine {
    /// What is wrong with annotations of Services that no route leads to, which assembling does not look at.
    public func unusedServiceFindings(_ store: ObjectStore, assembly: AssemblyReport) -> [Finding] {
        let used = Set(assembly.routes.map(\.service)).union(
            assembly.valuesInForce.keys.filter(\.isTCPService).map(\.service))
        return store.services.keys.filter { !used.contains($0) }.sorted().flatMap { key -> [Finding] in
            let annotations = store.services[key]?.metadata.annotations ?? [:]
            let (set, findings) = registry.annotationSet(
                of: key, annotations: annotations, scope: .service, limits: options.environment.limits)
            let values = set.entries.sorted { $0.key < $1.key }.compactMap { name, entry in
                registry.keys[name]?.flaw(of: entry, on: key)
            }
            return findings + values
        }
    }
    /// What is wrong with the values of our Ingresses, of all Services and of the controller's ConfigMap, whether something reads
    /// them or not: a value that is not in force today may be tomorrow.
    public func valueFindings(_ store: ObjectStore) -> [Finding] {
        let handlers = HandlerRunner(
            registry: registry, environment: options.environment,
            objects: ObjectReader(secret: { _ in nil }, patternFile: { _ in nil }, sharedNamespaces: []), refusals: Refusals())
        let classes = IngressClasses(registry: registry, options: options, classes: store.ingressClasses)
        func set(_ key: ObjectKey, _ metadata: ObjectMeta, _ scope: Scope) -> AnnotationSet {
            registry.annotationSet(
                of: key, annotations: metadata.annotations, scope: scope, limits: options.environment.limits
            ).0
        }
        var sets: [AnnotationSet] = []
        for (key, ingress) in store.ingresses where options.includes(namespace: key.namespace) {
            let set = set(key, ingress.metadata, .ingress)
            if classes.verdict(on: ingress, named: handlers.className(set).name) == .ours { sets.append(set) }
        }
        for (key, service) in store.services where options.includes(namespace: key.namespace) {
            sets.append(set(key, service.metadata, .service))
        }
        let key = options.configMap.configMapKey
        if let configMap = store.configMaps[key] { sets.append(registry.configMapSet(configMap, object: key).0) }
        return sets.sorted { $0.object < $1.object }.flatMap { set in
            set.entries.sorted { $0.key < $1.key }.compactMap { name, entry in
                registry.keys[name]?.flaw(of: entry, on: set.object)
            }
        }
    }
}
