import TestSupport
import Testing

@testable import Core

/// Random objects come, change and go; what was changed at run time must equal what loading the same objects gives.
@Suite struct RunningStateModelTests {
    private enum Change { case endpoints, knownPath, certificate, anything }

    private struct Objects {
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
            #expect(running.difference(to: next) == .none, "\(note)")
        }
        #expect(updates > 20 && reloads > 3 && bindings > 0, "the changes were too few to prove anything")
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

    private func slice(_ service: String, _ random: inout SeededGenerator) -> KubernetesObject {
        let endpoints = (1...6).filter { _ in random.chance(50) }.map { number in
            let terminates = random.chance(20)
            return Endpoint(
                addresses: ["10.0.0.\(number)"], isReady: !terminates, isServing: true, isTerminating: terminates)
        }
        return Cluster.slice(endpoints, name: "\(service)-1", of: service)
    }

    /// A change of one object; says what kind it was, so that the test knows what it may cost.
    private func mutate(_ cluster: inout Objects, pems: [KubernetesObject], random: inout SeededGenerator) -> Change {
        let service = "s\(Int.random(in: 0..<3, using: &random))"
        switch Int.random(in: 0..<12, using: &random) {
        case 0..<4:
            cluster.put(slice(service, &random))
            return .endpoints
        case 4:
            // Another path to a Service that has a route with the same settings already.
            let plain = ObjectKey(.ingress, namespace: "shop", name: "plain-\(service)")
            let isKnown = cluster.objects[plain] != nil
            cluster.put(Cluster.ingress("plain-\(service)", path: "/plain-\(service)", service: service))
            let extra = "extra-\(service)-\(Int.random(in: 0..<3, using: &random))"
            let key = ObjectKey(.ingress, namespace: "shop", name: extra)
            if isKnown, cluster.objects[key] != nil {
                cluster.objects[key] = nil
            } else {
                cluster.put(
                    Cluster.ingress(extra, host: random.chance(50) ? "*.example.com" : nil, path: "/\(extra)", service: service))
            }
            return isKnown ? .knownPath : .anything
        case 5:
            guard case .secret(var secret)? = pems.randomElement(using: &random) else { return .anything }
            let name = "c\(Int.random(in: 0..<2, using: &random))"
            let key = ObjectKey(.secret, namespace: "shop", name: name)
            let isKnown = cluster.objects[key] != nil
            if isKnown, random.chance(20) {
                cluster.objects[key] = nil
            } else {
                secret.metadata.name = name
                cluster.put(.secret(secret))
            }
            return .certificate
        case 6:
            let name = "web\(Int.random(in: 0..<5, using: &random))"
            let key = ObjectKey(.ingress, namespace: "shop", name: name)
            guard cluster.objects[key] == nil || random.chance(60) else {
                cluster.objects[key] = nil
                return .anything
            }
            cluster.put(ingress(name, service: service, random: &random))
            return .anything
        case 7:
            var data: [String: String] = [:]
            if random.chance(60) { data["limit"] = String(Int.random(in: 1...9, using: &random)) }
            if random.chance(90) { data["visa"] = String(Int.random(in: 1...3, using: &random)) }
            cluster.put(Cluster.configMap(data))
            return .anything
        case 8:
            var annotations: [String: String] = [:]
            if random.chance(30) { annotations["fixed-pool"] = "true" }
            if random.chance(30) { annotations["greeting"] = "hello \(Int.random(in: 0..<3, using: &random))" }
            if random.chance(40) { annotations["crowd"] = String(Int.random(in: 1...3, using: &random)) }
            if random.chance(40) { annotations["sticky"] = "true" }
            if random.chance(60) { annotations["seal"] = String(Int.random(in: 1...3, using: &random)) }
            cluster.put(Cluster.service(service, annotations: annotations))
            return .anything
        case 9, 10:
            // A Service that comes and goes as a whole, as most have it.
            let name = "x\(Int.random(in: 0..<8, using: &random))"
            comeOrGo(name, &cluster, annotations: random.chance(30) ? ["pace": "1s"] : [:], &random)
            return .anything
        default:
            let key = ObjectKey(.endpointSlice, namespace: "shop", name: "\(service)-1")
            cluster.objects[key] = nil
            return .endpoints
        }
    }

    private func comeOrGo(
        _ name: String, _ cluster: inout Objects, annotations: [String: String] = [:], _ random: inout SeededGenerator
    ) {
        let new = [
            Cluster.service(name), slice(name, &random),
            Cluster.ingress(name, host: "\(name).example.com", service: name, annotations: annotations),
        ]
        let isThere = cluster.objects[new[0].key] != nil
        for object in new { if isThere { cluster.objects[object.key] = nil } else { cluster.put(object) } }
    }

    private func ingress(_ name: String, service: String, random: inout SeededGenerator) -> KubernetesObject {
        var annotations: [String: String] = [:]
        let choices = [
            ("greeting", "hello \(Int.random(in: 0..<4, using: &random))"), ("pace", "\(Int.random(in: 1..<4, using: &random))s"),
            ("visitors", "10.\(Int.random(in: 0..<3, using: &random)).0.0/11"), ("through", "true"), ("guard", "strict"),
            ("guard", "broken"),
        ]
        for (key, value) in choices where random.chance(20) { annotations[key] = value }
        let tls =
            random.chance(50) ? [IngressTLS(hosts: ["\(name).example.com"], secretName: random.chance(50) ? "c0" : "c1")] : []
        return Cluster.ingress(
            name, host: "\(random.chance(80) ? name : "web0").example.com", path: "/", service: service,
            annotations: annotations, tls: tls, defaultBackend: random.chance(10) ? service : nil)
    }
}
