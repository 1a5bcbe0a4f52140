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
}
