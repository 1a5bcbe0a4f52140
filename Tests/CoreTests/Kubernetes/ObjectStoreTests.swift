import Testing

@testable import Core

@Suite struct ObjectStoreTests {
    private let web = ObjectKey(.service, namespace: "shop", name: "web")
    private let api = ObjectKey(.service, namespace: "shop", name: "api")

    private func addresses(_ store: ObjectStore, _ service: ObjectKey) -> [String] {
        store.slices(of: service).flatMap { $0.endpoints.flatMap(\.addresses) }
    }

    @Test func `A slice that moves to another Service leaves the first`() {
        var store = ObjectStore([Cluster.slice(Cluster.pods("10.0.0.1"))])
        #expect(addresses(store, web) == ["10.0.0.1"])
        store.upsert(Cluster.slice(Cluster.pods("10.0.0.2"), of: "api"))
        #expect(addresses(store, web).isEmpty)
        #expect(addresses(store, api) == ["10.0.0.2"])
        store.upsert(Cluster.slice(Cluster.pods("10.0.0.2"), of: nil))
        #expect(addresses(store, api).isEmpty)
        #expect(store.counts[.endpointSlice] == 1)
        store.remove(ObjectKey(.endpointSlice, namespace: "shop", name: "web-1"))
        #expect(store.counts[.endpointSlice] == 0)
    }

    @Test func `Slices of a Service are read in the order of their names, and only those of its namespace`() {
        let store = ObjectStore([
            Cluster.slice(Cluster.pods("10.0.0.2"), name: "web-b"), Cluster.slice(Cluster.pods("10.0.0.1"), name: "web-a"),
            Cluster.slice(Cluster.pods("10.9.9.9"), name: "web-a", namespace: "other"),
        ])
        #expect(addresses(store, web) == ["10.0.0.1", "10.0.0.2"])
    }

    @Test func `Endpoints stand in only where there are no slices`() {
        let endpoints = KubernetesObject.endpoints(
            Endpoints(
                metadata: ObjectMeta(namespace: "shop", name: "web"),
                subsets: [
                    EndpointSubset(
                        addresses: ["10.1.0.1", "2001:db8::1"], notReadyAddresses: ["10.1.0.2"],
                        ports: [EndpointPort(name: "http", port: 8080)])
                ]))
        var store = ObjectStore([endpoints])
        #expect(Set(addresses(store, web)) == ["10.1.0.1", "2001:db8::1", "10.1.0.2"])
        store.upsert(Cluster.slice(Cluster.pods("10.0.0.1")))
        #expect(addresses(store, web) == ["10.0.0.1"])
        store.remove(ObjectKey(.endpointSlice, namespace: "shop", name: "web-1"))
        #expect(addresses(store, web).count == 3)
        store.remove(ObjectKey(.endpoints, namespace: "shop", name: "web"))
        #expect(addresses(store, web).isEmpty)
    }

    @Test func `An object that is put again replaces the one before, and removing what is not there does nothing`() {
        var store = ObjectStore([Cluster.service(), Cluster.secret("a"), Cluster.configMap(["a": "1"])])
        store.upsert(Cluster.configMap(["b": "2"]))
        #expect(store.configMaps.values.map(\.data) == [["b": "2"]])
        for kind in ObjectKind.allCases { store.remove(ObjectKey(kind, namespace: "shop", name: "nobody")) }
        #expect(store.counts[.service] == 1 && store.counts[.secret] == 1 && store.counts[.configMap] == 1)
        store.remove(web)
        store.remove(ObjectKey(.secret, namespace: "shop", name: "a"))
        #expect(store.services.isEmpty && store.secrets.isEmpty)
    }
}
