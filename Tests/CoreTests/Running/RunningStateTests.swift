import Testing

@testable import Core

@Suite struct RunningStateTests {
    func backend(
        _ name: String = "a", _ servers: [Server] = [], lines: [Section.Line] = [], keywords: String? = nil, slots: Int? = nil
    ) -> Section {
        Section(
            "backend \(name)", lines: lines,
            pool: ServerPool(
                keywords: keywords.map { [Traced(Directive(raw: $0), origin: .controller)] } ?? [], servers: servers, slots: slots
            )
        )
    }

    func state(
        _ sections: [Section], maps: [String: [String: String]] = [:], files: [ConfigurationFile] = [],
        list: [String: [String]] = [:]
    ) -> DesiredState {
        var state = DesiredState()
        state.sections = sections
        for (name, entries) in maps { state.maps[name] = MapFile(name: name, entries: entries) }
        for file in files { state.files[file.path] = file }
        state.certificateList.entries = list
        return state
    }

    func updates(_ before: DesiredState, _ after: DesiredState) -> [RuntimeUpdate]? {
        switch RunningState(loaded: before).difference(to: after) {
        case .none: []
        case .runtime(let updates): updates
        case .reload: nil
        }
    }

    let one = Server(address: "10.0.0.1", port: 80)
    let two = Server(address: "10.0.0.2", port: 80)

    @Test func `Servers come and go at run time, the new ones first`() {
        let before = state([backend("a", [one], keywords: "check")])
        let after = state([backend("a", [two], keywords: "check")])
        #expect(
            updates(before, after) == [
                .addServer(backend: "a", two, keywords: "check"), .removeServer(backend: "a", name: one.name),
            ])
        #expect(RunningState(loaded: before).difference(to: before) == .none)
    }

    @Test func `An entry that was added several times is one difference, and is dropped once`() {
        let lines = [Section.Line("http-request set-var(txn.host) str(a),map_str(\(map: "host"))")]
        var running = RunningState(loaded: state([Section("frontend http", lines: lines)], maps: ["host": ["a": "a"]]))
        let drift = running.correct(.map(name: "host", lines: ["a a", "b b", "b b", "b c"]))
        #expect(drift.differences.count == 1)
        #expect(drift.updates == [.dropMapEntry(name: "host", key: "b")])
    }

    @Test func `Draining is a change of the server, and so is the way back`() {
        let draining = Server(address: "10.0.0.1", port: 80, isDraining: true)
        let before = state([backend("a", [one])])
        let after = state([backend("a", [draining])])
        #expect(updates(before, after) == [.setServer(backend: "a", draining)])
        #expect(updates(after, before) == [.setServer(backend: "a", one)])
    }

    @Test func `A server that waits to be deleted is taken back, and not removed twice`() {
        let with = state([backend("a", [one, two])])
        let without = state([backend("a", [one])])
        var running = RunningState(loaded: with)
        running.apply(.removeServer(backend: "a", name: two.name))
        #expect(running.pendingRemovals.map(\.server) == [two.name])
        #expect(running.difference(to: without) == .none)
        #expect(running.difference(to: with) == .runtime([.setServer(backend: "a", two)]))
        running.removalFinished(backend: "a", server: two.name)
        #expect(running.pendingRemovals.isEmpty)
        #expect(running.difference(to: with) == .runtime([.addServer(backend: "a", two, keywords: "")]))
    }

    @Test func `Slots are taken over and freed`() {
        let before = state([backend("a", [one], slots: 2)])
        #expect(updates(before, state([backend("a", [one, two], slots: 2)])) == [.assignSlot(backend: "a", slot: "slot_2", two)])
        #expect(updates(before, state([backend("a", [], slots: 2)])) == [.freeSlot(backend: "a", slot: "slot_1")])
        let more = ["10.0.0.3", "10.0.0.4", "10.0.0.5"].map { Server(address: $0, port: 80) }
        #expect(updates(before, state([backend("a", more, slots: 4)])) == nil, "three servers, two slots")
        #expect(updates(before, state([backend("a", [one], slots: 4)])) == [], "the slots there are will do")
    }

    @Test func `Values come before the routes that lead to them, and go after them`() {
        let lines: [Section.Line] = [
            .init("http-request set-var(txn.a) \(map: "greeting")"), .init("http-request set-var(txn.b) \(map: "path-prefix")"),
        ]
        func state(_ maps: [String: [String: String]]) -> DesiredState {
            self.state([Section("frontend http", lines: lines)], maps: maps)
        }
        let before = state(["greeting": ["1": "a"], "path-prefix": ["/a/": "x.1", "/b/": "x"]])
        let after = state(["greeting": ["2": "b"], "path-prefix": ["/a/": "x.2"]])
        func changes(_ change: (inout MapChanges) -> Void) -> MapChanges {
            var changes = MapChanges()
            change(&changes)
            return changes
        }
        #expect(
            updates(before, after) == [
                .updateMap(name: "greeting", changes { $0.added = ["2": "b"] }),
                .updateMap(name: "path-prefix", changes { $0.changed = ["/a/": "x.2"] }),
                .updateMap(name: "path-prefix", changes { $0.removed = ["/b/"] }),
                .updateMap(name: "greeting", changes { $0.removed = ["1"] }),
            ])
    }

    @Test func `Maps that no line reads are nobody's business`() {
        let section = Section("frontend http", lines: [.init("bind :80")])
        #expect(updates(state([section]), state([section], maps: ["greeting": ["a": "b"]])) == [])
    }

    @Test func `Certificates are added before their list entry and removed after it`() {
        func file(_ text: String) -> ConfigurationFile {
            ConfigurationFile(path: "certs/frontend/a.pem", content: Array(text.utf8), kind: .certificate)
        }
        let without = state([])
        let with = state([], files: [file("1")], list: ["certs/frontend/a.pem": ["a.example.com"]])
        #expect(
            updates(without, with) == [
                .addCertificate(path: "certs/frontend/a.pem", content: Array("1".utf8)),
                .addListEntry(path: "certs/frontend/a.pem", names: ["a.example.com"]),
            ])
        #expect(
            updates(with, without) == [
                .removeListEntry(path: "certs/frontend/a.pem"), .removeCertificate(path: "certs/frontend/a.pem"),
            ])
        let renewed = state([], files: [file("2")], list: ["certs/frontend/a.pem": ["a.example.com", "b.example.com"]])
        #expect(
            updates(with, renewed) == [
                .replaceCertificate(path: "certs/frontend/a.pem", content: Array("2".utf8)),
                .replaceListEntry(path: "certs/frontend/a.pem", names: ["a.example.com", "b.example.com"]),
            ])
    }

    @Test func `The default certificate and those that lines name are replaced in place`() {
        func state(_ text: String) -> DesiredState {
            let paths = ["certs/default.pem", "certs/client.pem"]
            return self.state(
                [Section("backend a", lines: [.init("server a 10.0.0.1:80 crt certs/client.pem")])],
                files: paths.map { ConfigurationFile(path: $0, content: Array(text.utf8), kind: .certificate) })
        }
        #expect(
            updates(state("1"), state("2")) == [
                .replaceCertificate(path: "certs/client.pem", content: Array("2".utf8)),
                .replaceCertificate(path: "certs/default.pem", content: Array("2".utf8)),
            ])
    }

    @Test(arguments: [ConfigurationFile.Kind.clientAuthority, .clientRevocations])
    func `What verifies clients is replaced in place, but not again after a certificate was replaced`(
        _ kind: ConfigurationFile.Kind
    ) {
        func state(authority: String, certificate: String) -> DesiredState {
            self.state(
                [Section("frontend https", lines: [.init("bind :443 ssl ca-file certs/client-ca.pem")])],
                files: [
                    ConfigurationFile(path: "certs/client-ca.pem", content: Array(authority.utf8), kind: kind),
                    ConfigurationFile(path: "certs/default.pem", content: Array(certificate.utf8), kind: .certificate),
                ])
        }
        func replaced(_ content: String) -> RuntimeUpdate {
            kind == .clientAuthority
                ? .replaceAuthority(path: "certs/client-ca.pem", content: Array(content.utf8))
                : .replaceRevocations(path: "certs/client-ca.pem", content: Array(content.utf8))
        }
        var running = RunningState(loaded: state(authority: "1", certificate: "1"))
        for authority in ["2", "3"] {
            let desired = state(authority: authority, certificate: "1")
            #expect(running.difference(to: desired) == .runtime([replaced(authority)]))
            running.apply(replaced(authority))
            #expect(running.difference(to: desired) == .none)
        }
        // Both at once: the authority first.
        guard case .runtime(let both) = running.difference(to: state(authority: "4", certificate: "2")) else {
            Issue.record("an authority and a certificate took a reload")
            return
        }
        #expect(both.first == replaced("4") && both.count == 2)
        for update in both { running.apply(update) }
        guard case .reload(let reasons) = running.difference(to: state(authority: "5", certificate: "2")) else {
            Issue.record("the authority was replaced again after a certificate")
            return
        }
        #expect(reasons.map(\.description) == ["certs/client-ca.pem changed"])
    }

    @Test func `A setting that HAProxy changes while it runs takes no reload`() {
        func state(_ limit: Int) -> DesiredState {
            self.state([Section("global", lines: [.init("maxconn \(limit)", setting: .globalMaxconn(limit))])])
        }
        #expect(updates(state(6), state(5)) == [.set(.globalMaxconn(5))])
        // HAProxy takes no more than it was started with.
        #expect(updates(state(5), state(6)) == nil)
        var running = RunningState(loaded: state(6))
        running.apply(.set(.globalMaxconn(2)))
        #expect(running.difference(to: state(6)) == .runtime([.set(.globalMaxconn(6))]))
        #expect(updates(state(5), self.state([Section("global")])) == nil)
    }

    @Test func `The limit of a frontend changes without a reload, to more than it had as well, and drifts`() {
        func state(_ lines: String...) -> DesiredState {
            var section = Section("frontend http")
            section.add(snippet: lines.map { Traced(Directive(raw: $0), origin: .controller) })
            return self.state([section])
        }
        let more = RuntimeUpdate.set(.frontendMaxconn(frontend: "http", 7))
        #expect(updates(state("maxconn 5"), state("maxconn 7")) == [more])
        #expect(updates(state("maxconn 5"), state()) == nil && updates(state(), state("maxconn 5")) == nil)
        // Which of two is in force is not ours to say.
        #expect(updates(state("maxconn 5", "maxconn 6"), state("maxconn 5", "maxconn 7")) == nil)
        var running = RunningState(loaded: state("maxconn 7"))
        #expect(running.limitsFrontends && !RunningState(loaded: state()).limitsFrontends)
        let drift = running.correct(.settings([.frontendMaxconn(frontend: "http", 1), .frontendMaxconn(frontend: "x", 1)]))
        #expect(drift.differences == ["maxconn of http differs"])
        #expect(running.difference(to: state("maxconn 7"), in: drift.parts) == .runtime([more]))
    }

    @Test func `Rules of a feature stay until a reload, and need one to come`() {
        let rule = Section.Line("http-request deny", feature: "x")
        let with = state([Section("frontend http", lines: [.init("bind :80"), rule, .init("default_backend a")])])
        let without = state([Section("frontend http", lines: [.init("bind :80"), .init("default_backend a")])])
        #expect(updates(with, without) == [])
        #expect(updates(without, with) == nil)
    }

    @Test func `What only a reload changes names who asked for it`() {
        let origin = Origin(object: ObjectKey(.ingress, namespace: "shop", name: "web"), key: "haproxy.org/pace")
        let before = state([backend("a", [one])])
        let line = Section.Line("timeout server 5s", origin: origin)
        guard case .reload(let reasons) = RunningState(loaded: before).difference(to: state([backend("a", [one], lines: [line])]))
        else {
            Issue.record("a new line took no reload")
            return
        }
        #expect(reasons.map(\.origin) == [origin])
        #expect(reasons.first?.description == "backend a has a new line: timeout server 5s")
    }

    @Test func `Server keywords, new sections, frontends that go and files that are read once are reloads`() {
        let before = state(
            [backend("a", [one]), Section("frontend x", lines: [.init("bind :80 ca-file ca/one.pem")])],
            files: [ConfigurationFile(path: "ca/one.pem", content: [1], kind: .authority)])
        var keywords = before
        keywords.sections[0] = backend("a", [one], keywords: "check")
        #expect(updates(before, keywords) == nil)
        var section = before
        section.sections.append(backend("b"))
        #expect(updates(before, section) == nil)
        var frontend = before
        frontend.sections.removeAll { $0.header == "frontend x" }
        #expect(updates(before, frontend) == nil)
        var file = before
        file.files["ca/one.pem"] = ConfigurationFile(path: "ca/one.pem", content: [2], kind: .authority)
        #expect(updates(before, file) == nil)
        var slots = before
        slots.sections[0] = backend("a", [one], slots: 42)
        #expect(updates(before, slots) == nil)
    }

    @Test func `A backend that nothing leads to any more stays, without its servers`() {
        let with = state([backend("a", [one]), backend("b", [two])])
        let without = state([backend("a", [one])])
        #expect(updates(with, without) == [.removeServer(backend: "b", name: two.name)])
    }

    @Test func `While a reload waits, pods do not, and their servers have what their backend was loaded with`() {
        let before = state([backend("a", [one], keywords: "check"), backend("b", [one])])
        let after = state([
            backend("a", [two], keywords: "check inter 1s"), backend("b", [two], lines: [.init("timeout server 5s")]),
        ])
        let running = RunningState(loaded: before)
        #expect(
            running.urgentUpdates(to: after) == [
                [.addServer(backend: "a", two, keywords: "check"), .removeServer(backend: "a", name: one.name)],
                [.addServer(backend: "b", two, keywords: ""), .removeServer(backend: "b", name: one.name)],
            ])
    }
}
