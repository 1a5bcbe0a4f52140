/// An object that asks for routes. Each is planned by itself, and anew when an object changes that it depends on.
enum RouteSource: Hashable {
    case ingress(ObjectKey)
    /// The operator's default backend.
    case operatorDefault
    /// The ConfigMap of TCP services.
    case tcpServices
}

/// What one object asks for: routes, hosts and certificates. A plan is made from objects alone; the assembler enters it into the
/// tables, which decide what the object gets.
struct ObjectPlan {
    let source: RouteSource
    var isOurs = false
    /// When the Ingress was created; without a time it counts as new.
    var created = ""
    var routes: [PlannedRoute] = []
    private(set) var planned: [PlannedContext] = []
    /// The plans by context, where there are so many that looking through them would take long.
    private var index: [RouteContext: PlannedContext] = [:]
    /// What is wrong, whoever else is there.
    var findings: [Finding] = []
    /// The Services that it names, whether they exist or not.
    var services: Set<ObjectKey> = []
    /// The Secrets that its handlers and `spec.tls` name, whether they exist or not.
    var secrets: Set<ObjectKey> = []
    /// The hosts of its rules, as the maps have them.
    var hosts: Set<String> = []
    var certificates = Certificates()
    var tcpServices: [PlannedTCPService] = []

    init(_ source: RouteSource) {
        self.source = source
    }

    /// The certificates that it brings.
    struct Certificates {
        /// The Secrets whose certificates it uses, once for each use.
        var secrets: [(key: ObjectKey, loaded: LoadedSecret)] = []
        /// The files of the certificates, with the names that each is for.
        var files: [(path: String, names: [String], algorithm: KeyAlgorithm)] = []
        /// The hosts that it brings them for.
        var claims: [CertificateClaim] = []
    }

    func planned(for context: RouteContext) -> PlannedContext? {
        index.isEmpty ? planned.first { $0.context == context } : index[context]
    }

    mutating func add(_ plan: PlannedContext) {
        planned.append(plan)
        if planned.count == 16 {
            for plan in planned { index[plan.context] = plan }
        } else if planned.count > 16 {
            index[plan.context] = plan
        }
    }
}
