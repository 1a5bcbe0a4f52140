import AnnotationTesting
import Core
import Testing

@testable import Annotations

@Suite struct CookiePersistenceTests {
    func trial(configMap: [String: String] = [:], ingress: [String: String] = [:], service: [String: String] = [:]) throws
        -> AnnotationTrial
    {
        try AnnotationTrial(
            [CookiePersistence.self, SSLPassthrough.self, LoadBalancing.self], configMap: configMap, ingress: ingress,
            service: service)
    }

    private let server = "server 10.1.0.1:8080 10.1.0.1:8080"

    @Test func `cookie-persistence makes the values of addresses, with a key that every controller knows`() throws {
        let lines = try trial(service: ["cookie-persistence": "SHOP"]).backend
        #expect(lines.contains("cookie SHOP insert indirect nocache dynamic"))
        #expect(lines.contains { $0.hasPrefix("dynamic-cookie-key ") })
        #expect(try lines == trial(service: ["cookie-persistence": "SHOP"]).backend)
        #expect(lines.contains(server))
        func key(_ namespace: String, _ service: String, _ cookie: String) -> String {
            CookiePersistence.key(namespace: namespace, service: service, cookie: cookie)
        }
        #expect(Set([key("a", "b", "c"), key("ab", "", "c"), key("a", "b", "d"), key("x", "b", "c")]).count == 4)
    }

    @Test func `cookie-persistence-no-dynamic names the server`() throws {
        let lines = try trial(ingress: ["cookie-persistence-no-dynamic": "my.cookie"]).backend
        #expect(lines.contains("cookie my.cookie insert indirect nocache"))
        #expect(lines.contains("\(server) cookie 10.1.0.1:8080"))
        #expect(lines.contains("use-server %[req.cook(my.cookie)] if { req.cook(my.cookie) -m found }"))
        #expect(lines.contains { $0.contains(#"^my\.cookie=; Expires=Thu"#) })
        let slots = try trial(service: ["cookie-persistence-no-dynamic": "C", "load-balance": "static-rr"]).backend
        #expect(slots.contains("server slot_1 10.1.0.1:8080 cookie slot_1"))
    }

    @Test func `Of both keys the nearer is in force, and on one object cookie-persistence`() throws {
        let near = try trial(configMap: ["cookie-persistence": "A"], service: ["cookie-persistence-no-dynamic": "B"])
        #expect(near.backend.contains("cookie B insert indirect nocache"))
        let far = try trial(configMap: ["cookie-persistence-no-dynamic": "B"], ingress: ["cookie-persistence": "A"])
        #expect(far.backend.contains("cookie A insert indirect nocache dynamic"))
        #expect(near.findings.isEmpty && far.findings.isEmpty)
        let same = try trial(service: ["cookie-persistence": "A", "cookie-persistence-no-dynamic": "B"])
        #expect(same.backend.contains("cookie A insert indirect nocache dynamic"))
        #expect(!same.configuration.contains("cookie B"))
        #expect(same.findings.map(\.severity) == [.warning])
    }

    @Test(arguments: ["", "two words", "a;b", "a=b", "a,b", "a'b", "a)b", "a\"b", "a%b", "ü"])
    func `What no cookie can be called is refused`(_ name: String) throws {
        for key in ["cookie-persistence", "cookie-persistence-no-dynamic"] {
            let trial = try trial(service: [key: name])
            #expect(trial.findings.map(\.severity) == [.error])
            #expect(!trial.configuration.contains("cookie"))
        }
    }

    @Test(arguments: ["cookie-persistence", "cookie-persistence-no-dynamic"])
    func `Where TLS is passed through there are no cookies`(_ key: String) throws {
        let trial = try trial(ingress: ["ssl-passthrough": "true", key: "C"])
        #expect(!trial.configuration.contains("cookie"))
        #expect(trial.findings.map(\.severity) == [.warning])
        #expect(try self.trial(configMap: [key: "C"], ingress: ["ssl-passthrough": "true"]).findings.isEmpty)
    }
}
