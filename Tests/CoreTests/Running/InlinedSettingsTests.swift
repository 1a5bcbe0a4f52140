import Testing

@testable import Core

@Suite("Settings in backends")
struct InlinedSettingsTests {
    private static let backend = "shop_svc_web_http"
    private static let line = "http-request set-var(txn.greeting) str(hello)"

    private func route(_ name: String, _ annotations: [String: String] = [:]) -> KubernetesObject {
        Cluster.ingress(name, host: "\(name).example.com", annotations: annotations)
    }

    private func state(
        _ routes: [KubernetesObject], service: [String: String] = [:], limit: Int = .max, except refused: Set<String> = []
    ) throws -> DesiredState {
        let pods = Cluster.slice(Cluster.pods("10.0.0.1"))
        var state = try Cluster.assemble([Cluster.service(annotations: service), pods] + routes).state
        _ = state.renderedFiles(inlining: limit, except: refused)
        return state
    }

    /// Where HAProxy sends requests for a host.
    private func target(_ host: String, _ state: DesiredState) -> String? {
        let entries = RunningNames(inlined: state.inlined).entries(state.maps["host-route"]?.entries ?? [:], in: "host-route")
        return entries["\(host).example.com"]
    }

    private func loaded(_ state: DesiredState) -> [String] {
        state.loadedBackend(Self.backend)?.lines.map(\.directive.text) ?? []
    }

    @Test("a backend has those of most of its routes as lines, and only these routes lead there without settings")
    func most() throws {
        let state = try state([
            route("a", ["greeting": "hello"]), route("b", ["greeting": "hello"]), route("c", ["greeting": "salut"]), route("d"),
        ])
        #expect(
            loaded(state) == [
                "acl ingress_by_maps var(txn.settings) -m found", "http-request allow if ingress_by_maps", Self.line,
            ])
        #expect(state.sections.filter(\.isBackend).allSatisfy { $0.lines.allSatisfy { $0.directive.text != Self.line } })
        #expect(target("a", state) == Self.backend && target("b", state) == Self.backend)
        let other = try #require(state.maps["greeting"]?.entries.first { $0.value == "salut" }?.key)
        #expect(target("c", state) == "\(Self.backend).\(other)")
        // The lines would greet whoever comes without settings.
        #expect(target("d", state) == "\(Self.backend).-")
        let files = state.renderedFiles()
        let map = String(decoding: files["maps/path-prefix.map"] ?? [], as: UTF8.self)
        #expect(map.contains("a.example.com/ \(Self.backend)\n") && map.contains("d.example.com/ \(Self.backend).-\n"))
        #expect(String(decoding: files["haproxy.cfg"] ?? [], as: UTF8.self).contains("  \(Self.line)\n"))
    }

    @Test("the same routes lead to the same choice, whatever came first")
    func choice() throws {
        let routes = [route("a", ["greeting": "hello"]), route("b", ["greeting": "salut"])]
        #expect(try state(routes).inlined == state(routes.reversed()).inlined)
        #expect(try state(routes).inlined.count == 1)
    }

    @Test("none where a route also has a setting that has no form for backends", arguments: ["visitors", "guard"])
    func impossible(_ key: String) throws {
        let annotations = ["greeting": "hello", key: key == "guard" ? "strict" : "10.0.0.0/8"]
        let state = try state([route("a", annotations)])
        #expect(state.inlined.isEmpty)
        #expect(target("a", state)?.hasPrefix("\(Self.backend).") == true)
        #expect(!loaded(state).contains(Self.line))
    }

    @Test("none where most routes have none, which look nothing up now, and where the backend's lines would change what they do")
    func exclusions() throws {
        let greeted = route("a", ["greeting": "hello"])
        #expect(try state([greeted, route("b")]).inlined.count == 1)
        #expect(try state([greeted, route("b"), route("c")]).inlined.isEmpty)
        for line in ["acl ingress_by_maps always_true", "errorfile 429 /page", "http-error status 403", "http-request deny"] {
            var state = try state([greeted])
            state.backends[Self.backend]?.add("\(raw: line)")
            _ = state.renderedFiles(inlining: .max)
            #expect(state.inlined.isEmpty, "\(line)")
        }
    }

    @Test("no more backends than the limit, and no settings that HAProxy refuses there")
    func limits() throws {
        let routes = [route("a", ["greeting": "hello"])]
        let settings = try #require(try state(routes).inlined[Self.backend])
        #expect(try state(routes, limit: 0).inlined.isEmpty)
        #expect(try state(routes, except: [settings]).inlined.isEmpty)
        #expect(try state(routes, except: ["another"]).inlined[Self.backend] == settings)
    }

    @Test("a route that only some requests take, and the one for the rest, go by maps")
    func conditions() throws {
        let objects = [
            Cluster.service(annotations: ["only-when": "x-a", "greeting": "hello"]),
            Cluster.slice(Cluster.pods("10.0.0.1")), route("a"), Cluster.service("rest"),
            Cluster.slice(Cluster.pods("10.0.0.2"), name: "rest-1", of: "rest"),
            Cluster.ingress("rest", host: "a.example.com", service: "rest", annotations: ["greeting": "salut"]),
        ]
        var state = try Cluster.assemble(objects).state
        _ = state.renderedFiles(inlining: .max)
        #expect(state.inlined.isEmpty)
        // A route without settings that is chosen among others must not get those in its backend.
        let names = RunningNames(inlined: ["b": "1"])
        #expect(names.entry(("x:y", "3|b"), in: "route-acl") == ("x:y", "3|b.-"))
        #expect(names.entry(("x:y", "3|b.1"), in: "route-acl") == ("x:y", "3|b.1"))
        #expect(names.entry(("a/", "b.1.candidates"), in: "path-prefix") == ("a/", "b.1.candidates"))
        #expect(names.entry(("a/", "b..candidates"), in: "path-prefix") == ("a/", "b..candidates"))
        #expect(names.entry(("a", "b.1"), in: "sni") == ("a", "b.1"))
    }

    @Test("a snippet's rules for all requests keep requests from leaving early", arguments: [false, true])
    func snippets(_ hasSnippet: Bool) throws {
        var global = GlobalContribution(
            environment: AnnotationEnvironment(capabilities: Capabilities(), processors: 1),
            objects: ObjectReader(secret: { _ in nil }, patternFile: { _ in nil }, sharedNamespaces: []))
        global.frontendSnippet(["maxconn 100", "option httplog"])
        #expect(global.allowsInlinedSettings)
        if hasSnippet {
            global.frontendSnippet(["use_backend other if { path /other }"])
            #expect(!global.allowsInlinedSettings)
        }
    }

    @Test("a changed value goes by the map until the old one is back, without a reload")
    func changes() throws {
        let before = try state([route("a", ["greeting": "hello"])])
        var running = RunningState(loaded: before)
        var simulated = SimulatedHAProxy(loading: before)
        #expect(target("a", before).flatMap(simulated.greeting) == "hello")
        for greeting in ["salut", nil, "hello"] {
            let next = try state([route("a", greeting.map { ["greeting": $0] } ?? [:])], limit: 0)
            guard case .runtime(let updates) = running.difference(to: next) else {
                Issue.record("\(greeting ?? "nothing") takes a reload or nothing")
                continue
            }
            for update in updates {
                try simulated.run(update)
                running.apply(update)
            }
            let target = try #require(simulated.maps["host-route"]?["a.example.com"])
            #expect(simulated.greeting(target) == greeting)
            #expect((target == Self.backend) == (greeting == "hello"))
        }
    }

    @Test(
        "an entry with other settings than HAProxy was given tells that it may have been loaded with others, and all go by maps")
    func drift() throws {
        let state = try state([route("a", ["greeting": "hello"])])
        let settings = try #require(state.inlined[Self.backend])
        var running = RunningState(loaded: state)
        let right = "a.example.com \(Self.backend)"
        #expect(running.correct(.map(name: "host-route", lines: [right])).isEmpty)
        let drift = running.correct(.map(name: "host-route", lines: ["\(right).\(settings)"]))
        #expect(drift.differences == ["map host-route has another value for a.example.com"])
        guard case .runtime(let updates) = running.difference(to: state, in: drift.parts),
            case .updateMap("host-route", let changes)? = updates.first
        else { return #expect(Bool(false), "it is not mended") }
        #expect(
            running.names.changes(changes, in: "host-route").changed == ["a.example.com": "\(Self.backend).\(settings)"])
        #expect(drift.parts.maps["path-prefix"] == ["a.example.com/"])
    }
}
