import Testing

@testable import Core

@Suite struct ServiceResolutionTests {
    private let web = ObjectKey(.service, namespace: "shop", name: "web")

    private func resolve(
        _ objects: [KubernetesObject], port: PortReference? = .number(80), externalNames: Bool = true
    ) throws -> ServiceResolution.Resolved {
        var options = EngineOptions()
        options.isExternalNameEnabled = externalNames
        return try ServiceResolution(store: ObjectStore(objects), options: options).resolve(web, port: port)
    }

    private func reason(_ objects: [KubernetesObject], port: PortReference? = .number(80), externalNames: Bool = true) -> String?
    {
        do {
            _ = try resolve(objects, port: port, externalNames: externalNames)
            return nil
        } catch { return (error as? ServiceResolution.Missing)?.reason }
    }

    private let ports = [ServicePort(name: "http", port: 80), ServicePort(name: "admin", port: 81)]
    private let slicePorts = [EndpointPort(name: "http", port: 8080), EndpointPort(name: "admin", port: 9090)]

    @Test func `A port is found by number, by name, or is the first`() throws {
        let objects = [Cluster.service(ports: ports), Cluster.slice(Cluster.pods("10.0.0.1"), ports: slicePorts)]
        for (port, name, number) in [
            (.number(80), "http", 8080), (.number(81), "admin", 9090), (.name("admin"), "admin", 9090), (nil, "http", 8080),
        ] as [(PortReference?, String, Int)] {
            let resolved = try resolve(objects, port: port)
            #expect(resolved.portName == name)
            #expect(resolved.servers == [Server(address: "10.0.0.1", port: number)])
        }
    }

    @Test func `A port without a name is called by its number`() throws {
        let objects = [
            Cluster.service(ports: [ServicePort(port: 80)]),
            Cluster.slice(Cluster.pods("10.0.0.1"), ports: [EndpointPort(port: 8080)]),
        ]
        #expect(try resolve(objects).portName == "80")
        #expect(try resolve(objects).servers.map(\.port) == [8080])
    }

    @Test func `An empty port name in a slice means no name`() throws {
        let objects = [
            Cluster.service(ports: [ServicePort(port: 80)]),
            Cluster.slice(Cluster.pods("10.0.0.1"), ports: [EndpointPort(name: "", port: 8080)]),
        ]
        #expect(try resolve(objects).servers.count == 1)
    }

    @Test func `What is missing is named`() {
        #expect(reason([]) == "Service shop/web does not exist")
        #expect(
            reason([Cluster.service(ports: ports)], port: .name("x"))
                == "Service shop/web has no port x; it has http (80), admin (81)")
        #expect(reason([Cluster.service(ports: [])])?.hasSuffix("it has none") == true)
    }

    @Test func `An endpoint in two slices is one server, and other ports' endpoints are none`() throws {
        let objects = [
            Cluster.service(ports: ports),
            Cluster.slice(Cluster.pods("10.0.0.1", "10.0.0.2"), name: "a", ports: slicePorts),
            Cluster.slice(Cluster.pods("10.0.0.2", "10.0.0.3"), name: "b", ports: slicePorts),
            Cluster.slice(Cluster.pods("10.0.0.4"), name: "c", ports: [EndpointPort(name: "admin", port: 9090)]),
            Cluster.slice(Cluster.pods("10.0.0.5"), name: "d", ports: [EndpointPort(name: "http", port: nil)]),
            Cluster.slice([Endpoint(addresses: [])], name: "e", ports: slicePorts),
            Cluster.slice([Endpoint(addresses: ["10.0.0.6", "10.0.0.7"])], name: "f", ports: slicePorts),
        ]
        #expect(try resolve(objects).servers.map(\.address) == ["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.6"])
    }

    private let draining = Endpoint(addresses: ["10.0.0.9"], isReady: false, isServing: true, isTerminating: true)

    @Test func `A terminating pod that still serves is drained beside ready ones`() throws {
        let gone = Endpoint(addresses: ["10.0.0.8"], isReady: false, isServing: false, isTerminating: true)
        let unready = Endpoint(addresses: ["10.0.0.7"], isReady: false)
        let starting = Endpoint(addresses: ["10.0.0.6"], isReady: false, isServing: true)
        let endpoints = Cluster.pods("10.0.0.1") + [draining, gone, unready, starting]
        let servers = try resolve([Cluster.service(), Cluster.slice(endpoints)]).servers
        #expect(servers.map(\.address) == ["10.0.0.1", "10.0.0.9"])
        #expect(servers.map(\.isDraining) == [false, true])
        #expect(servers.map(\.weight) == [1, 0])
    }

    @Test func `Terminating pods that serve stand in when none is ready`() throws {
        let servers = try resolve([
            Cluster.service(), Cluster.slice([draining, Endpoint(addresses: ["10.0.0.7"], isReady: false)]),
        ])
        .servers
        #expect(servers == [Server(address: "10.0.0.9", port: 8080)])
    }

    @Test func `A pod that is ready in one slice and terminating in another is ready`() throws {
        let objects = [
            Cluster.service(), Cluster.slice([draining], name: "a"),
            Cluster.slice(Cluster.pods("10.0.0.9", "10.0.0.1"), name: "b"),
        ]
        #expect(try resolve(objects).servers.map(\.isDraining) == [false, false])
    }

    @Test func `A Service without endpoints is a backend without servers`() throws {
        #expect(try resolve([Cluster.service()]).servers.isEmpty)
    }

    @Test func `An ExternalName is one server with the target port`() throws {
        let target = ServicePort(name: "http", port: 80, targetPort: .number(8080))
        let resolved = try resolve([Cluster.service(ports: [target], externalName: "pay.example.com")])
        #expect(resolved.isExternalName && resolved.portName == "http")
        #expect(resolved.servers == [Server(address: "pay.example.com", port: 8080)])
        let undeclared = try resolve([Cluster.service(ports: [], externalName: "pay.example.com")], port: .number(443))
        #expect(undeclared.servers == [Server(address: "pay.example.com", port: 443)] && undeclared.portName == "443")
    }

    @Test func `An ExternalName without a known port, or switched off, is missing`() {
        let service = Cluster.service(ports: [], externalName: "pay.example.com")
        #expect(reason([service], port: .name("http")) == "Service shop/web has no port http")
        #expect(reason([service], port: .number(443), externalNames: false)?.contains("--disable-service-external-name") == true)
    }

    // MARK: - Where no server may be

    private func policy(_ change: (inout EngineOptions) -> Void) -> EngineOptions {
        var options = EngineOptions()
        change(&options)
        return options
    }

    @Test func `Loopback and link-local endpoints of a cluster are left out and told to the slice, the others serve`() throws {
        let addresses = ["127.0.0.1", "10.0.0.1", "169.254.169.254", "127.9.9.9"]
        let objects = [
            Cluster.service(), Cluster.slice(addresses.map { Endpoint(addresses: [$0]) }),
            Cluster.slice(
                [Endpoint(addresses: ["fe80::1"]), Endpoint(addresses: ["::1"]), Endpoint(addresses: ["fd00::1"])], name: "v6"),
        ]
        let refusing = policy { $0.refusesLocalEndpoints = true }
        let resolved = try ServiceResolution(store: ObjectStore(objects), options: refusing).resolve(web, port: nil)
        #expect(resolved.servers.map(\.address) == ["10.0.0.1", "fd00::1"])
        #expect(
            resolved.findings.map { $0.object?.description }
                == ["EndpointSlice shop/v6", "EndpointSlice shop/web-1"])
        #expect(resolved.findings.allSatisfy { $0.message.contains("--allow-loopback-endpoints") })
        // Without the addresses of loopback, at which the controller's own port 8080 is.
        #expect(try resolve(objects).servers.map(\.address) == ["10.0.0.1", "169.254.169.254", "fd00::1", "fe80::1"])
    }

    @Test(arguments: ["localhost", "db.localhost.", "127.0.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1"])
    func `An external name that is an address of this host or its link is refused in a cluster`(name: String) throws {
        let refusing = policy { $0.refusesLocalEndpoints = true }
        let store = ObjectStore([Cluster.service(externalName: name)])
        #expect(throws: ServiceResolution.Missing.self) {
            try ServiceResolution(store: store, options: refusing).resolve(web, port: nil)
        }
    }

    @Test(arguments: ["127.1", "2130706433", "0x7f.0.0.1", "0x7f000001", "0177.0.0.1", "127.0.0.1.1", "a.0x1", "1", "a..b", ""])
    func `A name that ends in a number is no external name`(name: String) {
        #expect(ExternalTarget(name) == nil)
        #expect(throws: ServiceResolution.Missing.self) { try resolve([Cluster.service(externalName: name)]) }
    }

    @Test func `An external name that is an address is a server like any other`() throws {
        let resolved = try resolve([Cluster.service(externalName: "192.0.2.1")])
        #expect(resolved.servers == [Server(address: "192.0.2.1", port: 80)] && !resolved.isExternalName)
    }

    @Test func `Own listeners are refused in every mode by all addresses that lead there, other ports are not`() throws {
        let host = try #require(IPAddress("10.9.9.9"))
        let options = policy {
            $0.ownAddresses = [host]
            $0.ownListeners = [EngineOptions.Listener(address: .loopback, port: 6060)]
        }
        func addresses(at port: Int) throws -> [String] {
            let all = ["127.0.0.1", "127.0.0.2", "10.9.9.9", "10.0.0.1", "0.0.0.0"].map { Endpoint(addresses: [$0]) }
            let objects = [Cluster.service(), Cluster.slice(all, ports: [EndpointPort(name: "http", port: port)])]
            return try ServiceResolution(store: ObjectStore(objects), options: options).resolve(web, port: nil).servers.map(
                \.address)
        }
        for port in [1024, 1042, 8080, 8443] { #expect(try addresses(at: port) == ["10.0.0.1"], "\(port)") }
        #expect(try addresses(at: 6060) == ["10.0.0.1", "10.9.9.9", "127.0.0.2"])
        #expect(try addresses(at: 9000) == ["10.0.0.1", "10.9.9.9", "127.0.0.1", "127.0.0.2"])
    }

    @Test func `A listener at one address of loopback leaves the others to pods`() throws {
        let options = policy {
            $0.ipv4Address = "127.0.0.1"
            $0.ipv6Address = nil
            $0.ownAddresses = [.loopback]
        }
        let objects = [Cluster.service(), Cluster.slice(Cluster.pods("127.0.0.1", "127.0.0.2", "10.9.9.9"))]
        let resolved = try ServiceResolution(store: ObjectStore(objects), options: options).resolve(web, port: nil)
        #expect(resolved.servers.map(\.address) == ["10.9.9.9", "127.0.0.2"])
    }

    @Test(arguments: [true, false])
    func `A listener at all addresses of IPv6 refuses those of IPv4 where it takes their connections`(isDualStack: Bool) throws {
        let host = try #require(IPAddress("10.9.9.9"))
        let options = policy {
            $0.ownAddresses = [host]
            $0.ownListeners = [EngineOptions.Listener(address: .unspecifiedIPv6, port: 6060, isDualStack: isDualStack)]
        }
        let addresses = ["127.0.0.1", "127.0.0.2", "10.9.9.9", "10.0.0.1", "::1", "::ffff:10.9.9.9"]
        let rule = EndpointPolicy(options).rule(at: 6060)
        let refused = addresses.filter { IPAddress($0).map { rule.refusal(of: $0) != nil } ?? false }
        #expect(refused == (isDualStack ? addresses.filter { $0 != "10.0.0.1" } : ["::1"]))
    }

    // MARK: - Replicas

    /// Two replicas, in the controller's own namespace.
    private static func replicas(_ addresses: String..., namespace: String = "ingress") -> KubernetesObject {
        Cluster.slice(
            addresses.map { Endpoint(addresses: [$0]) }, of: "controller", namespace: namespace,
            ports: [EndpointPort(name: "stat", port: 1024)])
    }

    private func replicaOptions() throws -> EngineOptions {
        let host = try #require(IPAddress("10.9.9.9"))
        return policy {
            $0.ownNamespace = "ingress"
            $0.ownAddresses = [host, .loopback]
            $0.ownListeners = [
                EngineOptions.Listener(address: host, port: 6060), EngineOptions.Listener(address: .loopback, port: 6061),
            ]
        }
    }

    private static func pods(of live: Assembler) -> [String] {
        live.state.backends["shop_svc_web_http"]?.pool?.servers.map(\.address) ?? []
    }

    @Test(arguments: [1024, 1042, 8080, 6060])
    func `The listeners of other replicas are refused as soon as they are known, and no longer when they go`(port: Int) throws {
        let engine = Engine(registry: try AnnotationRegistry(TestHandlers.all), options: try replicaOptions())
        let live = Assembler(engine)
        let ports = [EndpointPort(name: "http", port: port)]
        for object in [
            Cluster.ingress("a"), Cluster.service(), Cluster.slice(Cluster.pods("10.0.0.1", "10.9.9.10"), ports: ports),
            Cluster.ingress("b", host: "b.example.com", service: "out"),
            Cluster.service(
                "out", ports: [ServicePort(name: "http", port: 80, targetPort: .number(port))], externalName: "10.9.9.10"),
            Cluster.ingress("c", host: "c.example.com", service: "name"),
            Cluster.service(
                "name", ports: [ServicePort(name: "http", port: 80, targetPort: .number(port))],
                externalName: "pay.example.com"),
        ] { live.upsert(object) }
        func looks() -> (pods: [String], isAddressOut: Bool, isNameChecked: Bool) {
            _ = live.update(now: 0)
            return (
                Self.pods(of: live),
                live.allFindings.contains { $0.message.contains("10.9.9.10:\(port): the controller itself") },
                live.state.backends["shop_svc_name_http"]?.lines.contains { $0.directive.text.contains(" 10.9.9.10/32") } == true
            )
        }
        #expect(looks() == (["10.0.0.1", "10.9.9.10"], false, false))
        live.upsert(Self.replicas("10.9.9.9", "10.9.9.10"))
        #expect(looks() == (["10.0.0.1"], true, true))
        let fresh = engine.assemble(live.store, now: 0).state
        #expect(fresh == live.state)
        live.upsert(Self.replicas("10.9.9.9", "10.9.9.11"))
        #expect(looks() == (["10.0.0.1", "10.9.9.10"], false, false))
    }

    @Test func `The addresses of the controller's own Services are refused at their ports, whatever port the pods have`() throws {
        let engine = Engine(registry: try AnnotationRegistry(TestHandlers.all), options: try replicaOptions())
        let live = Assembler(engine)
        let ports = [EndpointPort(name: "http", port: 443)]
        let balancer = ["10.96.0.5", "203.0.113.5", "2001:db8::5"]
        func own(_ addresses: [String], namespace: String = "ingress") -> KubernetesObject {
            Cluster.service(
                "controller", namespace: namespace,
                ports: [
                    ServicePort(name: "https", port: 443, targetPort: .number(8443)),
                    ServicePort(name: "quic", port: 444, protocol: "UDP"),
                ], addresses: addresses)
        }
        for object in [
            Cluster.ingress("a"), Cluster.service(),
            Cluster.slice(["10.0.0.1", "::ffff:10.96.0.5"].map { Endpoint(addresses: [$0]) }, ports: ports),
            Cluster.slice(balancer.map { Endpoint(addresses: [$0]) }, name: "web-2", ports: ports),
            Cluster.ingress("b", host: "b.example.com", service: "name", port: .number(443)),
            Cluster.service(
                "name", ports: [ServicePort(name: "http", port: 443)], externalName: "controller.ingress.svc.cluster.local"),
            Self.replicas("10.9.9.9", "10.9.9.10"),
            // Another namespace's Service of that name and a Service of the same namespace that leads elsewhere.
            own(["10.0.0.1"], namespace: "evil"), Self.replicas("10.9.9.9", namespace: "evil"),
            Cluster.service("other", namespace: "ingress", ports: [ServicePort(port: 443)], addresses: ["10.0.0.1"]),
        ] { live.upsert(object) }
        func looks() -> (pods: [String], isNameChecked: Bool) {
            _ = live.update(now: 0)
            #expect(engine.assemble(live.store, now: 0).state == live.state)
            return (
                Self.pods(of: live).sorted(),
                live.state.backends["shop_svc_name_http"]?.lines.contains { $0.directive.text.contains(" 10.96.0.5/32") } == true
            )
        }
        let all = ["10.0.0.1", "10.96.0.5", "2001:db8::5", "203.0.113.5"]
        #expect(Set(looks().pods).isSuperset(of: all) && !looks().isNameChecked)
        live.upsert(own(balancer))
        #expect(looks() == (["10.0.0.1"], true))
        // The first one of each slice is told.
        let told = live.allFindings.filter { $0.message.contains("the controller itself listens there") }
        #expect(Set(told.compactMap(\.value)) == ["[::ffff:10.96.0.5]:443", "10.96.0.5:443"])
        live.upsert(own(["203.0.113.5"]))
        #expect(Set(looks().pods).isSuperset(of: ["10.0.0.1", "10.96.0.5", "2001:db8::5"]) && !looks().isNameChecked)
        #expect(!looks().pods.contains("203.0.113.5"))
        live.remove(ObjectKey(.service, namespace: "ingress", name: "controller"))
        #expect(Set(looks().pods).isSuperset(of: all))
    }

    @Test func `Neither another namespace's slices nor pods beside the controller decide where a server may be`() throws {
        let engine = Engine(registry: try AnnotationRegistry(TestHandlers.all), options: try replicaOptions())
        let live = Assembler(engine)
        let ports = [EndpointPort(name: "http", port: 1024)]
        for object in [
            Cluster.ingress("a"), Cluster.service(), Cluster.slice(Cluster.pods("10.0.0.1"), ports: ports),
            // A tenant who would have other people's pods refused, and a Service of the operator's with other pods.
            Self.replicas("10.9.9.9", "10.0.0.1", namespace: "evil"), Self.replicas("127.0.0.1", "10.0.0.1"),
        ] { live.upsert(object) }
        _ = live.update(now: 0)
        #expect(Self.pods(of: live) == ["10.0.0.1"])
    }

    @Test func `An address that the host gets later is refused`() throws {
        let engine = Engine(registry: try AnnotationRegistry(TestHandlers.all), options: try replicaOptions())
        let live = Assembler(engine)
        let ports = [EndpointPort(name: "http", port: 1024)]
        for object in [
            Cluster.ingress("a"), Cluster.service(), Cluster.slice(Cluster.pods("10.0.0.1", "10.1.1.1"), ports: ports),
        ] {
            live.upsert(object)
        }
        _ = live.update(now: 0)
        #expect(Self.pods(of: live) == ["10.0.0.1", "10.1.1.1"])
        let address = try #require(IPAddress("10.1.1.1"))
        #expect(live.listens(at: engine.options.ownAddresses.union([address])))
        _ = live.update(now: 0)
        #expect(Self.pods(of: live) == ["10.0.0.1"])
        #expect(live.allFindings.map(\.value) == ["10.1.1.1:1024"])
        #expect(!live.listens(at: engine.options.ownAddresses.union([address])))
    }

    @Test func `What is told about endpoints goes when they are right`() throws {
        var options = EngineOptions()
        options.refusesLocalEndpoints = true
        let engine = Engine(registry: try AnnotationRegistry(TestHandlers.all), options: options)
        let live = Assembler(engine)
        for object in [Cluster.ingress("a"), Cluster.service(), Cluster.slice(Cluster.pods("127.0.0.1"))] { live.upsert(object) }
        #expect(live.update(now: 0).newFindings.map { $0.object?.kind } == [.endpointSlice])
        live.upsert(Cluster.slice(Cluster.pods("127.0.0.2")))
        _ = live.update(now: 0)
        #expect(live.allFindings.map(\.value) == ["127.0.0.2:8080"])
        live.upsert(Cluster.slice(Cluster.pods("10.0.0.1")))
        #expect(live.update(now: 0).goneFindings.count == 1 && live.allFindings.isEmpty)
        live.upsert(Cluster.slice(Cluster.pods("127.0.0.1")))
        _ = live.update(now: 0)
        live.remove(ObjectKey(.ingress, namespace: "shop", name: "a"))
        _ = live.update(now: 0)
        #expect(live.allFindings.isEmpty)
    }

    @Test func `A name is looked up for each request, and HAProxy resolves nothing when it is loaded`() throws {
        let assembly = try Cluster.assemble([Cluster.ingress("a"), Cluster.service(externalName: "pay.example.com")]) {
            $0.refusesLocalEndpoints = true
            $0.ownAddresses = [IPAddress("10.9.9.9")].compactMap { $0 }.reduce(into: []) { $0.insert($1) }
        }
        let lines = assembly.lines("shop_svc_web_http")
        #expect(lines.contains("http-request do-resolve(txn.address,kubernetes,ipv4) str(pay.example.com)"))
        #expect(
            lines.contains {
                $0.hasPrefix("http-request deny deny_status 503 if { var(txn.address) -m ip ") && $0.contains(" 169.254.0.0/16 ")
            })
        #expect(lines.first { $0.hasPrefix("http-request ") }?.contains("{ req.hdr_cnt(CDN-Loop) ge 8 }") == true)
        #expect(lines.last == "server pay.example.com:80 0.0.0.0:80 no-check")
        #expect(!lines.contains { $0.contains("init-addr") || $0.contains("resolvers") && !$0.contains("do-resolve") })
        #expect(assembly.lines("kubernetes").first == "parse-resolv-conf")
        let without = try Cluster.assemble([Cluster.ingress("a"), Cluster.service(externalName: "pay.example.com")]) {
            $0.hasResolverConfiguration = false
        }
        #expect(without.lines("kubernetes").first == "hold valid 10s")
    }

    @Test func `appProtocol of a slice is followed, and the Service's wins`() throws {
        let engine = Engine(registry: try AnnotationRegistry(TestHandlers.all), options: EngineOptions())
        let live = Assembler(engine)
        func slice(_ proto: String?) -> KubernetesObject {
            Cluster.slice(Cluster.pods("10.0.0.1"), ports: [EndpointPort(name: "http", port: 8080, appProtocol: proto)])
        }
        func keywords() -> [String] {
            _ = live.update(now: 0)
            return live.state.backends["shop_svc_web_http"]?.pool?.replaceable.map(\.value.text) ?? ["none"]
        }
        for object in [Cluster.ingress("a"), Cluster.service(), slice(nil)] { live.upsert(object) }
        #expect(keywords() == [])
        live.upsert(slice("kubernetes.io/h2c"))
        #expect(keywords() == ["proto h2"])
        live.upsert(Cluster.service(ports: [ServicePort(name: "http", port: 80, appProtocol: "http")]))
        #expect(keywords() == [])
        live.upsert(Cluster.service())
        #expect(keywords() == ["proto h2"])
        live.remove(ObjectKey(.endpointSlice, namespace: "shop", name: "web-1"))
        #expect(keywords() == [])
    }
}
