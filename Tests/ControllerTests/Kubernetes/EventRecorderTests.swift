import Core
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Controller

@Suite struct EventRecorderTests {
    /// An API that keeps Events, and says of every object but those called `gone` that it is there.
    private final class EventAPI: Sendable {
        private let events: Events
        let server: ScriptedAPI

        private final class Events: Sendable {
            let stored = Mutex<[String: ObjectEvent]>([:])
            let generation = Mutex("")
        }

        init() throws {
            let events = Events()
            self.events = events
            server = try ScriptedAPI { request in
                let name = request.path.components(separatedBy: "/").last ?? ""
                let generation = events.generation.withLock { $0 }
                let answer: (text: String, status: Int) = events.stored.withLock { stored in
                    switch request.method {
                    case "POST":
                        guard let event = try? JSONDecoder().decode(ObjectEvent.self, from: Data(request.body.utf8)) else {
                            return ("{}", 422)
                        }
                        if stored[event.metadata.name] != nil { return (#"{"reason":"AlreadyExists"}"#, 409) }
                        stored[event.metadata.name] = event
                        return ("{}", 201)
                    case "PATCH":
                        struct Patch: Decodable {
                            var count: Int
                            var lastTimestamp: String
                        }
                        guard let patch = try? JSONDecoder().decode(Patch.self, from: Data(request.body.utf8)) else {
                            return ("{}", 422)
                        }
                        stored[name]?.count = patch.count
                        stored[name]?.lastTimestamp = patch.lastTimestamp
                        return ("{}", 200)
                    default:
                        if request.path.contains("/events/") {
                            guard let event = stored[name], let text = try? JSONEncoder().encode(event) else {
                                return ("{}", 404)
                            }
                            return (String(decoding: text, as: UTF8.self), 200)
                        }
                        return name == "gone" ? ("{}", 404) : (#"{"metadata":{"uid":"uid-of-\#(name)\#(generation)"}}"#, 200)
                    }
                }
                return ScriptedAPI.json(answer.text, status: answer.status)
            }
        }

        var stored: [ObjectEvent] { events.stored.withLock { $0.values.sorted { $0.metadata.name < $1.metadata.name } } }
        func change(_ body: (inout ObjectEvent) -> Void) {
            events.stored.withLock { stored in
                for name in stored.keys {
                    if var event = stored[name] {
                        body(&event)
                        stored[name] = event
                    }
                }
            }
        }
        /// Objects are deleted and made anew.
        func generation(_ suffix: String) { events.generation.withLock { $0 = suffix } }
        func writes(_ method: String) -> Int { server.requests.filter { $0.method == method }.count }

        func recorder(_ limits: EventRecorder.Limits = .init()) -> EventRecorder {
            let access = ClusterAccess(
                cluster: Kubeconfig.Cluster(server: server.url), user: Kubeconfig.User(), namespace: nil, source: "test")
            return EventRecorder(
                api: KubernetesAPI(access), instance: "me", endpoints: .endpointSlices.version("v1beta1"), limits: limits,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        }
    }

    private static func finding(_ name: String = "web", _ value: String = "abc") -> Finding {
        Finding(
            .error, object: ObjectKey(.ingress, namespace: "shop", name: name), key: "haproxy.org/timeout-server", value: value,
            "is not a duration", expected: "a number with a unit", example: "30s")
    }

    private static func leading(_ recorder: EventRecorder, _ body: () async throws -> Void) async throws {
        let task = Task { await recorder.lead() }
        do { try await body() } catch {
            task.cancel()
            throw error
        }
        task.cancel()
        await task.value
    }

    @Test func `A finding becomes an Event on its object`() async throws {
        let api = try EventAPI()
        let recorder = api.recorder()
        await recorder.take([Self.finding()], gone: [])
        try await Self.leading(recorder) { try await wait(for: "an Event") { !api.stored.isEmpty } }
        let event = try #require(api.stored.first)
        #expect(event.metadata.namespace == "shop" && event.metadata.name.hasPrefix("web."))
        #expect(
            event.involvedObject
                == .init(apiVersion: "networking.k8s.io/v1", kind: "Ingress", namespace: "shop", name: "web", uid: "uid-of-web"))
        #expect(event.type == "Warning" && event.reason == "RejectedAnnotation" && event.count == 1)
        #expect(
            event.message
                == #"haproxy.org/timeout-server: "abc": is not a duration; expected a number with a unit, for example 30s"#)
        #expect(event.reportingComponent == "haproxy-ingress" && event.reportingInstance == "me")
        #expect(event.firstTimestamp == event.lastTimestamp && event.firstTimestamp?.hasSuffix("Z") == true)
    }

    @Test func `The same finding of another replica within ten minutes is not written, later it is counted`() async throws {
        let api = try EventAPI()
        for pass in 1...3 {
            let recorder = api.recorder()
            await recorder.take([Self.finding()], gone: [])
            if pass == 3 { api.change { $0.lastTimestamp = APITime.seconds(Date() - 601) } }
            try await Self.leading(recorder) {
                try await wait(for: "the write") { api.writes("POST") == pass && (pass < 3 || api.writes("PATCH") == 1) }
                if pass == 2 { try await wait(for: "a look") { api.server.requests.contains { $0.path.contains("/events/") } } }
            }
        }
        #expect(api.stored.count == 1 && api.stored.first?.count == 2 && api.writes("PATCH") == 1)
    }

    @Test func `A finding that comes and goes is written once, one that is mended before its turn not at all`() async throws {
        let api = try EventAPI()
        let recorder = api.recorder()
        await recorder.take([Self.finding("mended")], gone: [])
        await recorder.take([], gone: [Self.finding("mended")])
        await recorder.take([Self.finding()], gone: [])
        try await Self.leading(recorder) {
            try await wait(for: "an Event") { api.stored.count == 1 }
            for _ in 0..<5 {
                await recorder.take([], gone: [Self.finding()])
                await recorder.take([Self.finding()], gone: [])
            }
            await recorder.take([Self.finding("last")], gone: [])
            try await wait(for: "the last") { api.stored.count == 2 }
        }
        #expect(api.writes("POST") == 2 && api.writes("PATCH") == 0)
    }

    @Test func `An object that was made anew gets an Event of its own`() async throws {
        let api = try EventAPI()
        let recorder = api.recorder()
        await recorder.take([Self.finding()], gone: [])
        try await Self.leading(recorder) {
            try await wait(for: "an Event") { api.stored.count == 1 }
            api.generation("2")
            await recorder.take([], gone: [Self.finding()])
            await recorder.take([Self.finding()], gone: [])
            try await wait(for: "another") { api.stored.count == 2 }
        }
        #expect(Set(api.stored.map(\.involvedObject.uid)) == ["uid-of-web", "uid-of-web2"])
    }

    @Test func `A finding that lasts is repeated before the server forgets it`() async throws {
        let api = try EventAPI()
        var limits = EventRecorder.Limits()
        limits.quiet = .zero
        limits.repetition = .milliseconds(30)
        let recorder = api.recorder(limits)
        await recorder.take([Self.finding()], gone: [])
        try await Self.leading(recorder) { try await wait(for: "repetitions") { api.stored.first?.count ?? 0 >= 3 } }
        #expect(api.stored.count == 1)
    }

    @Test func `A thousand findings are written no faster than allowed, those found first coming first`() async throws {
        let api = try EventAPI()
        var limits = EventRecorder.Limits()
        limits.burst = 5
        limits.interval = .seconds(3600)
        let recorder = api.recorder(limits)
        await recorder.take((0..<5).map { Self.finding("first-\($0)") }, gone: [])
        await recorder.take((0..<1000).map { Self.finding("later-\($0)") }, gone: [])
        try await Self.leading(recorder) { try await wait(for: "the burst") { api.stored.count == 5 } }
        #expect(api.stored.allSatisfy { $0.involvedObject.name.hasPrefix("first-") })
    }

    @Test func `After the burst one a second`() {
        let start = ContinuousClock.now
        var budget = EventBudget(burst: 25, interval: .seconds(1), now: start)
        for _ in 0..<25 { #expect(budget.take(now: start) == nil) }
        #expect(budget.take(now: start) == .seconds(1))
        #expect(budget.take(now: start + .seconds(1)) == nil)
        #expect(budget.take(now: start + .seconds(1)) != nil)
        let later = start + .seconds(3600)
        var written = 0
        while budget.take(now: later) == nil { written += 1 }
        #expect(written == 25)
    }

    @Test func `Objects that are gone, and findings about no object, are passed over; failures are tried again`() async throws {
        let api = try EventAPI()
        var limits = EventRecorder.Limits()
        limits.retry = BackOff(initial: .milliseconds(10), maximum: .milliseconds(20))
        let recorder = api.recorder(limits)
        await recorder.take([Finding(.error, "the API server is out of reach"), Self.finding("gone"), Self.finding()], gone: [])
        try await Self.leading(recorder) { try await wait(for: "an Event") { api.stored.count == 1 } }
        #expect(api.writes("POST") == 1)
    }

    @Test func `Events about what is in no namespace are in default, and those about Secrets show no values`() {
        let ingressClass = ObjectKey(.ingressClass, namespace: "", name: "edge")
        let about = ObjectEvent(
            Finding(.error, object: ingressClass, key: "spec.controller", "is required"), about: ingressClass,
            of: .ingressClasses,
            uid: "u", instance: "me", at: Date(timeIntervalSince1970: 0))
        #expect(about.metadata.namespace == "default" && about.involvedObject.namespace == nil && about.reason == "InvalidObject")
        #expect(about.firstTimestamp == "1970-01-01T00:00:00Z")
        let secret = ObjectKey(.secret, namespace: "shop", name: "tls")
        let finding = Finding(.error, object: secret, key: "tls.key", value: "hunter2", "is no key", example: "hunter3")
        #expect(ObjectEvent.message(finding, about: secret) == "tls.key: is no key")
        let configMap = ObjectKey(.configMap, namespace: "edge", name: "haproxy")
        #expect(ObjectEvent.reason(Finding(.error, object: configMap, key: "maxconn", ""), about: configMap) == "RejectedSetting")
        #expect(
            ObjectEvent.reason(Finding(.warning, object: configMap, key: "maxcon", ""), about: configMap)
                == "ConfigurationWarning")
    }

    @Test func `Long messages and names stay within what the API takes`() {
        let object = ObjectKey(.ingress, namespace: "shop", name: String(repeating: "a-", count: 120) + "z")
        let finding = Finding(.error, object: object, key: "haproxy.org/x", String(repeating: "ü", count: 2000))
        let event = ObjectEvent(finding, about: object, of: .ingresses, uid: "u", instance: "me", at: Date())
        #expect(event.metadata.name.utf8.count <= 253 && event.metadata.name.isDNSSubdomain)
        #expect((event.message?.utf8.count ?? 0) <= 1024 && event.message?.hasSuffix("…") == true)
    }
}
