import Testing

@testable import Core

@Suite("Spare backends")
struct SpareBackendsTests {
    private let base: [KubernetesObject] = ["a", "b"].flatMap { name in
        [Cluster.service(name), Cluster.slice(Cluster.pods("10.0.0.1"), name: "\(name)-1", of: name), route(name)]
    }

    private static func route(_ name: String, annotations: [String: String] = [:]) -> KubernetesObject {
        Cluster.ingress(name, host: "\(name).example.com", service: name, annotations: annotations)
    }

    private func new(_ name: String, annotations: [String: String] = [:], pods: [String] = ["10.0.1.1"]) -> [KubernetesObject] {
        [
            Cluster.service(name), Cluster.slice(pods.map { Endpoint(addresses: [$0]) }, name: "\(name)-1", of: name),
            Self.route(name, annotations: annotations),
        ]
    }

    private func state(_ objects: [KubernetesObject]) throws -> DesiredState { try Cluster.assemble(objects).state }

    private func loaded(_ count: Int, _ objects: [KubernetesObject]? = nil) throws -> RunningState {
        var state = try state(objects ?? base)
        state.reserve = BackendReserve(count: count).sections(for: state)
        return RunningState(loaded: state)
    }

    /// Makes the updates; nil when a reload is needed.
    private func update(_ running: inout RunningState, to objects: [KubernetesObject]) throws -> [RuntimeUpdate]? {
        switch running.difference(to: try state(objects)) {
        case .none: return []
        case .reload: return nil
        case .runtime(let updates):
            for update in updates { running.apply(update) }
            for pending in running.pendingRemovals { running.removalFinished(backend: pending.backend, server: pending.server) }
            return updates
        }
    }

    @Test("a new Service has a spare with the lines that its own backend would have, and the routes lead there")
    func binding() throws {
        var running = try loaded(2)
        let updates = try #require(try update(&running, to: base + new("c")))
        #expect(running.spares == ["shop_svc_c_http": "spare_1"])
        #expect(
            updates.contains {
                if case .addServer("spare_1", let server, _) = $0 { server.address == "10.0.1.1" } else { false }
            })
        let changes = updates.compactMap { update -> MapChanges? in
            if case .updateMap("path-prefix", let changes) = update { changes } else { nil }
        }
        #expect(changes.first.map { running.names.changes($0, in: "path-prefix").added } == ["c.example.com/": "spare_1"])
        #expect(running.difference(to: try state(base + new("c"))) == .none)
    }

    @Test("its pods come and go as anybody's, and the spare is free again when it has gone, any number of times")
    func reuse() throws {
        var running = try loaded(1)
        for round in 0..<20 {
            let name = "c\(round)"
            #expect(try update(&running, to: base + new(name))?.isEmpty == false)
            #expect(try update(&running, to: base + new(name, pods: ["10.0.1.2", "10.0.1.3"]))?.count == 3)
            #expect(try update(&running, to: base)?.isEmpty == false)
            #expect(running.spares.isEmpty)
        }
    }

    @Test("a spare whose servers still have sessions is not given away")
    func leaving() throws {
        var running = try loaded(1)
        _ = try update(&running, to: base + new("c"))
        guard case .runtime(let updates) = running.difference(to: try state(base)) else {
            Issue.record("no updates")
            return
        }
        for update in updates { running.apply(update) }
        #expect(running.spares.isEmpty)
        guard case .reload = running.difference(to: try state(base + new("d"))) else {
            Issue.record("the spare was given away")
            return
        }
    }

    @Test("without a fitting spare a reload is needed: none left, other lines, servers that only the configuration can have")
    func reloads() throws {
        var running = try loaded(1)
        #expect(try update(&running, to: base + new("c") + new("d")) == nil)
        #expect(try update(&running, to: base + new("c", annotations: ["pace": "7s"])) == nil)
        #expect(try update(&running, to: base + new("c", annotations: ["fixed-pool": "true"])) == nil)
        #expect(try update(&running, to: base + new("c", annotations: ["sticky": "true"])) == nil)
        var none = try loaded(0)
        #expect(try update(&none, to: base + new("c")) == nil)
    }

    @Test("spares are what most backends have, and twice what came lately; each has a name of its own and nobody's origin")
    func demand() throws {
        let paced = (0..<3).flatMap { new("p\($0)", annotations: ["pace": "7s"]) }
        let state = try state(base + paced)
        var spares = BackendReserve(count: 8)
        func counts() -> [Int] {
            Dictionary(grouping: spares.sections(for: state), by: { $0.lines }).sorted { $0.key.count < $1.key.count }
                .map(\.value.count)
        }
        #expect(counts() == [1, 8])
        let section = try #require(state.backends["shop_svc_a_http"])
        for number in 0..<10 {
            let another = Section("backend n\(number)", lines: section.lines, pool: section.pool)
            // One that has to wait for a reload is noted each time that something else changes.
            for _ in 0..<3 { spares.note(another) }
        }
        #expect(counts() == [20, 8])
        spares.loaded()
        #expect(counts() == [10, 8])
        let all = spares.sections(for: state)
        #expect(Set(all.map(\.header)).count == all.count)
        #expect(all.allSatisfy { $0.origin == .controller && $0.lines.allSatisfy { $0.origin == .controller } })
        #expect(BackendReserve(count: 0).sections(for: state).isEmpty)
    }

    @Test("spares with lines that HAProxy refused do not come back, and others stay")
    func refused() throws {
        let paced = (0..<3).flatMap { new("p\($0)", annotations: ["pace": "7s"]) }
        let state = try state(base + paced)
        var reserve = BackendReserve(count: 8)
        let bad = Section(
            "backend bad", lines: [.init("use-server nobody if TRUE")], pool: try #require(state.backends["shop_svc_a_http"]).pool
        )
        reserve.note(bad)
        func bads() -> [Section] {
            reserve.sections(for: state).filter { $0.lines.contains { $0.directive.text.hasPrefix("use-server") } }
        }
        let others = reserve.sections(for: state).count - bads().count
        #expect(!bads().isEmpty && others > 0)
        reserve.refuse(Array(bads().prefix(1)))
        #expect(bads().isEmpty && reserve.sections(for: state).count == others)
        reserve.note(Section("backend worse", lines: bad.lines, pool: bad.pool))
        #expect(bads().isEmpty && reserve.sections(for: state).count == others)
    }

    @Test("the steps of conditions name the spare too")
    func conditions() throws {
        let canary = [Cluster.service("a", annotations: ["only-when": "x-a"])] + base.dropFirst()
        let other = [
            Cluster.service("n", annotations: ["only-when": "x-a"]),
            Cluster.slice(Cluster.pods("10.0.1.1"), name: "n-1", of: "n"),
            Cluster.ingress("n", host: "b.example.com", service: "n"),
        ]
        var running = try loaded(4, canary)
        let updates = try #require(try update(&running, to: canary + other))
        for case .updateMap("route-acl", let changes) in updates {
            #expect(!running.names.changes(changes, in: "route-acl").added.values.contains { $0.contains("svc_n") })
        }
        #expect(running.spares["shop_svc_n_http"] != nil)
    }
}
