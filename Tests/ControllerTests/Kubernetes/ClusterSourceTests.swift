import Core
import Glibc
import Synchronization
import Testing

@testable import Controller

/// A cluster as a source, against a scripted API.
@Suite(.timeLimit(.minutes(1))) struct ClusterSourceTests {
    private static let slices = "/apis/discovery.k8s.io"

    /// The empty list of version 1.
    private static let empty = list([])

    private static func list(_ items: [String], version: Int = 1) -> [ScriptedAPI.Step] {
        ScriptedAPI.json(#"{"metadata":{"resourceVersion":"\#(version)"},"items":[\#(items.joined(separator: ","))]}"#)
    }

    private static func metadata(_ name: String, _ version: Int = 1, namespace: String = "shop") -> String {
        #""metadata":{"name":"\#(name)","namespace":"\#(namespace)","resourceVersion":"\#(version)"}"#
    }

    private static func service(_ name: String, _ version: Int = 1, namespace: String = "shop") -> String {
        #"{\#(metadata(name, version, namespace: namespace)),"spec":{"ports":[{"port":80}]}}"#
    }

    private static func api(_ server: ScriptedAPI) -> KubernetesAPI {
        KubernetesAPI(ClusterAccess(cluster: .init(server: server.url), user: .init(), namespace: nil, source: "test"))
    }

    private static func source(
        _ server: ScriptedAPI, _ scope: ClusterSource.Scope = .init(), endpoints: APIResource = .endpointSlices
    ) -> ClusterSource {
        var times = WatchTimes()
        times.firstRetry = .milliseconds(5)
        times.lastRetry = .milliseconds(20)
        return ClusterSource(api: api(server), scope: scope, endpoints: endpoints, times: times)
    }

    /// Runs a source and hands its updates to `look` until that returns false.
    private static func follow(_ source: ClusterSource, _ look: (SourceUpdate) async throws -> Bool) async rethrows {
        let running = Task { await source.run() }
        defer { running.cancel() }
        for await update in source.updates {
            guard try await look(update) else { return }
        }
    }

    /// Keeps an answer back until the test is that far, or for half a minute.
    private static func pause(until isReached: () -> Bool) {
        for _ in 0..<6000 where !isReached() { usleep(5000) }
    }

    // MARK: - Endpoints

    @Test(
        arguments: [
            (["v1", "v1beta1"], "/apis/discovery.k8s.io/v1/endpointslices"),
            (["v1beta1"], "/apis/discovery.k8s.io/v1beta1/endpointslices"), (["v2"], "/api/v1/endpoints"),
            (nil, "/api/v1/endpoints"),
        ] as [([String]?, String)])
    func `The newest way in which the server tells of pods is found, and read`(_ versions: [String]?, _ path: String) async throws
    {
        let server = try ScriptedAPI { request in
            if request.query["watch"] != nil { return [ScriptedAPI.head(), .hang] }
            switch request.path {
            case Self.slices:
                guard let versions else { return ScriptedAPI.json(#"{"kind":"Status","code":404}"#, status: 404) }
                let entries = versions.map { #"{"groupVersion":"discovery.k8s.io/\#($0)","version":"\#($0)"}"# }
                return ScriptedAPI.json(#"{"kind":"APIGroup","versions":[\#(entries.joined(separator: ","))]}"#)
            case "/version": return ScriptedAPI.json(#"{"major":"1"}"#)
            case path where path.hasSuffix("/endpoints"):
                return Self.list([
                    #"{\#(Self.metadata("web")),"subsets":[{"addresses":[{"ip":"10.0.0.7"}],"ports":[{"port":8080}]}]}"#
                ])
            case path:
                let labels = #""resourceVersion":"1","labels":{"kubernetes.io/service-name":"web"}}"#
                let metadata = Self.metadata("web").replacingOccurrences(of: #""resourceVersion":"1"}"#, with: labels)
                return Self.list([
                    #"{\#(metadata),"addressType":"IPv4","endpoints":[{"addresses":["10.0.0.7"]}],"ports":[{"port":8080}]}"#
                ])
            default: return Self.empty
            }
        }
        defer { server.stop() }
        let resource = try await Self.api(server).endpointResource()
        #expect(resource.path(namespace: nil) == path)
        await Self.follow(Self.source(server, endpoints: resource)) { update in
            #expect(update.isInitial && update.findings.isEmpty)
            #expect(update.changed.map(\.key) == [ObjectKey(resource.kind, namespace: "shop", name: "web")])
            #expect("\(update.changed)".contains("10.0.0.7"))
            return false
        }
        let asked = Set(server.requests.map(\.path)).filter { $0.contains("endpoint") }
        #expect(asked == [path])
    }

    // MARK: - Namespaces and rights

    @Test func `Where only some namespaces are allowed, nothing is asked for all of them`() async throws {
        let server = try ScriptedAPI { request in
            if request.query["watch"] != nil { return [ScriptedAPI.head(), .hang] }
            guard request.path.hasSuffix("/services") else { return Self.empty }
            return Self.list([Self.service("web", namespace: request.path.contains("/shop/") ? "shop" : "blog")])
        }
        defer { server.stop() }
        var scope = ClusterSource.Scope()
        scope.allowedNamespaces = ["shop", "blog"]
        scope.secretNamespaces = ["vault", "shop"]
        await Self.follow(Self.source(server, scope)) { update in
            #expect(Set(update.changed.map(\.key.namespace)) == ["shop", "blog"])
            return false
        }
        let namespaced = ["shop", "blog"].flatMap { namespace in
            ["/apis/networking.k8s.io/v1", "/api/v1", "/apis/discovery.k8s.io/v1", "/api/v1"].enumerated().map {
                "\($1)/namespaces/\(namespace)/" + ["ingresses", "services", "endpointslices", "secrets"][$0]
            }
        }
        #expect(
            Set(server.requests.map(\.path))
                == Set(namespaced + ["/apis/networking.k8s.io/v1/ingressclasses", "/api/v1/namespaces/vault/secrets"]))
    }

    @Test func `Denied namespaces are left out, but for Secrets, which others may name`() async throws {
        let server = try ScriptedAPI { request in
            if request.query["watch"] != nil { return [ScriptedAPI.head(), .hang] }
            switch request.path {
            case "/api/v1/services": return Self.list([Self.service("web"), Self.service("dns", namespace: "kube-system")])
            case "/api/v1/secrets": return Self.list([#"{\#(Self.metadata("tls", namespace: "kube-system"))}"#])
            default: return Self.empty
            }
        }
        defer { server.stop() }
        var scope = ClusterSource.Scope()
        scope.deniedNamespaces = ["kube-system"]
        await Self.follow(Self.source(server, scope)) { update in
            #expect(
                Set(update.changed.map(\.key)) == [
                    ObjectKey(.service, namespace: "shop", name: "web"),
                    ObjectKey(.secret, namespace: "kube-system", name: "tls"),
                ])
            return false
        }
    }

    @Test func `A right to Secrets that is missing is told, and the rest goes on`() async throws {
        let forbidden = #"{"kind":"Status","message":"secrets is forbidden: User \"x\"","reason":"Forbidden","code":403}"#
        let isKnown = Mutex(false)
        let server = try ScriptedAPI { request in
            if request.path == "/api/v1/secrets" { return ScriptedAPI.json(forbidden, status: 403) }
            guard request.path == "/api/v1/services" else {
                return request.query["watch"] == nil ? Self.empty : [ScriptedAPI.head(), .hang]
            }
            if request.query["watch"] == nil { return Self.list([Self.service("web")]) }
            Self.pause { isKnown.withLock { $0 } }
            return [ScriptedAPI.head(), .send(#"{"type":"ADDED","object":\#(Self.service("later", 2))}"# + "\n"), .hang]
        }
        defer { server.stop() }
        await Self.follow(Self.source(server)) { update in
            #expect(
                update.findings.map(\.message) == [
                    #"may not list and watch secrets, which is left out: secrets is forbidden: User "x""#
                ])
            if update.isInitial { #expect(update.changed.map(\.key.name) == ["web"]) }
            isKnown.withLock { $0 = true }
            return !update.changed.contains { $0.key.name == "later" }
        }
    }

    @Test func `In an outage one sentence tells of it, nothing is taken away, and its end needs no new lists`() async throws {
        enum Phase { case up, away, back }
        let phase = Mutex(Phase.up)
        let server = try ScriptedAPI { request in
            switch phase.withLock({ $0 }) {
            case .away: return [.reset]
            case .back: return request.query["watch"] == nil ? Self.empty : [ScriptedAPI.head(), .hang]
            case .up:
                guard request.query["watch"] != nil else {
                    return request.path == "/api/v1/services" ? Self.list([Self.service("web")]) : Self.empty
                }
                Self.pause { phase.withLock { $0 != .up } }
                return [.reset]
            }
        }
        defer { server.stop() }
        var steps: [String] = []
        await Self.follow(Self.source(server)) { update in
            let messages = update.findings.map(\.message)
            switch (steps.last, messages.first) {
            case (nil, nil):
                #expect(update.isInitial && update.changed.map(\.key.name) == ["web"])
                steps.append("listed")
                phase.withLock { $0 = .away }
            case (_, let message?):
                #expect(messages.count == 1 && update.changed.isEmpty && update.deleted.isEmpty)
                #expect(message.hasPrefix("the API server \(server.url) is out of reach and the last state keeps serving: "))
                if steps.last != "told" { steps.append("told") }
                phase.withLock { $0 = .back }
            case ("told", nil):
                #expect(update.changed.isEmpty && update.deleted.isEmpty)
                steps.append("over")
                return false
            default: break
            }
            return true
        }
        #expect(steps == ["listed", "told", "over"])
        let lists = server.requests.filter { $0.query["watch"] == nil }.map(\.path)
        #expect(Set(lists).count == lists.count, "\(lists)")
    }
}
