/// What asks for routes: an Ingress, the operator's default backend or the ConfigMap of TCP services. It is planned by itself, and
/// anew when an object changes that it depends on.
final class Unit {
    enum Key: Hashable {
        case ingress(ObjectKey)
        case operatorDefault
        case tcpServices
    }

    let key: Key
    var isOurs = false
    /// When the Ingress was created; without a time it counts as new.
    var created = ""
    var claims: [RouteClaim] = []
    private(set) var planned: [PlannedContext] = []
    /// The plans by context, where there are so many that looking through them would take long.
    private var index: [RouteContext: PlannedContext] = [:]
    /// What is wrong whoever else is there.
    var findings: [Finding] = []
    /// The Services that it names, whether they exist or not.
    var services: Set<ObjectKey> = []
    /// The Secrets that its handlers and `spec.tls` name, whether they exist or not.
    var secrets: Set<ObjectKey> = []
    /// The Secrets whose certificates it uses, once for each use.
    var certificateSecrets: [ObjectKey] = []
    /// The hosts of its rules, as the maps have them.
    var hosts: Set<String> = []
    /// The files of the certificates that it brings.
    var certificates: Set<String> = []
    /// The hosts that it brings certificates for.
    var certificateHosts: Set<String> = []

    init(_ key: Key) {
        self.key = key
    }

    func plan(for context: RouteContext) -> PlannedContext? {
        index.isEmpty ? planned.first { $0.context == context } : index[context]
    }

    func add(_ plan: PlannedContext) {
        planned.append(plan)
        if planned.count == 16 {
            for plan in planned { index[plan.context] = plan }
        } else if planned.count > 16 {
            index[plan.context] = plan
        }
    }
}

/// Which units depend on which objects.
struct Dependents {
    private var byService: [ObjectKey: Set<Unit.Key>] = [:]
    private var bySecret: [ObjectKey: Set<Unit.Key>] = [:]
    /// By the paths of files that routes bring.
    private var byFile: [String: Set<Unit.Key>] = [:]
    /// The ConfigMap that ``Unit/Key/tcpServices`` is made of.
    var tcpServices: ObjectKey?
    /// Secrets that came into use or went out of it.
    private var touchedSecrets: Set<ObjectKey> = []
    /// Secrets that may have gone out of use.
    private var unnamedSecrets: Set<ObjectKey> = []

    mutating func noteUnnamed(_ secrets: Set<ObjectKey>) { unnamedSecrets.formUnion(secrets) }

    mutating func takeUnnamedSecrets() -> Set<ObjectKey> {
        defer { unnamedSecrets = [] }
        return unnamedSecrets
    }

    mutating func takeTouchedSecrets() -> Set<ObjectKey> {
        defer { touchedSecrets = [] }
        return touchedSecrets
    }

    mutating func add(_ unit: Unit) {
        for service in unit.services { byService[service, default: []].insert(unit.key) }
        for secret in unit.secrets {
            if bySecret[secret] == nil { touchedSecrets.insert(secret) }
            bySecret[secret, default: []].insert(unit.key)
        }
        for path in Self.paths(of: unit) { byFile[path, default: []].insert(unit.key) }
    }

    private static func paths(of unit: Unit) -> [String] {
        unit.planned.flatMap { $0.plan.contribution.files.map(\.path) }
    }

    /// Those of whose routes some bring a file of that path.
    func units(ofFile path: String) -> Set<Unit.Key> { byFile[path] ?? [] }

    mutating func remove(_ unit: Unit) {
        for service in unit.services { Self.remove(unit.key, from: service, in: &byService) }
        for path in Self.paths(of: unit) { Self.remove(unit.key, from: path, in: &byFile) }
        for secret in unit.secrets {
            Self.remove(unit.key, from: secret, in: &bySecret)
            if bySecret[secret] == nil {
                touchedSecrets.insert(secret)
                unnamedSecrets.insert(secret)
            }
        }
    }

    private static func remove<Thing>(_ key: Unit.Key, from object: Thing, in index: inout [Thing: Set<Unit.Key>]) {
        index[object]?.remove(key)
        if index[object]?.isEmpty == true { index[object] = nil }
    }

    var secrets: Set<ObjectKey> { Set(bySecret.keys) }

    func names(_ secret: ObjectKey) -> Bool { bySecret[secret] != nil }

    /// Whether routes lead to a Service, or would if it were there.
    func uses(_ service: ObjectKey) -> Bool { byService[service] != nil }

    func units(of objects: Set<ObjectKey>) -> Set<Unit.Key> {
        var units: Set<Unit.Key> = []
        for object in objects {
            switch object.kind {
            case .ingress: units.insert(.ingress(object))
            case .service: units.formUnion(byService[object] ?? [])
            case .secret: units.formUnion(bySecret[object] ?? [])
            case .configMap: if object == tcpServices { units.insert(.tcpServices) }
            case .ingressClass, .namespace, .endpointSlice, .endpoints: break
            }
        }
        return units
    }
}
