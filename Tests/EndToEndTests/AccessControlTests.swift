import Foundation
import Testing

@Suite("Access control")
struct AccessControlTests {
    @Test("an allow-list lets its networks in and a deny-list keeps its networks out, by the address of src-ip-header")
    func lists() async throws {
        let manifests =
            Manifests.service()
            + Manifests.ingress(
                "allow", host: "allow.example.com",
                annotations: ["src-ip-header": "X-Real-IP", "allow-list": "10.0.0.0/9, 2001:db8::/33, 127.0.0.1"])
            + Manifests.ingress(
                "deny", host: "deny.example.com", annotations: ["src-ip-header": "X-Real-IP", "blacklist": "10.1.2.0/23"])
            + Manifests.ingress("open", host: "open.example.com")
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            let allow = [
                "10.127.255.255": 200, "10.128.0.0": 403, "2001:db8:7fff::1": 200, "2001:db8:8000::1": 403, "11.0.0.1": 403,
                "127.0.0.1": 200, "nonsense": 200, "::ffff:10.1.1.1": 200, "::ffff:10.200.1.1": 403,
            ]
            for (address, status) in allow {
                let response = try await controller.request("http://allow.example.com/", headers: ["X-Real-IP": address])
                #expect(response.status == status, "\(address)")
            }
            for (address, status) in ["10.1.2.1": 403, "10.1.3.255": 403, "10.1.4.0": 200, "10.1.1.255": 200] {
                let response = try await controller.request("http://deny.example.com/", headers: ["X-Real-IP": address])
                #expect(response.status == status, "\(address)")
            }
            let forwarded = try await controller.request("http://deny.example.com/", headers: ["X-Real-IP": "10.9.9.9"])
            #expect(forwarded.seen?.headers["x-forwarded-for"] == "10.9.9.9")
            #expect(try await controller.request("http://open.example.com/", headers: ["X-Real-IP": "10.1.2.1"]).status == 200)
        }
    }

    @Test("an address from a header counts for its request only, not for the next one on the connection")
    func keptConnection() async throws {
        let manifests =
            Manifests.service()
            + Manifests.ingress(annotations: ["src-ip-header": "X-Real-IP", "allow-list": "10.0.0.0/8"])
            + Manifests.ingress("other", host: "other.example.com", annotations: ["allow-list": "10.0.0.0/8"])
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            func request(_ host: String, _ fields: String = "") -> String { "GET / HTTP/1.1\r\nHost: \(host)\r\n\(fields)\r\n" }
            let answers = try await controller.exchange(
                request("shop.example.com", "X-Real-IP: 10.0.0.1\r\n") + request("shop.example.com")
                    + request("shop.example.com", "X-Real-IP: 10.0.0.2\r\n") + request("other.example.com")
                    + request("shop.example.com", "X-Real-IP: 10.0.0.3\r\nConnection: close\r\n"),
                within: 10)
            let statuses = answers.components(separatedBy: "HTTP/1.1 ").dropFirst().map { $0.prefix(3) }
            #expect(statuses == ["200", "403", "200", "403", "200"])
        }
    }

    @Test("a changed list is in force without a reload, and one that cannot be read closes its route only")
    func changes() async throws {
        func manifests(_ list: String) -> String {
            Manifests.service() + Manifests.ingress(annotations: ["allow-list": list])
                + Manifests.ingress("other", host: "other.example.com")
        }
        try await TestController.with(["all.yaml": manifests("192.0.2.0/24")]) { controller async throws in
            let url = "http://shop.example.com/"
            #expect(try await controller.request(url).status == 403)
            try await controller.write("all.yaml", manifests("192.0.2.0/24,127.0.0.0/8"))
            try await controller.eventually(url) { $0.status == 200 }
            try await controller.write("all.yaml", manifests("everybody"))
            try await controller.eventually(url) { $0.status == 503 }
            #expect(try await controller.request("http://other.example.com/").status == 200)
            #expect(controller.log.contains("Ingress shop/web: haproxy.org/allow-list: \"everybody\""))
            #expect(try await controller.metric("haproxy_ingress_rejected_objects") == 1)
            try await controller.write("all.yaml", manifests("127.0.0.1"))
            try await controller.eventually(url) { $0.status == 200 }
            #expect(try await controller.metric("haproxy_ingress_reloads_total") == 0)
        }
    }

    @Test("the older names are read, and lists and the header with the address change without a reload")
    func changesAtRunTime() async throws {
        func manifests(_ header: String, allow: String, deny: String) -> String {
            Manifests.service()
                + Manifests.ingress(annotations: ["src-ip-header": header, "whitelist": allow, "blacklist": deny])
        }
        let first = manifests("X-Real-IP", allow: "10.0.0.0/8", deny: "10.1.0.0/16")
        try await TestController.with(["all.yaml": first]) { controller async throws in
            func status(_ header: String, _ address: String) async throws -> Int {
                try await controller.request("http://shop.example.com/", headers: [header: address]).status
            }
            #expect(try await status("X-Real-IP", "10.2.0.1") == 200)
            #expect(try await status("X-Real-IP", "10.1.0.1") == 403)
            #expect(try await status("X-Real-IP", "11.0.0.1") == 403)
            try await controller.write("all.yaml", manifests("CF-Connecting-IP", allow: "11.0.0.0/8", deny: "11.1.0.0/16"))
            try await controller.wait("the header has changed") { try await status("CF-Connecting-IP", "11.2.0.1") == 200 }
            #expect(try await status("CF-Connecting-IP", "11.1.0.1") == 403)
            #expect(try await status("CF-Connecting-IP", "10.2.0.1") == 403)
            // The address of the connection is in no list.
            #expect(try await status("X-Real-IP", "11.2.0.1") == 403)
            #expect(try await controller.reloads() == 0)
        }
    }
}
