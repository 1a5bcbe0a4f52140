import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite("allow-list and deny-list")
struct AccessControlAnnotationTests {
    @Test("a list becomes entries of addresses.map under the list's id")
    func entries() throws {
        let trial = try AnnotationTrial([AllowList.self], ingress: ["allow-list": "10.0.0.0/7, 192.0.2.1 2001:db8::/32"])
        let id = try #require(trial.routeValue("allow-list"))
        #expect(
            trial.map("addresses") == [
                "\(id):4:0A": "10.0.0.0/7", "\(id):4:0B": "10.0.0.0/7", "\(id):4:C0000201": "192.0.2.1",
                "\(id):6:20010DB8": "2001:db8::/32",
            ])
    }

    @Test("the older names mean the same, and the newer one wins over both")
    func olderNames() throws {
        let older = try AnnotationTrial([AllowList.self], ingress: ["whitelist": "192.0.2.1"])
        let newer = try AnnotationTrial([AllowList.self], ingress: ["allow-list": "192.0.2.1"])
        #expect(older.routeValue("allow-list") == newer.routeValue("allow-list"))
        let both = try AnnotationTrial([DenyList.self], ingress: ["blacklist": "192.0.2.2", "deny-list": "192.0.2.1"])
        #expect(Array(both.map("addresses").values) == ["192.0.2.1"])
        #expect(both.findings.map(\.key) == ["haproxy.org/blacklist"])
    }

    @Test(
        "a list that cannot be read closes the route",
        arguments: ["", "nobody", "10.0.0.0/33", "10.0.0.1,,x", "patterns/none", "patterns/../x"])
    func closed(list: String) throws {
        let trial = try AnnotationTrial([AllowList.self], ingress: ["allow-list": list])
        #expect(trial.isClosed)
        #expect(trial.findings.first?.key == "haproxy.org/allow-list")
    }

    @Test("a list in the ConfigMap is everybody's, and the Ingress's own is nearer")
    func scopes() throws {
        let operatorsList = ["allow-list": "192.0.2.0/24"]
        let inherited = try AnnotationTrial([AllowList.self], configMap: operatorsList)
        #expect(Array(inherited.map("addresses").values) == ["192.0.2.0/24"])
        let own = try AnnotationTrial([AllowList.self], configMap: operatorsList, ingress: ["allow-list": "198.51.100.7"])
        #expect(Array(own.map("addresses").values) == ["198.51.100.7"])
    }

    @Test("patterns/NAME is a list of the operator's, with comments")
    func patternFile() throws {
        let trial = try AnnotationTrial(
            [DenyList.self], ingress: ["deny-list": "patterns/bad"],
            patternFiles: ["bad": "# known\n192.0.2.1\n\n198.51.100.0/24 # net\n"])
        #expect(Set(trial.map("addresses").values) == ["192.0.2.1", "198.51.100.0/24"])
    }
}
