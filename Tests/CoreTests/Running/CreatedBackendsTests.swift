import Testing

@testable import Core

@Suite("Backends created at run time")
struct CreatedBackendsTests {
    private static let name = "shop_svc_c_http"
    private let base: [KubernetesObject] = ["a", "b"].flatMap { name in
        [
            Cluster.service(name), Cluster.slice(Cluster.pods("10.0.0.1"), name: "\(name)-1", of: name),
            Cluster.ingress(name, host: "\(name).example.com", service: name),
        ]
    }

    private func new(_ name: String, annotations: [String: String] = [:], pods: [String] = ["10.0.1.1"]) -> [KubernetesObject] {
        [
            Cluster.service(name), Cluster.slice(pods.map { Endpoint(addresses: [$0]) }, name: "\(name)-1", of: name),
            Cluster.ingress(name, host: "\(name).example.com", service: name, annotations: annotations),
        ]
    }

    private func state(_ objects: [KubernetesObject]) throws -> DesiredState { try Cluster.assemble(objects).state }

    private func loaded(_ objects: [KubernetesObject]? = nil) throws -> RunningState {
        var state = try state(objects ?? base)
        state.reserve = BackendReserve(count: 1, createsBackends: true).sections(for: state)
        return RunningState(loaded: state)
    }

    /// Makes the updates; nil when a reload is needed.
    private func update(
        _ running: inout RunningState, to objects: [KubernetesObject], endingSessions: Bool = true
    ) throws -> [RuntimeUpdate]? {
        switch running.difference(to: try state(objects)) {
        case .none: return []
        case .reload: return nil
        case .runtime(let updates):
            for update in updates { running.apply(update) }
            if endingSessions { endSessions(&running) }
            return updates
        }
    }

    private func endSessions(_ running: inout RunningState) {
        for pending in running.pendingRemovals { running.removalFinished(backend: pending.backend, server: pending.server) }
        for name in running.pendingBackends { running.backendRemoved(name) }
    }

    private func creations(_ updates: [RuntimeUpdate]?) -> [String] {
        (updates ?? []).compactMap { if case .createBackend(let section, _) = $0 { section.name } else { nil } }
    }

    @Test("a new Service gets a backend of its own name before its servers and the routes that lead there")
    func creation() throws {
        var running = try loaded()
        let updates = try #require(try update(&running, to: base + new("c")))
        func place(_ include: (RuntimeUpdate) -> Bool) throws -> Int {
            let place = updates.firstIndex(where: include)
            return try #require(place)
        }
        let created = try place { if case .createBackend(let section, _) = $0 { section.name == Self.name } else { false } }
        let server = try place { if case .addServer(Self.name, _, _) = $0 { true } else { false } }
        let route = try place {
            if case .updateMap("path-prefix", let changes) = $0 { changes.added["c.example.com/"] == Self.name } else { false }
        }
        #expect(created < server && server < route)
        #expect(running.spares.isEmpty)
        #expect(running.difference(to: try state(base + new("c"))) == .none)
    }

    @Test("it goes after its servers, and comes again, any number of times")
    func recreation() throws {
        var running = try loaded()
        for _ in 0..<50 {
            #expect(creations(try update(&running, to: base + new("c"))) == [Self.name])
            #expect(try update(&running, to: base + new("c", pods: ["10.0.1.2", "10.0.1.3"]))?.count == 3)
            let gone = try #require(try update(&running, to: base, endingSessions: false))
            #expect(gone.last == .withdrawBackend(Self.name))
            #expect(running.pendingBackends.isEmpty && running.pendingRemovals.count == 2)
            endSessions(&running)
            #expect(running.pendingRemovals.isEmpty && running.pendingBackends.isEmpty)
        }
    }

    @Test("wanted again while sessions keep it, it is taken back; with other lines that takes a reload until it has gone")
    func comingBack() throws {
        var running = try loaded(base + new("p", annotations: ["pace": "7s"]))
        let objects = base + new("p", annotations: ["pace": "7s"])
        _ = try update(&running, to: objects + new("c"))
        _ = try update(&running, to: objects, endingSessions: false)
        let back = try #require(try update(&running, to: objects + new("c"), endingSessions: false))
        #expect(back.first == .publishBackend(Self.name))
        #expect(creations(back).isEmpty && running.pendingRemovals.isEmpty && running.pendingBackends.isEmpty)
        _ = try update(&running, to: objects, endingSessions: false)
        #expect(try update(&running, to: objects + new("c", annotations: ["pace": "7s"])) == nil)
        endSessions(&running)
        #expect(creations(try update(&running, to: objects + new("c", annotations: ["pace": "7s"]))) == [Self.name])
    }

    @Test("backends of the configuration go and come in the same way, unless it needs them elsewhere")
    func loadedBackends() throws {
        var running = try loaded(base + new("c"))
        let gone = try #require(try update(&running, to: base, endingSessions: false))
        #expect(gone.contains(.withdrawBackend(Self.name)))
        for pending in running.pendingRemovals { running.removalFinished(backend: pending.backend, server: pending.server) }
        #expect(running.pendingBackends == [Self.name])
        running.backendKept(Self.name)
        #expect(running.pendingRemovals.isEmpty && running.pendingBackends.isEmpty)
        let back = try #require(try update(&running, to: base + new("c")))
        #expect(back.contains(.publishBackend(Self.name)) && creations(back).isEmpty)
        _ = try update(&running, to: base)
        #expect(running.pendingRemovals.isEmpty && running.pendingBackends.isEmpty)
    }

    @Test("without a profile a reload is needed: other lines, servers that only the configuration can have")
    func reloads() throws {
        var running = try loaded()
        #expect(try update(&running, to: base + new("c", annotations: ["pace": "7s"])) == nil)
        #expect(try update(&running, to: base + new("c", annotations: ["fixed-pool": "true"])) == nil)
        #expect(try update(&running, to: base + new("c", annotations: ["sticky": "true"])) == nil)
    }

    @Test(
        "there is one section for each kind of backend in use or wanted lately, without what defaults do not take or HAProxy refused"
    )
    func profiles() throws {
        let paced = new("p", annotations: ["pace": "7s"]) + new("q", annotations: ["pace": "7s"])
        var state = try state(base + paced)
        var reserve = BackendReserve(count: 32, createsBackends: true)
        let sections = reserve.sections(for: state)
        #expect(sections.count == 2 && sections.allSatisfy { $0.header.hasPrefix("defaults profile_") && $0.pool == nil })
        #expect(sections.allSatisfy { $0.lines.first?.directive.text == "mode http" })
        #expect(sections.allSatisfy { $0.lines.allSatisfy { $0.origin == .controller } })

        state.backends["shop_svc_p_http"]?.add("stick-table type ip size 10")
        state.backends["shop_svc_q_http"]?.add("acl own path /own")
        let fitting = reserve.sections(for: state)
        #expect(fitting.count == 2)
        #expect(fitting.contains { $0.lines.last?.directive.text == "acl own path /own" })

        let other = try #require(try self.state(base + new("o", annotations: ["pace": "9s"])).backends["shop_svc_o_http"])
        reserve.note(other)
        #expect(reserve.sections(for: state).count == 3)
        reserve.refuse([fitting[0]])
        #expect(reserve.sections(for: state).count == 2)
        #expect(!reserve.sections(for: state).contains { $0.header == fitting[0].header })
        reserve.refuse([])
        #expect(reserve.sections(for: state).map(\.header) == [fitting[1].header])
        #expect(BackendReserve(count: 0, createsBackends: true).sections(for: state).isEmpty)
    }

    @Test("the key of cookies is each backend's own")
    func cookieKeys() throws {
        var state = try state(base)
        for name in ["a", "b"] {
            let lines: [Section.Line] = [.init("cookie c insert dynamic"), .init("dynamic-cookie-key \(name)")]
            state.backends["shop_svc_\(name)_http"] = Section(
                "backend shop_svc_\(name)_http", lines: lines, pool: ServerPool(cookies: .addresses))
        }
        state.reserve = BackendReserve(count: 1, createsBackends: true).sections(for: state)
        #expect(state.reserve.count == 1)
        #expect(state.reserve[0].lines.allSatisfy { !$0.directive.text.hasPrefix("dynamic-cookie-key") })
        var next = state
        next.backends["shop_svc_c_http"] = Section(
            "backend shop_svc_c_http", lines: [.init("cookie c insert dynamic"), .init("dynamic-cookie-key c")],
            pool: ServerPool(cookies: .addresses))
        let updates = RunningState(loaded: state).difference(to: next).updates
        guard case .createBackend(let section, state.reserve[0].name)? = updates.first else {
            Issue.record("not created: \(updates)")
            return
        }
        #expect(section.dynamicCookieKey == "c")
    }

    @Test("a TCP backend has one mode, and error pages are left to the frontends")
    func commonLines() throws {
        var state = try state(base)
        let place = try #require(state.staticSections.firstIndex { $0.header == "defaults" })
        state.staticSections[place].add("errorfile 503 errors/503.http")
        state.backends["shop_svc_a_http"]?.lines = [.init("mode tcp")]
        let sections = BackendReserve(count: 1, createsBackends: true).sections(for: state)
        #expect(sections.count == 2)
        for section in sections {
            let lines = section.lines.map(\.directive.text)
            #expect(lines.count { $0.hasPrefix("mode ") } == 1 && !lines.contains { $0.hasPrefix("errorfile") })
        }
        #expect(sections.contains { $0.lines.contains { $0.directive.text == "mode tcp" } })
    }

    @Test("a backend that others delete is made again, one that they take from the requests is given back to them")
    func drift() throws {
        var running = try loaded()
        let objects = base + new("c")
        _ = try update(&running, to: objects)
        var observed = Dictionary(uniqueKeysWithValues: try state(objects).sections.filter(\.isBackend).map { ($0.name, true) })
        #expect(running.correct(.backends(observed)).isEmpty)
        observed[Self.name] = false
        #expect(running.correct(.backends(observed)).updates == [.publishBackend(Self.name)])
        observed[Self.name] = nil
        let drift = running.correct(.backends(observed))
        #expect(drift.differences == ["there is no backend \(Self.name)"])
        guard case .runtime(let updates) = running.difference(to: try state(objects), in: drift.parts) else {
            Issue.record("not mended")
            return
        }
        #expect(creations(updates) == [Self.name])
        #expect(updates.contains { if case .addServer(Self.name, _, _) = $0 { true } else { false } })
    }
}
