import Core
import Synchronization
import Testing

@testable import Controller

@Suite struct MissedSecretTests {
    private static let secret =
        #"{"metadata":{"name":"tls","namespace":"shop","resourceVersion":"7"},"data":{"auth":"YQ=="},"type":"Opaque"}"#

    /// An API server with one Secret, which it lists and watches but gives only when `gives` says so.
    private func api(_ gives: @escaping @Sendable () -> Bool) throws -> ScriptedAPI {
        try ScriptedAPI { request in
            if request.query["watch"] != nil { return [ScriptedAPI.head(), .hang] }
            switch request.path {
            case "/api/v1/namespaces/shop/secrets/tls":
                guard gives() else {
                    return ScriptedAPI.json(#"{"kind":"Status","message":"secrets \"tls\" is forbidden"}"#, status: 403)
                }
                let whole = #"{"apiVersion":"v1","kind":"Secret",\#(Self.secret.dropFirst())"#
                return ScriptedAPI.json(whole)
            case "/api/v1/secrets":
                return ScriptedAPI.json(#"{"metadata":{"resourceVersion":"7"},"items":[\#(Self.secret)]}"#)
            default: return ScriptedAPI.json(#"{"metadata":{"resourceVersion":"7"},"items":[]}"#)
            }
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `A Secret that cannot be got is told, asked for again, and comes as an update`() async throws {
        let isGiven = Mutex(false)
        let server = try api { isGiven.withLock { $0 } }
        defer { server.stop() }
        let access = ClusterAccess(cluster: .init(server: server.url), user: .init(), namespace: nil, source: "test")
        var times = WatchTimes()
        times.firstRetry = .milliseconds(10)
        let source = ClusterSource(
            api: KubernetesAPI(access), scope: .init(), endpoints: .endpointSlices, times: times)
        let key = ObjectKey(.secret, namespace: "shop", name: "tls")
        let running = Task { await source.run() }
        defer { running.cancel() }
        var steps: [String] = []
        for await update in source.updates {
            let messages = update.findings.map(\.message)
            if update.isInitial {
                steps.append("listed")
                #expect(await source.secrets([key]) == [])
            } else if messages.contains(where: { $0.contains("shop/tls") && $0.contains(#"secrets "tls" is forbidden"#) }) {
                guard steps.last != "told" else { continue }
                steps.append("told")
                isGiven.withLock { $0 = true }
            } else if update.changed.contains(where: { $0.key == key }) {
                #expect(messages == [])
                steps.append("got")
                break
            }
        }
        #expect(steps == ["listed", "told", "got"])
    }
}
