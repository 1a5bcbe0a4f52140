/// Some objects by themselves, with what they need: HAProxy is asked about them apart from all others, to find out which of them it
/// refuses.
///
/// The objects on trial are in their new versions; all others are as they were when HAProxy last took them. The operator's
/// ConfigMaps belong to every trial.
public struct Trial: Sendable {
    /// What is proven or refused as one.
    public enum Element: Hashable, Sendable {
        /// An Ingress, Service, EndpointSlice, Endpoints or Secret.
        case object(ObjectKey)
        /// The value of an annotation, or of a ConfigMap's key.
        case value(ObjectKey, key: String, value: String)
        /// A file that the controller's own lines name, such as a certificate.
        case file(ConfigurationFile)

        /// The object that changed; nil for a file.
        public var object: ObjectKey? {
            switch self {
            case .object(let object), .value(let object, _, _): object
            case .file: nil
            }
        }
    }

    /// What stands beside the objects on trial.
    public enum Context: Sendable {
        /// Nothing but what they need.
        case apart
        /// All objects that HAProxy took.
        case whole
    }

    let engine: Engine
    /// The objects that HAProxy took.
    private(set) var accepted: ObjectStore
    /// The new versions of those on trial.
    public let suspects: [ObjectKey: KubernetesObject]
    /// What HAProxy refused before.
    private let refusals: Refusals
    /// Seconds since 1970.
    let now: Int
    /// Whether all values of ConfigMaps are on trial, not only new ones.
    private let doubtsAllValues: Bool
    /// For each suspect that is no Ingress, the Ingresses that it has a part in.
    private let users: [ObjectKey: Set<ObjectKey>]

    /// A trial of objects whose new versions HAProxy has not taken yet.
    ///
    /// - Parameters:
    ///   - live: the objects that HAProxy took.
    ///   - suspects: the new versions of those on trial.
    public init(_ live: Assembler, suspects: [ObjectKey: KubernetesObject], now: Int) {
        self.init(live, suspects: suspects, doubtsAllValues: false, now: now)
    }

    /// A trial of everything: HAProxy took nothing yet, or refuses what it took before.
    public init(ofEverythingIn live: Assembler, now: Int) {
        var suspects = live.store.ingresses.mapValues { KubernetesObject.ingress($0) }
        for name in live.engine.options.configMaps {
            suspects[name.configMapKey] = live.store.configMaps[name.configMapKey].map { .configMap($0) }
        }
        self.init(live, suspects: suspects, doubtsAllValues: true, now: now)
    }

    private init(_ live: Assembler, suspects: [ObjectKey: KubernetesObject], doubtsAllValues: Bool, now: Int) {
        engine = live.engine
        accepted = live.store
        refusals = live.refusals
        self.suspects = suspects
        self.doubtsAllValues = doubtsAllValues
        self.now = now
        users = suspects.keys.reduce(into: [:]) { users, key in
            guard key.kind != .ingress else { return }
            users[key] = live.ingresses(dependingOn: [key])
        }
    }

    /// What there is to prove: the suspects, and of a ConfigMap its values.
    public var elements: [Element] {
        suspects.keys.sorted { ($0.namespace, $0) < ($1.namespace, $1) }.flatMap(elements)
    }

    /// The elements in the order in which they have a right to what not all can have: older objects first, and the operator's values,
    /// which no route needs, last.
    public var elementsByAge: [Element] {
        func rank(_ element: Element) -> (Int, String) {
            if case .value = element { return (1, "") }
            return (0, element.object.flatMap { suspects[$0]?.metadata.creationTimestamp } ?? "~")
        }
        return elements.map { ($0, rank($0)) }.enumerated()
            .sorted { a, b in a.element.1 == b.element.1 ? a.offset < b.offset : a.element.1 < b.element.1 }.map(\.element.0)
    }

    private func elements(of key: ObjectKey) -> [Element] {
        guard case .configMap(let configMap)? = suspects[key] else { return [.object(key)] }
        let known = doubtsAllValues ? [:] : accepted.configMaps[key]?.data ?? [:]
        return configMap.data.sorted { $0.key < $1.key }.filter { known[$0.key] != $0.value }
            .map { .value(key, key: $0.key, value: $0.value) }
    }

    /// The value that a line of a configuration comes from; nil for the controller's own lines.
    public func element(of origin: Origin) -> Element? {
        guard let object = origin.object, let key = origin.key, let found = suspects[object] ?? accepted.object(object) else {
            return nil
        }
        let values = if case .configMap(let configMap) = found { configMap.data } else { Self.annotations(of: found) }
        return values[key].map { .value(object, key: key, value: $0) }
    }

    /// A line of a file of `--configmap-patternfiles`; nil where there is no such ConfigMap.
    public func element(ofLine line: String, inPatternFile name: String) -> Element? {
        guard let object = engine.options.patternFilesConfigMap?.configMapKey else { return nil }
        return .value(object, key: name, value: line)
    }

    /// Whether a line comes from an object on trial.
    public func isSuspect(_ origin: Origin) -> Bool {
        guard let object = origin.object else { return false }
        return suspects[object] != nil || doubtsAllValues
    }

    /// Whether a line comes from an Ingress that an object on trial has a part in: a value may be older than the Service that brings it
    /// to HAProxy.
    public func isBrought(_ origin: Origin) -> Bool {
        guard let object = origin.object else { return false }
        return users.values.contains { $0.contains(object) }
    }

    /// The version of an object that HAProxy is asked about.
    public func version(of object: ObjectKey) -> KubernetesObject? { suspects[object] ?? accepted.object(object) }

    /// The values of the operator's ConfigMaps that are not on trial.
    public var operatorValues: [Element] {
        engine.options.configMaps.map(\.configMapKey).sorted().flatMap { key -> [Element] in
            let data = accepted.configMaps[key]?.data ?? [:]
            return data.sorted { $0.key < $1.key }.map { .value(key, key: $0.key, value: $0.value) }
        }
    }

    /// The Secrets that the objects on trial name and that are not there.
    public var missingSecrets: Set<ObjectKey> {
        let live = assembly(of: elements, .apart, without: [])
        _ = live.update(now: now)
        return live.takeSecretChanges().filter { live.names($0) && live.store.secrets[$0] == nil }
    }

    /// Adds Secrets that the objects on trial name.
    public mutating func add(_ secrets: [Secret]) {
        for secret in secrets { accepted.upsert(.secret(secret)) }
    }

    /// The state that some elements lead to.
    ///
    /// - Parameter refused: what counts as refused beside what HAProxy refused before.
    public func state(of elements: [Element], _ context: Context, without refused: Set<Element> = []) -> DesiredState {
        let live = assembly(of: elements, context, without: refused)
        _ = live.update(now: now)
        return live.state
    }

    /// The parts of an element that can be refused by themselves, in groups that are likelier to be to blame first: the annotations of
    /// an Ingress and of the Services that it names, and the objects that tell their pods and hold its certificates; of other objects
    /// their annotations and those of the Ingresses that they have a part in.
    public func parts(of element: Element) -> [[Element]] {
        guard case .object(let object) = element else { return [] }
        let live = assembly(of: [element], .apart, without: [])
        _ = live.update(now: now)
        let named = (object.kind == .ingress ? live.objectsNamed(by: object) : users[object] ?? []).sorted()
        let values = ([object] + named).flatMap { key in
            Self.annotations(of: live.store.object(key)).sorted { $0.key < $1.key }
                .filter { engine.registry.name(ofAnnotation: $0.key) != nil }
                .map { Element.value(key, key: $0.key, value: $0.value) }
        }
        // A Service without its annotations and pods has nothing that HAProxy could refuse, and Ingresses are on trial by themselves.
        let objects = named.filter { ![.service, .ingress].contains($0.kind) && live.store.object($0) != nil }.map(Element.object)
        return [values, objects, values + objects].filter { !$0.isEmpty }
    }

    private func assembly(of elements: [Element], _ context: Context, without refused: Set<Element>) -> Assembler {
        var store = accepted
        var ingresses: Set<ObjectKey> = []
        var refusals = refusals
        let chosen = Set(elements.compactMap(\.object))
        for (key, object) in suspects {
            // An Ingress may need what came with it.
            guard chosen.contains(key) || key.kind != .ingress && key.kind != .configMap else { continue }
            store.upsert(object)
            guard chosen.contains(key) else { continue }
            if key.kind == .ingress { ingresses.insert(key) } else { ingresses.formUnion(users[key] ?? []) }
            refusals.lift(key)
        }
        if case .apart = context { store = store.keeping(ingresses: ingresses) }
        for element in refused { Self.refuse(element, store, &refusals) }
        // Values of a ConfigMap that are not asked about are not in force.
        let asked = Set(elements)
        for case .configMap(let configMap) in suspects.values {
            let key = KubernetesObject.configMap(configMap).key
            guard doubtsAllValues || chosen.contains(key) else { continue }
            for element in self.elements(of: key) where !asked.contains(element) {
                Self.refuse(element, store, &refusals)
            }
        }
        return Assembler(engine, store: store, refusals: refusals)
    }

    private static func refuse(_ element: Element, _ store: ObjectStore, _ refusals: inout Refusals) {
        let reason = "is on trial"
        switch element {
        case .object(let key): if let object = store.object(key) { refusals.refuse(object, reason: reason) }
        case .value(let object, let key, let value): refusals.refuse(object, key: key, value: value, reason: reason)
        case .file(let file): refusals.refuse(file, reason: reason)
        }
    }

    private static func annotations(of object: KubernetesObject?) -> [String: String] {
        switch object {
        case .ingress(let ingress): ingress.metadata.annotations
        case .service(let service): service.metadata.annotations
        default: [:]
        }
    }
}
