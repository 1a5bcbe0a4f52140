import Core
import TestSupport
import Testing

/// Somebody changes HAProxy behind the controller's back; it is seen, and mended before requests suffer for long.
@Suite("Drift")
struct DriftTests {
    private static let backend = "shop_svc_web_http"
    private static let list = "certs/frontend.list"

    @Test("servers, map entries and certificates that others changed in HAProxy are mended without a reload")
    func repair() async throws {
        let certificates = try TestCertificates()
        let (other, strangers) = (try certificates.leaf("other.example.com"), try TestCertificates("Strangers"))
        let manifests =
            Manifests.service(pods: [1, 2]) + Manifests.ingress(host: "a.example.com", tls: "a")
            + Manifests.certificate("a", try certificates.leaf("a.example.com")) + Manifests.authority("clients", certificates)
            + Manifests.configMap(["client-ca": "shop/clients", "client-crt-optional": "true"])
        let arguments = ["--drift-check-period", "300ms"]
        try await TestController.with(["all.yaml": manifests], pods: ["a", "b"], arguments: arguments) {
            controller async throws in
            let authority = try controller.trust(certificates)
            let https = "https://a.example.com/"
            try await controller.wait("both pods answer") { try await controller.podsAnswering(https) == ["a", "b"] }
            func differences() async throws -> Double { try await controller.metric("haproxy_ingress_differences_total") }

            let server = try #require(
                try await controller.runtimeAPI("show servers state \(Self.backend)").split(separator: "\n")
                    .compactMap { $0.split(separator: " ").dropFirst(3).first }.first { $0.hasSuffix(":8080") })
            let entry = try #require(
                try await controller.runtimeAPI("show ssl crt-list \(Self.list)").split(separator: "\n")
                    .compactMap { $0.split(separator: " ").first }.first { $0.hasSuffix("shop_a.pem") })
            let name = "\(Self.backend)/\(server)"
            let clientAuthority = try #require(controller.configuration.firstMatch(of: #/ca-file ([^ ]+)/#)?.1)
            #expect(try await differences() == 0)
            for (what, commands) in [
                ("maintenance", ["set server \(name) state maint"]),
                ("draining", ["set server \(name) state drain"]),
                ("another weight", ["set server \(name) weight 0"]),
                ("another address", ["set server \(name) addr 127.0.0.1 port 1"]),
                ("no server", ["set server \(name) state maint; del server \(name)"]),
                ("one more server", ["add server \(Self.backend)/foreign 127.0.0.1:1; enable server \(Self.backend)/foreign"]),
                ("no host", ["del map maps/host.map a.example.com"]),
                ("another host", ["set map maps/host.map a.example.com nobody"]),
                ("one more host", ["add map maps/host.map foreign.example.com nobody"]),
                ("no certificate", ["del ssl crt-list \(Self.list) \(entry); del ssl cert \(entry)"]),
                ("no name", ["del ssl crt-list \(Self.list) \(entry)"]),
                (
                    "another certificate",
                    ["set ssl cert \(entry) <<\n\(other.certificateText)\(other.keyText)", "commit ssl cert \(entry)"]
                ),
                (
                    "another authority",
                    [
                        "set ssl ca-file \(clientAuthority) <<\n\(strangers.authority.certificateText)",
                        "commit ssl ca-file \(clientAuthority)",
                    ]
                ),
            ] {
                let before = try await differences()
                for command in commands {
                    let answer = try await controller.runtimeAPI(command)
                    #expect(!answer.contains("Unknown") && !answer.contains("Can't"), "\(what): \(answer)")
                }
                try await controller.wait("\(what) is noticed") { try await differences() > before }
                try await controller.wait("\(what) is mended") {
                    guard try await controller.request(https, authority: authority).status == 200 else { return false }
                    let state = try await controller.runtimeAPI("show servers state \(Self.backend)")
                    let map = try await controller.runtimeAPI("show map maps/host.map")
                    let pods = try await controller.podsAnswering(https)
                    return !state.contains("foreign") && !map.contains("foreign") && pods == ["a", "b"]
                }
            }
            #expect(try await controller.reloads() == 0)
            for text in [
                "server \(name) is in maintenance", "map host has no entry a.example.com", "\(entry) is another in HAProxy",
            ] {
                #expect(controller.log.contains(text), "\(text): \(controller.log)")
            }
        }
    }

    @Test("certificates that HAProxy does not read without HTTPS are not missed")
    func withoutHTTPS() async throws {
        let certificates = try TestCertificates()
        let manifests =
            Manifests.service() + Manifests.ingress(host: "a.example.com", tls: "a")
            + Manifests.certificate("a", try certificates.leaf("a.example.com")) + Manifests.authority("clients", certificates)
            + Manifests.configMap(["client-ca": "shop/clients"])
        let arguments = ["--disable-https", "--drift-check-period", "100ms"]
        try await TestController.with(["all.yaml": manifests], arguments: arguments) { controller async throws in
            // The second is found by a comparison that began after the first.
            for host in ["first", "second"] {
                _ = try await controller.runtimeAPI("add map maps/host.map \(host).example.com nobody")
                try await controller.wait("the entry is found") {
                    controller.log.contains("difference=map host has an entry \(host).example.com")
                }
            }
            #expect(try await controller.metric("haproxy_ingress_differences_total") == 2, "\(controller.log)")
        }
    }

    @Test("an update that HAProxy refuses because somebody was there first is made all the same, without a reload")
    func refusal() async throws {
        let manifests = ["all.yaml": Manifests.service(pods: [1]) + Manifests.ingress(host: "a.example.com")]
        let arguments = ["--drift-check-period", "0"]
        try await TestController.with(manifests, pods: ["a", "b"], arguments: arguments) { controller async throws in
            try await controller.eventually("http://a.example.com/") { $0.pod == "a" }
            let address = "\(controller.network)2:8080"
            let added = try await controller.runtimeAPI("add server \(Self.backend)/\(address) 127.0.0.1:1 check")
            #expect(added.contains("New server registered"), "\(added)")
            try await controller.write("all.yaml", Manifests.service(pods: [1, 2]) + Manifests.ingress(host: "a.example.com"))
            try await controller.wait("both answer") {
                try await controller.podsAnswering("http://a.example.com/") == ["a", "b"]
            }
            #expect(try await controller.reloads() == 0)
            #expect(controller.log.contains("HAProxy refused a runtime update; looking at what it has"), "\(controller.log)")
        }
    }

    @Test(
        "where lists of revoked certificates were among refused updates, HAProxy is loaded anew instead of being given them twice",
        .manifestsOnly("the list and the pod change at once, which an API server does not promise"))
    func refusedWithAuthority() async throws {
        let certificates = try TestCertificates()
        func manifests(_ pods: [Int], _ list: String) throws -> String {
            Manifests.service(pods: pods) + Manifests.ingress(host: "a.example.com", tls: "a")
                + Manifests.certificate("a", try certificates.leaf("a.example.com"))
                + Manifests.secret("clients", ["tls.crt": certificates.authority.certificateText, "ca.crl": list])
                + Manifests.configMap(["client-ca": "shop/clients", "client-crt-optional": "true"])
        }
        let (first, arguments) = (try manifests([1], certificates.revocationList()), ["--drift-check-period", "0"])
        try await TestController.with(["all.yaml": first], pods: ["a", "b"], arguments: arguments) { controller async throws in
            let address = "\(controller.network)2:8080"
            let added = try await controller.runtimeAPI("add server \(Self.backend)/\(address) 127.0.0.1:1 check")
            #expect(added.contains("New server registered"), "\(added)")
            try await controller.write(
                "all.yaml", try manifests([1, 2], certificates.revocationList([certificates.client("mallory")])))
            try await controller.wait("HAProxy is loaded anew") {
                try await controller.metric("haproxy_ingress_reloads_total{reason=\"refused-update\"}") == 1
            }
            try await controller.wait("both answer") {
                try await controller.podsAnswering("https://a.example.com/") == ["a", "b"]
            }
        }
    }
}
