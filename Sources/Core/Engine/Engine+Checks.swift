extension Engine {
    /// What is wrong with annotations of Services that no route leads to, which assembling does not look at.
    public func unusedServiceFindings(_ store: ObjectStore, assembly: Assembly) -> [Finding] {
        let used = Set(assembly.routes.map(\.service)).union(
            assembly.valuesInForce.keys.filter(\.isTCPService).map(\.service))
        return store.services.keys.filter { !used.contains($0) }.sorted().flatMap { key -> [Finding] in
            let annotations = store.services[key]?.metadata.annotations ?? [:]
            let (set, findings) = registry.annotationSet(of: key, annotations: annotations, scope: .service)
            let values = set.entries.sorted { $0.key < $1.key }.compactMap { name, entry in
                registry.keys[name]?.flaw(of: entry, on: key)
            }
            return findings + values
        }
    }
}
