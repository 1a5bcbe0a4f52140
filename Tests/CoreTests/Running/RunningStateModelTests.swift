import TestSupport
import Testing

@testable import Core

/// Random objects come, change and go; what was changed at run time must equal what loading the same objects gives.
@Suite struct RunningStateModelTests {
    enum Change { case endpoints, knownPath, certificate, anything }

    struct Objects {
        var objects: [ObjectKey: KubernetesObject] = [:]
        mutating func put(_ object: KubernetesObject) { objects[object.key] = object }
    }

    @Test(arguments: 0..<6, [false, true])
    func `A HAProxy that was changed at run time does what a freshly started one does`(_ round: Int, createsBackends: Bool) throws
    {
        var random = SeededGenerator()
        for _ in 0..<round { _ = random.next() }
        let pems = try (0..<4).map { try Cluster.certificate("c", for: ["c\($0).example.com"]) }
        var cluster = Objects()
        for name in ["s0", "s1", "s2"] {
            cluster.put(Cluster.service(name))
            cluster.put(slice(name, &random))
        }
        let state = withReserve(try assemble(cluster), createsBackends)
        var running = RunningState(loaded: state)
        var simulated = SimulatedHAProxy(loading: state)
        var (reloads, updates, bindings, returns, deletions) = (0, 0, 0, 0, 0)
        var inlined = 0
        for step in 0..<120 {
            let note = "TEST_SEED=\(random.seed) round \(round) step \(step)"
            // Now and then a Service comes, goes and comes again while sessions last.
            let isHasty = step % 12 < 4
            var change = Change.anything
            if isHasty { comeOrGo("y", &cluster, &random) } else { change = mutate(&cluster, pems: pems, random: &random) }
            let next = try assemble(cluster)
            let difference = running.difference(to: next)
            switch difference {
            case .none: break
            case .runtime(let made):
                updates += made.count
                for update in made {
                    switch update {
                    case .bind, .createBackend: bindings += 1
                    case .publishBackend: returns += 1
                    default: break
                    }
                }
                simulated.inlined = running.names.inlined
                for update in made {
                    #expect(throws: Never.self, "\(note)") { try simulated.run(update) }
                    running.apply(update)
                }
                if !isHasty, random.chance(70) {
                    for pending in running.pendingRemovals {
                        running.removalFinished(backend: pending.backend, server: pending.server)
                    }
                    simulated.finishRemovals()
                    deletions += running.pendingBackends.count
                    try deleteBackends(&running, &simulated)
                }
            case .reload(let reasons):
                reloads += 1
                if case .anything = change {} else { Issue.record("\(change) took a reload: \(reasons) \(note)") }
                let loaded = withReserve(next, createsBackends)
                running = RunningState(loaded: loaded)
                simulated = SimulatedHAProxy(loading: loaded)
            }
            let wrong = simulated.differences(from: SimulatedHAProxy(loading: next))
            try #require(wrong.isEmpty, "\(change): \(wrong) \(note)")
            inlined += (next.maps["path-prefix"]?.entries.values ?? [:].values).count { value in
                value.contains(".") && simulated.names.entry((key: "", value: value), in: "path-prefix").value != value
            }
            #expect(running.difference(to: next) == .none, "\(note)")
        }
        #expect(updates > 20 && reloads > 3 && bindings > 0, "the changes were too few to prove anything")
        #expect(inlined > 0, "no settings were in backends")
        #expect(!createsBackends || (returns > 0 && deletions > 0), "no backend came back or went: \(returns), \(deletions)")
    }

    @Test(arguments: 0..<6, [false, true])
    func `What others changed in HAProxy is mended without a reload`(_ round: Int, createsBackends: Bool) throws {
        var random = SeededGenerator()
        for _ in 0..<(100 + round) { _ = random.next() }
        let pems = try (0..<4).map { try Cluster.certificate("c", for: ["c\($0).example.com"]) }
        guard case .secret(let secret) = try Cluster.certificate("foreign", for: ["foreign.example.com"]) else { return }
        let foreign = try #require(secret.data["tls.crt"])
        var cluster = Objects()
        var running = RunningState(loaded: DesiredState())
        var simulated = SimulatedHAProxy(loading: DesiredState())
        var mended = 0
        for step in 0..<150 {
            let note = "TEST_SEED=\(random.seed) round \(round) step \(step)"
            _ = mutate(&cluster, pems: pems, random: &random)
            let next = try assemble(cluster)
            switch running.difference(to: next) {
            case .none: break
            case .runtime(let made):
                simulated.inlined = running.names.inlined
                for update in made {
                    try simulated.run(update)
                    running.apply(update)
                }
            case .reload:
                let loaded = withReserve(next, createsBackends)
                running = RunningState(loaded: loaded, wholesaleLimit: random.chance(50) ? 1 : 1000)
                simulated = SimulatedHAProxy(loading: loaded)
            }
            let quiet = Self.correct(&running, by: simulated)
            try #require(quiet.isEmpty, "nobody changed anything: \(quiet.differences) \(note)")

            guard let what = simulated.tamper(certificate: foreign, &random) else { continue }
            let drift = Self.correct(&running, by: simulated)
            simulated.inlined = running.names.inlined
            try #require(!drift.isEmpty, "\(what) goes unnoticed: \(note)")
            for update in drift.updates {
                #expect(throws: Never.self, "\(what): \(note)") { try simulated.run(update) }
                running.apply(update)
            }
            switch running.difference(to: next, in: drift.parts) {
            case .none: break
            case .runtime(let made):
                for update in made {
                    #expect(throws: Never.self, "\(what): \(note)") { try simulated.run(update) }
                    running.apply(update)
                }
            case .reload(let reasons): Issue.record("\(what) takes a reload: \(reasons) \(note)")
            }
            mended += 1
            let wrong = simulated.differences(from: SimulatedHAProxy(loading: next))
            try #require(wrong.isEmpty, "\(what): \(wrong) \(note)")
            for pending in running.pendingRemovals {
                running.removalFinished(backend: pending.backend, server: pending.server)
            }
            simulated.finishRemovals()
            try deleteBackends(&running, &simulated)
            let rest = Self.correct(&running, by: simulated)
            try #require(rest.isEmpty, "\(what) is not mended: \(rest.differences) \(note)")
        }
        #expect(mended > 50)
    }

    private static func correct(_ running: inout RunningState, by simulated: SimulatedHAProxy) -> Drift {
        var drift = Drift()
        let files = running.replaceableFiles(.certificate) + running.replaceableFiles(.clientAuthority)
        for observation in simulated.observations(of: files) { drift.formUnion(running.correct(observation)) }
        return drift
    }

    private func withReserve(_ state: DesiredState, _ createsBackends: Bool) -> DesiredState {
        var state = state
        state.reserve = BackendReserve(count: 2, createsBackends: createsBackends).sections(for: state)
        _ = state.renderedFiles(inlining: .max)
        return state
    }

    private func deleteBackends(_ running: inout RunningState, _ simulated: inout SimulatedHAProxy) throws {
        for name in running.pendingBackends {
            try simulated.delete(backend: name)
            running.backendRemoved(name)
        }
    }

    private func assemble(_ cluster: Objects) throws -> DesiredState {
        let assembly = try Cluster.assemble(cluster.objects.keys.sorted().compactMap { cluster.objects[$0] })
        return assembly.state
    }
}
