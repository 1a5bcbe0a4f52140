import Core
import Logging
import Synchronization
import TestSupport
import Testing

@testable import Controller

/// Which Secrets of a cluster stay in memory.
@Suite(.timeLimit(.minutes(1))) struct KeptSecretTests {
    private static func secret(_ name: String) -> Secret {
        Secret(
            metadata: ObjectMeta(namespace: "shop", name: name), type: "kubernetes.io/tls", data: ["tls.crt": [], "tls.key": []])
    }

    private static func secrets(_ names: [String]) -> [KubernetesObject] { names.map { .secret(secret($0)) } }

    private static func ingress(_ name: String, tls secret: String) -> KubernetesObject {
        .ingress(
            Ingress(
                metadata: ObjectMeta(namespace: "shop", name: name),
                rules: [IngressRule(host: "\(name).example.com")],
                tls: [IngressTLS(hosts: ["\(name).example.com"], secretName: secret)]))
    }

    @Test func `Of all Secrets only those are kept that something names, and others are got as soon as it does`() async throws {
        let directory = try TemporaryDirectory("kept-secrets")
        defer { directory.remove() }
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let (files, metrics) = (ConfigurationDirectory(path: directory.url.path), Metrics())
        try files.prepare()
        // What the loop keeps does not depend on HAProxy, which is not there.
        let process = HAProxyProcess(
            settings: .init(
                program: "/does/not/exist", configurationFile: "\(directory.url.path)/haproxy.cfg",
                runtimeDirectory: directory.url.path, runtimeSocket: "\(directory.url.path)/socket"),
            logger: logger)
        let applier = Applier(
            directory: files, process: process,
            prover: ConfigurationProver(
                directory: files, check: ConfigurationCheck(program: "/does/not/exist"), metrics: metrics),
            socket: RuntimeSocket(path: "\(directory.url.path)/socket"), metrics: metrics, logger: logger, reloadPeriod: .zero)
        let asked = Mutex<Set<String>>([])
        let loop = ControlLoop(
            engine: Engine(registry: try AnnotationRegistry([]), options: EngineOptions()), applier: applier, metrics: metrics,
            logger: logger,
            secrets: { keys in
                asked.withLock { $0.formUnion(keys.map(\.name)) }
                return keys.map { Self.secret($0.name) }
            })
        let running = Task { await loop.run() }
        defer { running.cancel() }
        func expect(secrets: Int, ingresses: Int, _ what: String) async throws {
            try await wait(for: what, within: .seconds(20)) {
                metrics.text.contains("objects{kind=\"Secret\"} \(secrets)\n")
                    && metrics.text.contains("objects{kind=\"Ingress\"} \(ingresses)\n")
            }
        }

        await loop.receive(
            SourceUpdate(isInitial: true, changed: Self.secrets(["tls", "other", "late"]) + [Self.ingress("one", tls: "tls")]))
        try await expect(secrets: 1, ingresses: 1, "of the first Secrets one is kept")
        #expect(asked.withLock { $0 } == [])

        await loop.receive(
            SourceUpdate(isInitial: false, changed: Self.secrets(["tls", "late", "unused"]) + [Self.ingress("two", tls: "late")]))
        try await expect(secrets: 2, ingresses: 2, "what is named now is got")
        #expect(asked.withLock { $0 } == ["late"])

        let gone = ObjectKey(.ingress, namespace: "shop", name: "one")
        await loop.receive(SourceUpdate(isInitial: false, deleted: [gone]))
        try await expect(secrets: 1, ingresses: 1, "what nothing names any more is let go")
    }
}
