import Testing

@testable import Core

/// What servers are told beside their addresses.
extension RunningStateTests {
    private func limited(_ maxconn: Int?, _ servers: [Server], slots: Int? = nil, step: Int = 1) -> DesiredState {
        let limit = maxconn.map { Traced($0, origin: .controller) }
        return state([
            Section("backend a", pool: ServerPool(maxconn: limit, servers: servers, slots: slots, slotStep: step))
        ])
    }

    @Test func `The limit of servers is given, changed and taken back at run time`() {
        func limit(_ server: Server, _ maxconn: Int) -> RuntimeUpdate {
            .limitServer(backend: "a", name: server.name, maxconn: maxconn)
        }
        #expect(updates(limited(nil, [one]), limited(5, [one])) == [limit(one, 5)])
        #expect(updates(limited(5, [one, two]), limited(6, [one, two])) == [limit(one, 6), limit(two, 6)])
        #expect(updates(limited(5, [one]), limited(nil, [one])) == [limit(one, 0)])
        #expect(
            updates(limited(5, [one]), limited(6, [one, two])) == [
                limit(one, 6), .addServer(backend: "a", two, keywords: ServerKeywords("", maxconn: 6)),
            ])
        #expect(
            updates(limited(5, [], slots: 2), limited(6, [one], slots: 2)) == [
                .limitServer(backend: "a", name: "slot_1", maxconn: 6), .limitServer(backend: "a", name: "slot_2", maxconn: 6),
                .assignSlot(backend: "a", slot: "slot_1", one),
            ])
    }

    @Test func `A server that is taken back gets the limit that came while it was leaving`() {
        var running = RunningState(loaded: limited(5, [one, two]))
        running.apply(.removeServer(backend: "a", name: two.name))
        guard case .runtime(let updates) = running.difference(to: limited(6, [one])) else { return #expect(Bool(false)) }
        for update in updates { running.apply(update) }
        #expect(
            running.difference(to: limited(6, [one, two]))
                == .runtime([
                    .limitServer(backend: "a", name: two.name, maxconn: 6), .setServer(backend: "a", two),
                ]))
    }

    @Test func `Another authority makes new servers of the pods, and the old ones leave`() {
        func sealed(_ name: String, _ servers: [Server], slots: Int? = nil) -> DesiredState {
            let path = "certs/ca/\(name).pem"
            let keywords = [Traced<Directive>("ca-file \(path)", origin: .controller)]
            return state(
                [Section("backend a", pool: ServerPool(replaceable: keywords, servers: servers, slots: slots))],
                files: [ConfigurationFile(path: path, content: Array(name.utf8), kind: .authority)])
        }
        func server(_ state: DesiredState) -> Server? { state.sections[0].pool?.servers.first }
        let (old, new) = (sealed("old", [one]), sealed("new", [one]))
        guard let before = server(old), let after = server(new) else { return #expect(Bool(false)) }
        #expect(before.name != after.name && before.endpoint == after.endpoint)
        let add = RuntimeUpdate.addAuthority(path: "certs/ca/new.pem", content: Array("new".utf8))
        func adopt(_ state: DesiredState) -> RuntimeUpdate {
            .adopt(backend: "a", ServerPool(replaceable: state.sections[0].pool?.replaceable ?? []))
        }
        let replacement: [RuntimeUpdate] = [
            adopt(new), .addServer(backend: "a", after, keywords: "ca-file certs/ca/new.pem"),
            .retireServer(backend: "a", name: before.name),
        ]
        #expect(updates(old, new) == [add] + replacement)
        #expect(updates(sealed("old", [one], slots: 2), sealed("new", [one], slots: 2)) == nil)
        // The way back finds the old authority and the server that is leaving.
        var running = RunningState(loaded: old)
        for update in [add] + replacement { running.apply(update) }
        #expect(
            running.difference(to: old)
                == .runtime([adopt(old), .setServer(backend: "a", before), .retireServer(backend: "a", name: after.name)]))
    }

    /// A backend whose servers are told more, or not.
    private func sealed(_ name: String, _ servers: [Server], _ isSealed: Bool) -> Section {
        let keywords = isSealed ? [Traced<Directive>("ssl verify none", origin: .controller)] : []
        return Section("backend \(name)", pool: ServerPool(replaceable: keywords, servers: servers))
    }

    @Test func `While a reload waits, servers keep the keywords that the routes to them ask for`() {
        let before = state([sealed("a", [one], true)])
        let other = Section("frontend http", lines: [.init("timeout client 5s")])
        var running = RunningState(loaded: before)
        let plain = state([other, sealed("a", [one], false)])
        #expect(running.urgentUpdates(to: plain) == [])
        // The keywords that count are those of the last change, also where no server has them.
        for update in running.difference(to: state([sealed("a", [], false)])).updates { running.apply(update) }
        #expect(
            running.urgentUpdates(to: state([other, sealed("a", [two], true)]))
                == [[.addServer(backend: "a", two, keywords: "")]])
    }

    @Test func `Servers get other keywords before a route comes to them, and not while one leaves them`() {
        func state(_ isSealed: Bool, _ routes: [String: String], steps: [String: String] = [:]) -> DesiredState {
            let lines: [Section.Line] = [
                .init("http-request set-var(txn.route) \(map: "host")"), .init("http-request set-var(txn.x) \(map: "route-acl")"),
            ]
            return self.state(
                [Section("frontend http", lines: lines), sealed("a", [one], isSealed), sealed("b", [one], !isSealed)],
                maps: ["host": routes, "route-acl": steps])
        }
        func kinds(_ updates: [RuntimeUpdate]?) -> [String]? {
            updates?.map { update in
                switch update {
                case .adopt(let backend, _): "adopt \(backend)"
                case .addServer(let backend, _, _): "add to \(backend)"
                case .retireServer(let backend, _): "retire from \(backend)"
                case .updateMap: "routes"
                default: "\(update)"
                }
            }
        }
        let route = ["x.example.com": "a.settings"]
        let swap = ["adopt a", "add to a", "adopt b", "add to b", "retire from a", "retire from b"]
        #expect(kinds(updates(state(true, [:]), state(false, route))) == swap + ["routes"])
        #expect(kinds(updates(state(true, route), state(false, ["x.example.com": "a.others"]))) == swap + ["routes"])
        #expect(updates(state(true, route), state(false, ["x.example.com": "b.settings"])) == nil)
        #expect(updates(state(true, route), state(false, [:])) == nil)
        #expect(updates(state(true, route, steps: ["1:x:": "a"]), state(false, route, steps: ["2:x:": "b"])) == nil)
    }

    @Test func `The first servers of a backend find the certificate that they show`() {
        let file = ConfigurationFile(path: "certs/server/a.pem", content: [1], kind: .certificate)
        func state(_ servers: [Server], _ file: ConfigurationFile) -> DesiredState {
            self.state([backend("a", servers, keywords: "ssl crt certs/server/a.pem")], files: [file])
        }
        let add = RuntimeUpdate.addServer(backend: "a", one, keywords: "ssl crt certs/server/a.pem")
        let none = state([], file)
        #expect(updates(none, state([one], file)) == [.addCertificate(path: file.path, content: [1]), add])
        let renewed = ConfigurationFile(path: file.path, content: [2], kind: .certificate)
        #expect(updates(none, state([], renewed)) == [])
        #expect(updates(state([two], file), state([one, two], file)) == [add])
        #expect(updates(state([one], file), state([one], renewed)) == [.replaceCertificate(path: file.path, content: [2])])
    }

    @Test func `Other steps of slots and another kind of cookie take a reload`() {
        #expect(updates(limited(nil, [one], slots: 4, step: 2), limited(nil, [one], slots: 4, step: 4)) == nil)
        let names = state([Section("backend a", pool: ServerPool(cookies: .names, servers: [one]))])
        let addresses = state([Section("backend a", pool: ServerPool(cookies: .addresses, servers: [one]))])
        #expect(updates(names, addresses) == nil)
    }
}
