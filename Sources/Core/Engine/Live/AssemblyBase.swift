/// What holds for all routes: the operator's ConfigMaps, the IngressClasses, and what the handlers of the whole HAProxy make of them.
struct AssemblyBase {
    var handlers: HandlerRun
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
    private let configMaps: Set<ObjectKey>
    /// When a certificate begins or ceases to be valid next, in seconds since 1970.
    var nextValidityChange = Int.max

    init(_ engine: Engine, _ objects: RecordingStore, _ refusals: Refusals) {
        let store = objects.store
        let options = engine.options
        let patterns = options.patternFilesConfigMap.flatMap { store.configMaps[$0.configMapKey] }?.data ?? [:]
        handlers = HandlerRun(
            registry: engine.registry, environment: options.environment,
            objects: ObjectReader(
                secret: { objects.secret($0) }, patternFile: { patterns[$0] }, sharedNamespaces: options.sharedSecretNamespaces),
            refusals: refusals)
        classes = IngressClasses(registry: engine.registry, options: options, classes: store.ingressClasses)
        let key = options.configMap.configMapKey
        if let configMap = store.configMaps[key] {
            let (set, found) = engine.registry.configMapSet(configMap, object: key)
            configMapSet = set
            findings = found
        }
        for (name, text) in patterns where name.isFileName {
            files.append(ConfigurationFile(path: "patterns/\(name)", content: Array(text.utf8), kind: .plain))
        }
        let (global, found) = handlers.global(configMapSet)
        self.global = global
        findings += found
        files += global.files
        configMaps = Set(
            [options.configMap, options.patternFilesConfigMap, options.errorFilesConfigMap].compactMap { $0?.configMapKey })
        addErrorPages(store, options: options, refusals: refusals)
    }

    /// Whether everything has to be made anew when an object changes.
    func concernsAll(_ key: ObjectKey) -> Bool {
        switch key.kind {
        case .ingressClass: true
        case .configMap: configMaps.contains(key)
        case .secret: secrets.contains(key)
        case .ingress, .service, .endpointSlice, .endpoints, .namespace: false
        }
    }
}

extension EngineOptions.ObjectName {
    var configMapKey: ObjectKey { ObjectKey(.configMap, namespace: namespace, name: name) }
    var serviceKey: ObjectKey { ObjectKey(.service, namespace: namespace, name: name) }
    var secretKey: ObjectKey { ObjectKey(.secret, namespace: namespace, name: name) }
}
