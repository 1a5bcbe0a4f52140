/// The sources of routes that depend on each object.
struct Dependents {
    private var byService: [ObjectKey: Set<RouteSource>] = [:]
    private var bySecret: [ObjectKey: Set<RouteSource>] = [:]
    /// By the paths of files that routes bring.
    private var byFile: [String: Set<RouteSource>] = [:]
    /// The ConfigMap that ``RouteSource/tcpServices`` is made of.
    let tcpServices: ObjectKey?
    /// Secrets that came into use or went out of it.
    private var touchedSecrets: Set<ObjectKey> = []
    /// Secrets that may have gone out of use.
    private var unnamedSecrets: Set<ObjectKey> = []

    init(tcpServices: ObjectKey?) {
        self.tcpServices = tcpServices
    }

    mutating func noteUnnamed(_ secrets: Set<ObjectKey>) { unnamedSecrets.formUnion(secrets) }

    mutating func takeUnnamedSecrets() -> Set<ObjectKey> {
        defer { unnamedSecrets = [] }
        return unnamedSecrets
    }

    mutating func takeTouchedSecrets() -> Set<ObjectKey> {
        defer { touchedSecrets = [] }
        return touchedSecrets
    }

    mutating func add(_ plan: ObjectPlan) {
        for service in plan.services { byService[service, default: []].insert(plan.source) }
        for secret in plan.secrets {
            if bySecret[secret] == nil { touchedSecrets.insert(secret) }
            bySecret[secret, default: []].insert(plan.source)
        }
        for path in Self.paths(of: plan) { byFile[path, default: []].insert(plan.source) }
    }

    private static func paths(of plan: ObjectPlan) -> [String] {
        plan.planned.flatMap { $0.plan.contribution.files.map(\.path) }
    }

    /// Those of whose routes some bring a file of that path.
    func sources(ofFile path: String) -> Set<RouteSource> { byFile[path] ?? [] }

    mutating func remove(_ plan: ObjectPlan) {
        for service in plan.services { Self.remove(plan.source, from: service, in: &byService) }
        for path in Self.paths(of: plan) { Self.remove(plan.source, from: path, in: &byFile) }
        for secret in plan.secrets {
            Self.remove(plan.source, from: secret, in: &bySecret)
            if bySecret[secret] == nil {
                touchedSecrets.insert(secret)
                unnamedSecrets.insert(secret)
            }
        }
    }

    private static func remove<Thing>(_ source: RouteSource, from object: Thing, in index: inout [Thing: Set<RouteSource>]) {
        index[object]?.remove(source)
        if index[object]?.isEmpty == true { index[object] = nil }
    }

    func names(_ secret: ObjectKey) -> Bool { bySecret[secret] != nil }

    func sources(of objects: Set<ObjectKey>) -> Set<RouteSource> {
        var sources: Set<RouteSource> = []
        for object in objects {
            switch object.kind {
            case .ingress: sources.insert(.ingress(object))
            case .service: sources.formUnion(byService[object] ?? [])
            case .secret: sources.formUnion(bySecret[object] ?? [])
            case .configMap: if object == tcpServices { sources.insert(.tcpServices) }
            case .ingressClass, .namespace, .endpointSlice, .endpoints: break
            }
        }
        return sources
    }
}
