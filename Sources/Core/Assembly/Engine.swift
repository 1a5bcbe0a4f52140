/// Turns objects into the state that HAProxy should run. Pure: the same objects, options and time give the same result.
public struct Engine: Sendable {
    public let registry: AnnotationRegistry
    public internal(set) var options: EngineOptions

    public init(registry: AnnotationRegistry, options: EngineOptions) {
        self.registry = registry
        self.options = options
    }

    /// - Parameters:
    ///   - refusals: values that HAProxy refused; they count as values that do not parse.
    ///   - now: seconds since 1970, for the validity of certificates.
    public func assemble(_ store: ObjectStore, refusals: Refusals = Refusals(), now: Int) -> AssemblyReport {
        assemble(store, refusals: refusals, now: now, remembering: CertificateMemory())
    }

    /// - Parameter certificates: what Secrets held before.
    func assemble(
        _ store: ObjectStore, refusals: Refusals, now: Int, remembering certificates: CertificateMemory
    ) -> AssemblyReport {
        let live = Assembler(self, store: store, refusals: refusals, remembering: certificates)
        _ = live.update(now: now)
        return live.assembly
    }
}

/// What the engine made of the objects.
public struct AssemblyReport: Sendable {
    public let state: DesiredState
    /// In the order in which requests are matched: by host, then exact paths, then longer prefixes first.
    public let routes: [Route]
    /// What is wrong with the objects, by object.
    public let findings: [Finding]
    /// The annotations in force for a route's (Ingress, Service) pair.
    public let valuesInForce: [RouteContext: [ValueInForce]]
    /// The fixed rules of the frontends, in the order in which they run.
    var rules: [FrontendRules] = []
    /// Frontends that answer 503 to everything.
    var closedFrontends: Set<GlobalContribution.Frontend> = []
}
