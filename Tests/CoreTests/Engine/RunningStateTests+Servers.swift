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
        let replacement: [RuntimeUpdate] = [
            .addServer(backend: "a", after, keywords: "ca-file certs/ca/new.pem"),
            .removeServer(backend: "a", name: before.name),
        ]
        #expect(updates(old, new) == [add] + replacement)
        #expect(RunningState(loaded: old).urgentUpdates(to: new) == [add] + replacement)
        #expect(updates(sealed("old", [one], slots: 2), sealed("new", [one], slots: 2)) == nil)
        // The way back finds the old authority and the server that is leaving.
        var running = RunningState(loaded: old)
        for update in [add] + replacement { running.apply(update) }
        #expect(
            running.difference(to: old)
                == .runtime([.setServer(backend: "a", before), .removeServer(backend: "a", name: after.name)]))
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
