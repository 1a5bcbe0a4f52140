import Core
import Testing

@testable import Controller

@Suite struct HostAddressesTests {
    @Test func `The addresses of a pod are those of its interfaces and those that Kubernetes tells`() throws {
        let expected = ["192.0.2.7", "192.0.2.8", "2001:db8::7"].compactMap { IPAddress($0) }
        let own = HostAddresses.own(environment: ["POD_IP": "192.0.2.7", "POD_IPS": "192.0.2.8, 2001:db8::7,rubbish"])
        #expect(own == HostAddresses.current.union(expected))
        #expect(HostAddresses.own(environment: ["POD_IP": ""]) == HostAddresses.current)
    }

    @Test(.timeLimit(.minutes(1))) func `Whoever follows the addresses is told when they are others, and not otherwise`()
        async throws
    {
        let before = try #require(IPAddress("192.0.2.99"))
        let (told, tell) = AsyncStream<Set<IPAddress>>.makeStream()
        let following = Task {
            // As if an address had gone, and another one had come.
            await HostAddresses.follow(from: [before], environment: ["POD_IP": "192.0.2.7"], every: .milliseconds(10)) {
                tell.yield($0)
            }
            tell.finish()
        }
        try await Task.sleep(for: .milliseconds(300))
        following.cancel()
        var all: [Set<IPAddress>] = []
        for await addresses in told { all.append(addresses) }
        #expect(all == [HostAddresses.own(environment: ["POD_IP": "192.0.2.7"])])
    }
}
