import Testing

@testable import Core

@Suite struct RefusalsTests {
    private static let key = ObjectKey(.ingress, namespace: "shop", name: "web")

    private static func ingress(_ host: String, annotations: [String: String] = [:]) -> KubernetesObject {
        let path = IngressPath(
            path: "/", pathType: .prefix, backend: IngressBackend(serviceName: "web", port: .number(80)))
        return .ingress(
            Ingress(
                metadata: ObjectMeta(namespace: "shop", name: "web", annotations: annotations),
                rules: [IngressRule(host: host, paths: [path])]))
    }

    private static func service(_ port: Int = 80) -> KubernetesObject {
        .service(
            Service(
                metadata: ObjectMeta(namespace: "shop", name: "web"), type: .clusterIP, externalName: nil,
                ports: [ServicePort(name: "http", port: 80), ServicePort(name: "other", port: port)]))
    }

    private static func live(_ objects: [KubernetesObject]) throws -> Assembler {
        let live = Assembler(
            Engine(registry: try AnnotationRegistry([]), options: EngineOptions()), store: ObjectStore(objects))
        _ = live.update(now: 0)
        return live
    }

    private static func backends(_ live: Assembler) -> Int {
        _ = live.update(now: 0)
        return live.state.backends.count
    }

    @Test func `A refused version is left out whenever it comes back, and no other one is`() throws {
        let live = try Self.live([Self.ingress("one"), Self.service()])
        #expect(Self.backends(live) == 1)
        live.refuse(Self.ingress("one"), reason: "no")
        #expect(Self.backends(live) == 0 && live.allFindings.count == 1)
        live.upsert(Self.ingress("two"))
        #expect(Self.backends(live) == 1 && live.allFindings.isEmpty)
        live.takeBack(Self.key, to: .init(Self.ingress("one")))
        #expect(Self.backends(live) == 0 && live.allFindings.count == 1)
        live.lift(Self.key)
        #expect(Self.backends(live) == 1 && live.allFindings.isEmpty)
    }

    @Test func `A version that was refused while a newer one came leaves the newer one alone`() throws {
        let live = try Self.live([Self.ingress("two"), Self.service()])
        live.refuse(Self.ingress("one"), reason: "no")
        #expect(Self.backends(live) == 1 && live.allFindings.isEmpty)
    }

    @Test func `A refused Ingress stays out when what it names changes, and may be asked about again`() throws {
        let live = try Self.live([Self.ingress("one"), Self.service()])
        live.refuse(Self.ingress("one"), reason: "no")
        #expect(Self.backends(live) == 0)
        #expect(live.takeSecondChances().isEmpty)
        live.upsert(Self.service(81))
        #expect(Self.backends(live) == 0)
        #expect(live.takeSecondChances() == [Self.ingress("one")])
        #expect(live.takeSecondChances().isEmpty)
    }

    @Test(arguments: ["one", "two"])
    func `A refused object that is on trial is asked about`(host: String) throws {
        let live = try Self.live([Self.ingress("one"), Self.service()])
        live.refuse(Self.ingress("one"), reason: "no")
        _ = live.update(now: 0)
        let trial = Trial(live, suspects: [Self.key: Self.ingress(host)], now: 0)
        #expect(trial.state(of: [.object(Self.key)], .apart).backends.count == 1)
        #expect(trial.state(of: [.object(Self.key)], .apart, without: [.object(Self.key)]).backends.isEmpty)
        #expect(trial.state(of: [], .whole).backends.isEmpty)
    }

    @Test func `What was refused of versions that do not come back is forgotten`() {
        var refusals = Refusals()
        func version(_ value: String) -> KubernetesObject { Self.ingress("one", annotations: ["pace": value]) }
        for value in 0..<100 { refusals.refuse(Self.key, key: "pace", value: "\(value)", reason: "no") }
        refusals.refuse(version("7"), reason: "no")
        refusals.forget(Self.key, except: [version("7"), version("9")])
        #expect(refusals.count == 3)
        #expect(refusals.refusal(of: Self.key, key: "pace", value: "9") != nil)
        #expect(refusals.refusal(of: Self.key, key: "pace", value: "8") == nil)
        refusals.forget(Self.key, except: [])
        #expect(refusals.isEmpty)
    }

    @Test func `Lines of a file are remembered while the file has them`() {
        let key = ObjectKey(.configMap, namespace: "ops", name: "patterns")
        func patterns(_ text: String) -> KubernetesObject {
            .configMap(ConfigMap(metadata: ObjectMeta(namespace: "ops", name: "patterns"), data: ["office": text]))
        }
        var refusals = Refusals()
        refusals.refuse(key, key: "office", value: "127.0.0.300", reason: "no address")
        refusals.forget(key, except: [patterns("10.0.0.1\n127.0.0.300\n")])
        #expect(refusals.count == 1)
        refusals.forget(key, except: [patterns("10.0.0.1\n127.0.0.30\n")])
        #expect(refusals.isEmpty)
    }

    @Test func `Files are remembered up to a number`() {
        var refusals = Refusals()
        func file(_ number: Int) -> ConfigurationFile {
            ConfigurationFile(path: "certs/\(number).pem", content: Array("\(number)".utf8), kind: .certificate)
        }
        for number in 0...10_000 { refusals.refuse(file(number), reason: "no") }
        #expect(refusals.count == 10_000)
        #expect(refusals.refusal(of: file(0)) == nil)
        #expect(refusals.refusal(of: file(10_000)) == "no")
    }
}
