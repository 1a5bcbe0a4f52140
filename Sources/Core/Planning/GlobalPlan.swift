/// What holds for all routes: the operator's ConfigMaps, the IngressClasses, and what the handlers of the whole HAProxy make of them.
struct GlobalPlan {
    var handlers: HandlerRunner
    let classes: IngressClasses
    private(set) var configMapSet: AnnotationSet?
    let global: GlobalContribution
    var findings: [Finding] = []
    /// Pattern files, error pages, and what the handlers of the whole HAProxy contribute.
    var files: [ConfigurationFile] = []
    /// The lines of `defaults` that name error pages.
    var errorPages: [Traced<Directive>] = []
    /// The Secrets that all this named.
    var secrets: Set<ObjectKey> = []
    /// When a certificate begins or ceases to be valid next, in seconds since 1970.
    var nextValidityChange = Int.max

    init(_ registry: AnnotationRegistry, _ options: EngineOptions, _ objects: RecordingStore) {
        let (store, refusals) = (objects.store, objects.refusals)
        let patternsConfigMap = options.patternFilesConfigMap.flatMap { store.configMaps[$0.configMapKey] }
        let patterns = patternsConfigMap?.data ?? [:]
        handlers = HandlerRunner(
            registry: registry, environment: options.environment,
            objects: ObjectReader(
                secret: { objects.secret($0) },
                certificates: { key, secret, parts, file in
                    objects.certificates.certificates(of: key, secret, parts: parts) { objects.refusals.refusal(of: file($1)) }
                },
                patternFile: { patterns[$0] },
                missingPatterns: patternsConfigMap == nil
                    ? options.patternFilesConfigMap?.configMapKey ?? ObjectKey(.configMap, namespace: "", name: "patterns") : nil,
                refusal: { objects.refusals.refusal(of: $0) },
                sharedNamespaces: options.sharedSecretNamespaces),
            refusals: refusals)
        classes = IngressClasses(registry: registry, options: options, classes: store.ingressClasses)
        let key = options.configMap.configMapKey
        if let configMap = store.configMaps[key] {
            let (set, found) = registry.configMapSet(configMap, object: key)
            configMapSet = set
            findings = found
        }
        var (global, found) = handlers.global(configMapSet)
        if let size = global.size("tune.bufsize"), size != options.environment.bufferSize {
            handlers.environment.configuredBufferSize = size
            // Their own texts have the limits of the size, too.
            (global, found) = handlers.global(configMapSet)
        }
        self.global = global
        if let object = options.patternFilesConfigMap?.configMapKey { addPatternFiles(patterns, of: object, refusals) }
        handlers.environment.allowsExperimentalDirectives = global.allowsExperimentalDirectives
        findings += found
        files += global.files
        addErrorPages(store, options: options, refusals: refusals)
    }

    /// What a changed object may lead to, beside the units that depend on it.
    enum Effect: Int, Comparable {
        case none
        /// What holds for all routes is another, and the routes are what they were.
        case base
        /// Every route may be another.
        case routes

        static func < (a: Effect, b: Effect) -> Bool { a.rawValue < b.rawValue }
    }

    /// - Parameter registry: the engine's.
    func effect(of key: ObjectKey, in store: ObjectStore, options: EngineOptions, registry: AnnotationRegistry) -> Effect {
        switch key.kind {
        case .ingressClass: return .routes
        case .configMap:
            if key == options.patternFilesConfigMap?.configMapKey { return .routes }
            if key == options.configMap.configMapKey {
                let new = store.configMaps[key].map { registry.configMapSet($0, object: key).0 }
                let (old, now) = (configMapSet?.entriesOfRoutes(registry), new?.entriesOfRoutes(registry))
                return old ?? [:] == now ?? [:] ? .base : .routes
            }
            return key == options.errorFilesConfigMap?.configMapKey ? .base : .none
        case .secret: return secrets.contains(key) ? .base : .none
        case .ingress, .service, .endpointSlice, .endpoints, .namespace: return .none
        }
    }
}

extension AnnotationSet {
    /// Those that the handlers of routes may read.
    fileprivate func entriesOfRoutes(_ registry: AnnotationRegistry) -> [String: Entry] {
        entries.filter { registry.isReadByRoutes($0.key) }
    }
}

extension EngineOptions.ObjectName {
    var configMapKey: ObjectKey { ObjectKey(.configMap, namespace: namespace, name: name) }
    var serviceKey: ObjectKey { ObjectKey(.service, namespace: namespace, name: name) }
    var secretKey: ObjectKey { ObjectKey(.secret, namespace: namespace, name: name) }
}
