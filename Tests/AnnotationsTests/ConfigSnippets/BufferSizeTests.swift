import Core
import Testing

@testable import Annotations

/// `tune.bufsize` of the operator's snippet is the size that all limits follow from.
@Suite struct BufferSizeTests {
    private static let path = "/" + String(repeating: "a", count: 2000)

    private static func ingress(_ annotations: [String: String] = [:], path: String = "/") -> KubernetesObject {
        let backend = IngressBackend(serviceName: "web", port: .name("http"))
        return .ingress(
            Ingress(
                metadata: ObjectMeta(
                    namespace: "shop", name: "web",
                    annotations: Dictionary(uniqueKeysWithValues: annotations.map { ("haproxy.org/\($0.key)", $0.value) })),
                rules: [
                    IngressRule(
                        host: "shop.example.com",
                        paths: Set(["/", path]).sorted().map { IngressPath(path: $0, pathType: .prefix, backend: backend) })
                ]))
    }

    private static func configMap(_ snippet: String, name: String = "haproxy-configmap", key: String = "global-config-snippet")
        -> KubernetesObject
    {
        .configMap(ConfigMap(metadata: ObjectMeta(namespace: "default", name: name), data: [key: snippet]))
    }

    private func live(_ objects: [KubernetesObject]) throws -> Assembler {
        var options = EngineOptions()
        options.errorFilesConfigMap = EngineOptions.ObjectName(namespace: "default", name: "pages")
        options.patternFilesConfigMap = EngineOptions.ObjectName(namespace: "default", name: "patterns")
        let live = Assembler(Engine(registry: try AnnotationRegistry(AnnotationHandlers.all), options: options))
        let service = Service(
            metadata: ObjectMeta(namespace: "shop", name: "web"), ports: [ServicePort(name: "http", port: 80)])
        for object in objects + [.service(service)] { live.upsert(object) }
        _ = live.update(now: 0)
        return live
    }

    private func isServed(_ path: String, _ live: Assembler) -> Bool {
        live.state.maps["path-prefix"]?.entries["shop.example.com\(path)/"] != nil
    }

    @Test(arguments: [
        "tune.bufsize 4096", "  tune.bufsize   4096  # small", "tune.bufsize 32768\ntune.bufsize 4096",
        "tune.bufsize 4096\ntune.bufsize 32768", "tune.bufsize \"4096\"", "tune.bufsize 4k",
    ])
    func `A smaller buffer has smaller limits, at once for all objects`(snippet: String) throws {
        let live = try live([Self.ingress(path: Self.path)])
        #expect(isServed(Self.path, live) && live.state.bufferSize == 16_384)
        live.upsert(Self.configMap(snippet))
        _ = live.update(now: 0)
        #expect(live.state.bufferSize == 4096)
        #expect(!isServed(Self.path, live) && live.state.maps["host-route"]?.entries["shop.example.com"] != nil)
        #expect(
            live.allFindings.contains { $0.object?.name == "web" && $0.message.contains("1024 bytes") }, "\(live.allFindings)")
        live.remove(ObjectKey(.configMap, namespace: "default", name: "haproxy-configmap"))
        _ = live.update(now: 0)
        #expect(isServed(Self.path, live) && live.state.bufferSize == 16_384)
    }

    @Test func `A change of the size alone comes as a change of the state`() throws {
        let live = try live([Self.ingress()])
        var state = live.state
        live.upsert(Self.configMap("tune.bufsize 4096"))
        _ = state.apply(live.update(now: 0).state)
        #expect(state.bufferSize == 4096 && state == live.state)
    }

    @Test func `A larger buffer takes longer texts`() throws {
        let long = "/" + String(repeating: "b", count: 12_000)
        let live = try live([Self.ingress(path: long), Self.configMap("tune.bufsize 32768")])
        #expect(isServed(long, live))
        #expect(try !isServed(long, self.live([Self.ingress(path: long)])))
    }

    @Test func `Header values, error pages and lines of pattern files have the limits of the buffer`() throws {
        let objects = [
            Self.ingress(["response-set-header": "X-Long " + String(repeating: "v", count: 1500)]),
            Self.configMap("10.0.0.0/8\n" + String(repeating: "1", count: 5000) + "\n", name: "patterns", key: "office"),
            Self.configMap(String(repeating: "p", count: 5000), name: "pages", key: "503"),
        ]
        let usual = try live(objects)
        #expect(usual.allFindings.isEmpty, "\(usual.allFindings)")
        let small = try live(objects + [Self.configMap("tune.bufsize 4096")])
        #expect(Set(small.allFindings.compactMap(\.object?.name)) == ["web", "pages", "patterns"], "\(small.allFindings)")
        #expect(small.state.files["patterns/office"].map { String(decoding: $0.content, as: UTF8.self) } == "10.0.0.0/8\n")
    }
}
