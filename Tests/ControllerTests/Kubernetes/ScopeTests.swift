import Testing

@testable import Controller

@Suite struct ScopeTests {
    @Test func `Every ConfigMap that an option names is followed, and no other`() throws {
        let names = ["configmap", "configmap-patternfiles", "configmap-errorfiles", "configmap-tcp-services"]
        let command = try HAProxyIngress.parseAsRoot(names.map { "--\($0)=ns/\($0)" })
        let options = try #require(command as? RunCommand).options.engineOptions
        #expect(Set(ClusterSource.Scope(options).configMaps.map(\.description)) == Set(names.map { "ns/\($0)" }))
    }
}
