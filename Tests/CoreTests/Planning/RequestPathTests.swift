import Testing

@testable import Core

@Suite("Paths are served as requests spell them")
struct RequestPathTests {
    @Test(
        "What no URI has as such is found percent-encoded too",
        arguments: [
            ("/", ["/"]), ("/a-b_c.d~e", ["/a-b_c.d~e"]), ("/a%2Fb", ["/a%2Fb"]),
            ("/a;b=c,d@e:f!$&()*+'", ["/a;b=c,d@e:f!$&()*+'"]),
            ("/a#b", ["/a#b", "/a%23b"]), ("/a?b", ["/a?b", "/a%3Fb", "/a%3fb"]), ("/100%", ["/100%", "/100%25"]),
            ("/%zz%41", ["/%zz%41", "/%25zz%41"]), ("/café", ["/café", "/caf%C3%A9", "/caf%c3%a9"]),
            ("/a|{b}^`<>", ["/a|{b}^`<>", "/a%7C%7Bb%7D%5E%60%3C%3E", "/a%7c%7bb%7d%5e%60%3c%3e"]),
        ])
    func spellings(path: String, expected: [String]) {
        #expect(RequestPath.spellings(of: path) == expected)
    }

    @Test("Each spelling is an entry of the maps")
    func entries() throws {
        let assembly = try Cluster.assemble([
            Cluster.ingress("a", path: "/ü", type: .exact), Cluster.ingress("b", path: "/a#b"), Cluster.service(),
            Cluster.slice(Cluster.pods("10.0.0.1")),
        ])
        #expect(
            Set(assembly.map("path-exact").keys)
                == ["shop.example.com/ü", "shop.example.com/%C3%BC", "shop.example.com/%c3%bc"])
        #expect(Set(assembly.map("path-prefix").keys) == ["shop.example.com/a#b/", "shop.example.com/a%23b/"])
        #expect(assembly.findings.isEmpty)
    }
}
