import Testing

@testable import Core

@Suite struct ThreadSetTests {
    @Test(arguments: [
        ("1", " thread 1"), ("1-1", " thread 1-1"), ("2-", " thread 2-"), ("all", " thread all"), ("odd", " thread odd"),
        ("1/1-4", " thread 1/1-4"), ("2/even", " thread 2/even"), ("1-2,4", " thread 1-2 thread 4"),
    ])
    func `Sets of threads are what HAProxy reads`(_ text: String, _ keywords: String) throws {
        #expect(try #require(ThreadSet(text)).keywords.text == keywords)
    }

    @Test(arguments: [
        "", "0", "-1", "2-1", "a", "1-2-3", "1/", "/1", "1/2/3", "1 2", "1\n2", "all-2", "4097", "1,", "1 ssl crt /x", "+1",
        "01x",
    ])
    func `Anything else is none`(_ text: String) {
        #expect(ThreadSet(text) == nil)
    }

    @Test func `The listeners of each kind have the threads that were given for them, and TLS behind passthrough too`() throws {
        let assembly = try Cluster.assemble([
            Cluster.ingress("web", annotations: ["through": "true"]), Cluster.service(), Cluster.slice(Cluster.pods("10.0.0.1")),
        ]) {
            $0.httpThreads = ThreadSet("1")
            $0.httpsThreads = ThreadSet("2")
            $0.healthzThreads = ThreadSet("3")
            $0.statsThreads = ThreadSet("4")
        }
        func binds(_ frontend: String) -> [String] {
            assembly.state.section("frontend \(frontend)")?.lines.map(\.directive.text).filter { $0.hasPrefix("bind ") } ?? []
        }
        for (frontend, thread) in ["http": 1, "https": 2, "tls": 2, "healthz": 3, "stats": 4] {
            #expect(!binds(frontend).isEmpty)
            #expect(binds(frontend).allSatisfy { $0.hasSuffix(" thread \(thread)") }, "\(binds(frontend))")
        }
    }
}
