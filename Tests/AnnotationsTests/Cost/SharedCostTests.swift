import AnnotationTesting
import Core
import TestSupport
import Testing

@testable import Annotations

/// Other tenants' requests pass the rules of the frontends, so what one tenant writes adds no more than a few.
@Suite struct SharedCostTests {
    private static let names = [
        "request-set-header", "response-set-header", "request-capture", "rate-limit-period", "rate-limit-size",
    ]

    private func ingress(_ number: Int, namespace: String, _ annotations: [String: String]) -> [KubernetesObject] {
        let backend = IngressBackend(serviceName: "web\(number)", port: .name("http"))
        let rule = IngressRule(
            host: "h\(number).\(namespace).example.com", paths: [IngressPath(path: "/", pathType: .prefix, backend: backend)])
        return [
            .ingress(
                Ingress(
                    metadata: ObjectMeta(
                        namespace: namespace, name: "web\(number)",
                        annotations: Dictionary(uniqueKeysWithValues: annotations.map { ("haproxy.org/\($0.key)", $0.value) }),
                        creationTimestamp: "2025-01-01T00:00:\(number < 10 ? "0" : "")\(number % 60)Z"),
                    rules: [rule], tls: [])),
            .service(
                Service(
                    metadata: ObjectMeta(namespace: namespace, name: "web\(number)"), type: .clusterIP, externalName: nil,
                    ports: [ServicePort(name: "http", port: 80)])),
        ]
    }

    private func assemble(_ objects: [KubernetesObject], limits: ResourceLimits = .init()) throws -> AssemblyReport {
        var options = EngineOptions()
        options.environment = AnnotationEnvironment(capabilities: Capabilities(), processors: 4)
        options.environment.limits = limits
        let engine = Engine(registry: try AnnotationRegistry(AnnotationHandlers.all), options: options)
        return engine.assemble(ObjectStore(objects), now: 1_800_000_000)
    }

    private func lines(_ assembly: AssemblyReport, _ header: String) -> [String] {
        assembly.state.sections.first { $0.header == header }?.lines.map(\.directive.text) ?? []
    }

    @Test func `However many header names a namespace has, the frontends get few of them, and its backends the rest`() throws {
        func setting(_ count: Int) throws -> AssemblyReport {
            let headers = (0..<60).map { "X-H\($0) v" }.joined(separator: "\n")
            return try assemble(
                (0..<count).flatMap { number in
                    ingress(
                        number, namespace: "evil",
                        ["request-set-header": headers.replacing("X-H", with: "X-\(number)-"), "response-set-header": headers])
                })
        }
        let (few, many) = (try setting(1), try setting(30))
        #expect(lines(few, "frontend http").count == lines(many, "frontend http").count)
        #expect(lines(many, "frontend http").filter { $0.contains(" set-header X-") }.count == 16)
        let backend = lines(many, "backend evil_svc_web7_http")
        #expect(backend.filter { $0.hasPrefix("http-request set-header X-7-") }.count == 60)
        #expect(many.findings.isEmpty, "\(many.findings.prefix(3))")
        // Nobody else's backend has them.
        let other = try assemble(
            ingress(1, namespace: "shop", [:]) + ingress(2, namespace: "evil", ["request-set-header": "X-A a"]))
        #expect(lines(other, "backend shop_svc_web1_http").allSatisfy { !$0.contains("set-header") })
    }

    @Test func `Older rules keep their place in the frontends when newer ones come, and the same ones are chosen in any order`()
        throws
    {
        let limits: ResourceLimits = {
            var limits = ResourceLimits()
            limits[.frontendRules] = 3
            limits[.namespaceFrontendRules] = 2
            return limits
        }()
        let old = ingress(1, namespace: "shop", ["request-set-header": "X-Shop one"])
        let new = (2...9).flatMap { ingress($0, namespace: "evil", ["request-set-header": "X-A\($0) a"]) }
        let objects = old + new
        for order in [objects, objects.reversed()] {
            let assembly = try assemble(Array(order), limits: limits)
            let names = lines(assembly, "frontend https").compactMap {
                $0.firstMatch(of: #/set-header (X-[^F][^ ]*) /#).map { String($0.1) }
            }
            #expect(Set(names) == ["X-Shop", "X-A2", "X-A3"])
            #expect(lines(assembly, "backend evil_svc_web9_http").contains { $0.hasPrefix("http-request set-header X-A9 ") })
        }
    }

    @Test func `A live assembly moves rules as a new one would`() throws {
        var options = EngineOptions()
        options.environment = AnnotationEnvironment(capabilities: Capabilities(), processors: 4)
        options.environment.limits[.frontendRules] = 2
        options.environment.limits[.namespaceFrontendRules] = 1
        let engine = Engine(registry: try AnnotationRegistry(AnnotationHandlers.all), options: options)
        let live = Assembler(engine)
        var random = SeededGenerator()
        for _ in 0..<60 {
            let number = Int.random(in: 0...9, using: &random)
            let namespace = ["a", "b", "c"].randomElement(using: &random) ?? "a"
            let header = "X-\(Int.random(in: 0...4, using: &random))"
            var annotations = ["request-set-header": "\(header) v"]
            switch Int.random(in: 0...4, using: &random) {
            case 0: annotations["rate-limit-requests"] = "5"
            case 1:
                annotations["rate-limit-requests"] = "5"
                annotations["rate-limit-period"] = "\(number + 2)s"
            case 2: annotations["request-capture"] = "path\nmethod"
            default: break
            }
            let objects = ingress(number, namespace: namespace, annotations)
            if Int.random(in: 0...3, using: &random) == 0 {
                live.remove(objects[0].key)
            } else {
                for object in objects { live.upsert(object) }
            }
            _ = live.update(now: 1_800_000_000)
            let fresh = engine.assemble(live.store, now: 1_800_000_000)
            #expect(live.state.sections == fresh.state.sections, "TEST_SEED=\(random.seed)")
            #expect(live.allFindings == fresh.findings)
        }
    }

    @Test func `Rate limits with many periods are counted in the backends of their routes`() throws {
        let assembly = try assemble(
            (1...40).flatMap {
                ingress($0, namespace: "evil", ["rate-limit-requests": "5", "rate-limit-period": "\($0 + 100)s"])
            })
        #expect(lines(assembly, "frontend http").filter { $0.contains("track-sc2") }.count == 16)
        let backend = lines(assembly, "backend evil_svc_web30_http")
        #expect(backend.contains { $0.hasPrefix("http-request track-sc2 ") && $0.contains(" table RateLimit-130s-102400 ") })
        #expect(backend.contains("http-request deny deny_status 403 if { var(txn.rate_status) -m int 403 }"))
    }

    @Test func `Captures are rules of the backends, and their slots are shared`() throws {
        let assembly = try assemble(
            (0..<50).flatMap { number in
                ingress(
                    number, namespace: "evil",
                    ["request-capture": (0...(number % 16)).map { "req.hdr(x-\(number)-\($0))" }.joined(separator: "\n")])
            })
        let frontend = lines(assembly, "frontend http")
        #expect(frontend.filter { $0.contains("capture") } == Array(repeating: "declare capture request len 128", count: 16))
        #expect(lines(assembly, "backend evil_svc_web3_http").filter { $0.contains(" capture req.hdr(x-3-") }.count == 4)
    }

    @Test func `A header for the source address that finds no room in the frontends closes its route`() throws {
        let assembly = try assemble(
            (1...18).flatMap { ingress($0, namespace: "evil", ["src-ip-header": "X-Own-\($0)"]) })
        let closed = (1...18).filter { number in
            lines(assembly, "backend evil_svc_web\(number)_http").contains(
                "http-request deny deny_status 503 if { var(txn.source_header) -m str -- x-own-\(number) }")
        }
        #expect(closed == [17, 18])
        #expect(assembly.findings.map { $0.object?.name } == ["web17", "web18"])
        #expect(assembly.findings.allSatisfy { $0.message.contains("--limits namespace-frontend-rules=") })
    }

    @Test func `The operator's own settings are in the frontends, however many there are`() throws {
        let headers = (0..<80).map { "X-\($0) v" }.joined(separator: "\n")
        let trial = try AnnotationTrial([RequestHeaders.self], configMap: ["request-set-header": headers])
        #expect(trial.findings.isEmpty)
        #expect(trial.section("frontend http").filter { $0.hasPrefix("http-request set-header ") }.count == 80)
        #expect(!trial.backend.contains { $0.contains("set-header") })
    }

    @Test func `All stick tables together have no more entries than the operator allows, and each namespace has its share`()
        throws
    {
        let small = ingress(1, namespace: "shop", ["rate-limit-requests": "5"])
        let huge = (2...30).flatMap {
            ingress($0, namespace: "evil", ["rate-limit-requests": "5", "rate-limit-period": "\($0)s", "rate-limit-size": "1m"])
        }
        let assembly = try assemble(small + huge)
        let sizes = assembly.state.sections.filter { $0.header.hasPrefix("backend RateLimit-") }.compactMap { section in
            section.lines.first?.directive.text.firstMatch(of: #/size (\d+) /#).flatMap { Int($0.1) }
        }
        #expect(sizes.count == 30 && sizes.reduce(0, +) <= 10_485_760)
        #expect(lines(assembly, "backend RateLimit-1s-102400").contains { $0.contains(" size 102400 ") })
        #expect(
            assembly.findings.count == 29
                && assembly.findings.allSatisfy { $0.message.contains("--limits total-rate-limit-entries=") })
        let fits = try assemble(small)
        #expect(fits.findings.isEmpty)
    }

    @Test func `A table larger than the operator allows closes its route`() throws {
        let trial = try AnnotationTrial(
            [RateLimit.self], ingress: ["rate-limit-requests": "5", "rate-limit-size": "2047m"])
        #expect(trial.isClosed && trial.findings.count == 1)
        #expect(trial.findings[0].message.contains("--limits rate-limit-entries="))
    }

    @Test func `Of annotations that are too long together the longest are refused, and protections among them close the route`()
        throws
    {
        var limits = ResourceLimits()
        limits[.annotationBytes] = 1000
        let long = String(repeating: "10.0.0.0/8,", count: 200) + "10.0.0.0/8"
        let trial = try AnnotationTrial(
            [AllowList.self, RequestHeaders.self], ingress: ["request-set-header": "X-A a", "allow-list": long], limits: limits)
        #expect(trial.isClosed)
        #expect(trial.findings.map(\.key) == ["haproxy.org/allow-list"])
        #expect(trial.findings[0].message.contains("--limits annotation-bytes=") && trial.findings[0].value?.count == 40)
        let header = try AnnotationTrial(
            [RequestHeaders.self, HostHeader.self],
            ingress: ["request-set-header": "X-A " + String(repeating: "a", count: 2000), "set-host": "b.example.com"],
            limits: limits)
        #expect(!header.isClosed && header.routeValue("set-host") == "b.example.com")
        #expect(header.findings.map(\.key) == ["haproxy.org/request-set-header"])
    }

    @Test(arguments: [
        ("request-set-header", (0..<65).map { "X-\($0) v" }.joined(separator: "\n"), "header-names"),
        ("response-set-header", (0..<65).map { "X-\($0) v" }.joined(separator: "\n"), "header-names"),
        (
            "backend-config-snippet", Array(repeating: "http-request set-header X a", count: 501).joined(separator: "\n"),
            "snippet-lines"
        ),
        ("check-interval", "5ms", "check-interval-ms"),
        (
            "allow-list", (0..<10_001).map { "10.\($0 / 65536).\($0 / 256 % 256).\($0 % 256)" }.joined(separator: ","),
            "address-list-entries"
        ),
    ])
    func `A value beyond a limit is refused to its owner, who is told the flag`(_ key: String, _ value: String, _ limit: String)
        throws
    {
        var limits = ResourceLimits()
        limits[.annotationBytes] = 10_000_000
        let trial = try AnnotationTrial(AnnotationHandlers.all, ingress: [key: value], limits: limits)
        #expect(trial.findings.count == 1 && trial.findings[0].message.contains("--limits \(limit)=NUMBER"), "\(trial.findings)")
        #expect(trial.findings.first?.object == ObjectKey(.ingress, namespace: "shop", name: "web"))
        #expect(trial.isClosed == (key == "allow-list"))
        limits[try #require(ResourceLimits.Name(rawValue: limit))] = limit == "check-interval-ms" ? 1 : 20_000
        #expect(try AnnotationTrial(AnnotationHandlers.all, ingress: [key: value], limits: limits).findings.isEmpty)
    }

    @Test func `Paths of an Ingress and pods of a Service beyond their limits are left out, and the others are served`() throws {
        var limits = ResourceLimits()
        limits[.ingressPaths] = 3
        limits[.backendServers] = 4
        limits[.staticServers] = 3
        let backend = IngressBackend(serviceName: "web", port: .name("http"))
        let paths = (0..<5).map { IngressPath(path: "/\($0)", pathType: .prefix, backend: backend) }
        let endpoints = (1...9).map {
            Endpoint(addresses: ["10.0.0.\($0)"], isReady: true, isServing: true, isTerminating: false)
        }
        let objects: [KubernetesObject] = [
            .ingress(
                Ingress(
                    metadata: ObjectMeta(namespace: "shop", name: "web"),
                    rules: [IngressRule(host: "a.example.com", paths: paths)],
                    tls: [])),
            .service(
                Service(
                    metadata: ObjectMeta(
                        namespace: "shop", name: "web",
                        annotations: ["haproxy.org/load-balance": "static-rr", "haproxy.org/scale-server-slots": "2"]),
                    type: .clusterIP, externalName: nil, ports: [ServicePort(name: "http", port: 80)])),
            .endpointSlice(
                EndpointSlice(
                    metadata: ObjectMeta(namespace: "shop", name: "web-1"), serviceName: "web",
                    ports: [EndpointPort(name: "http", port: 8080)], endpoints: endpoints)),
        ]
        let assembly = try assemble(objects, limits: limits)
        #expect(assembly.routes.map(\.path).sorted() == ["/0", "/1", "/2"])
        let section = try #require(assembly.state.sections.first { $0.header == "backend shop_svc_web_http" })
        #expect(section.pool?.servers.count == 4 && section.pool?.slots == nil)
        #expect(!section.lines.contains { $0.directive.text == "balance static-rr" })
        let messages = assembly.findings.map(\.message)
        for limit in ["ingress-paths", "backend-servers", "static-servers"] {
            #expect(messages.filter { $0.contains("--limits \(limit)=") }.count == 1, "\(messages)")
        }
    }

    /// An expression that no list of origins stands for.
    private func cors(_ name: String) -> [String: String] {
        ["cors-enable": "true", "cors-allow-origin": #"^https://[a-z]+\.\#(name)\.example\.com$"#]
    }

    @Test func `Requests meet a bounded number of other tenants' expressions of cors-allow-origin, the oldest ones`() throws {
        let victim = ingress(1, namespace: "shop", cors("victim"))
        let evil = (2...59).flatMap { ingress($0, namespace: "evil", cors("e\($0)")) }
        for order in [victim + evil, evil.reversed() + victim] {
            let assembly = try assemble(Array(order))
            let entries = assembly.state.maps["cors-origin-patterns"]?.entries ?? [:]
            #expect(entries.count == 33 && entries.keys.contains { $0.contains("victim") })
            #expect(entries.keys.contains { $0.contains("e2\\.") } && !entries.keys.contains { $0.contains("e59") })
            let told = assembly.findings.filter { $0.message.contains("--limits namespace-origin-expressions=NUMBER") }
            #expect(told.count == 26)
            #expect(told.allSatisfy { $0.object?.namespace == "evil" && $0.key == "haproxy.org/cors-allow-origin" })
        }
        var limits = ResourceLimits()
        limits[.originExpressions] = 3
        let few = try assemble(evil + victim, limits: limits)
        #expect(few.state.maps["cors-origin-patterns"]?.entries.count == 3)
        #expect(few.state.maps["cors-origin-patterns"]?.entries.keys.contains { $0.contains("victim") } == true)
    }

    @Test func `A live assembly has room for the expressions of cors-allow-origin that a new one would have`() throws {
        var options = EngineOptions()
        options.environment = AnnotationEnvironment(capabilities: Capabilities(), processors: 4)
        options.environment.limits[.originExpressions] = 3
        options.environment.limits[.namespaceOriginExpressions] = 2
        let engine = Engine(registry: try AnnotationRegistry(AnnotationHandlers.all), options: options)
        let live = Assembler(engine)
        var random = SeededGenerator()
        for _ in 0..<100 {
            let number = Int.random(in: 0...9, using: &random)
            let objects = ingress(
                number, namespace: ["a", "b", "c"].randomElement(using: &random) ?? "a",
                cors("x\(Int.random(in: 0...4, using: &random))"))
            if Int.random(in: 0...3, using: &random) == 0 {
                live.remove(objects[0].key)
            } else {
                for object in objects { live.upsert(object) }
            }
            _ = live.update(now: 1_800_000_000)
            let fresh = engine.assemble(live.store, now: 1_800_000_000)
            #expect(live.state.maps == fresh.state.maps, "TEST_SEED=\(random.seed)")
            #expect(live.allFindings == fresh.findings)
        }
    }
}
