import Core
import Foundation
import TestSupport
import Testing

@Suite("Certificates of clients")
struct ClientCertificateTests {
    private static let url = "https://shop.example.com/"

    @Test("only clients with a certificate of the authority are served, and are told its name; sessions end with the authority")
    func authorities() async throws {
        let (server, first, second) = (try TestCertificates("server"), try TestCertificates("one"), try TestCertificates("two"))
        let host = "shop.example.com"
        let files = [
            "web.yaml": Manifests.service() + Manifests.ingress(tls: "web"),
            "certificate.yaml": Manifests.certificate("web", try server.leaf(host)),
            "map.yaml": Manifests.configMap(["client-ca": "operator/clients"]),
            "ca.yaml": Manifests.authority("clients", namespace: "operator", first),
        ]
        try await TestController.with(files) { controller async throws in
            let (alice, bob) = (try Client(first.client("alice"), controller), try Client(second.client("bob"), controller))
            /// What clients that choose by names may show.
            func names() async throws -> String {
                let output = try await controller.handshake(host).output
                let names = output.components(separatedBy: "Acceptable client certificate CA names\n").dropFirst().first
                return names?.components(separatedBy: "\n").first ?? "none"
            }
            #expect(try await controller.request(Self.url).curlStatus != 0)
            let refused = try await controller.handshake(host, ["-tls1_3", "-ign_eof"])
            #expect((refused.output + refused.errors).contains("alert certificate required"), "\(refused)")
            #expect(try await alice.request(Self.url).pod == "pod-1")
            #expect(try await bob.request(Self.url).curlStatus != 0)
            #expect(try await controller.request("http://shop.example.com/").status == 302)
            let names1 = try await names()
            #expect(names1 != "none")
            let session = try await alice.keepSession(host)
            #expect(try await alice.resumes(session, host))

            try await controller.write("ca.yaml", Manifests.authority("clients", namespace: "operator", second))
            try await controller.wait("the new authority is in force") { try await bob.request(Self.url).pod == "pod-1" }
            #expect(try await alice.request(Self.url).curlStatus != 0)
            // Neither does a session from before get anybody in, nor is a client told to choose by names of before.
            #expect(try await alice.resumes(session, host) == false)
            let names2 = try await names()
            #expect(names2 != "none" && names2 != names1)
            // Clients may be served before it is counted.
            try await controller.wait("the reload is counted") { try await controller.reloads == 1 }

            try await controller.write("certificate.yaml", Manifests.certificate("web", try server.leaf(host, key: .rsa2048)))
            try await controller.wait("the new certificate is shown") {
                try await controller.handshake(host).output.contains("rsa")
            }
            #expect(try await controller.reloads == 1)
            let many = try (0..<40).map { try TestCertificates("authority \($0)").authority.certificateText }.joined()
            try await controller.write(
                "ca.yaml", Manifests.secret("clients", namespace: "operator", ["tls.crt": many + first.authority.certificateText])
            )
            try await controller.wait("many authorities are in force") { try await alice.request(Self.url).pod == "pod-1" }
            #expect(try await bob.request(Self.url).curlStatus != 0)
            try await controller.wait("the reload is counted") { try await controller.reloads == 2 }
            #expect(!controller.log.contains("HAProxy ended"))
        }
    }

    @Test("without a usable authority HTTPS is closed, plain HTTP and passed-through TLS are not, until it is mended")
    func closed() async throws {
        let (server, clients) = (try TestCertificates("server"), try TestCertificates("clients"))
        try await TLSPods.with {
            [TLSPod(name: "secure", certificate: try $0.leaf("secure.example.com"))]
        } _: { pods async throws in
            let passed = Manifests.ingress(
                "secure", host: "secure.example.com", service: "secure", annotations: ["ssl-passthrough": "true"])
            let files = [
                "web.yaml": Manifests.service() + Manifests.ingress(tls: "web"),
                "plain.yaml": Manifests.ingress("plain", host: "plain.example.com"),
                "passed.yaml": pods.here(Manifests.service("secure")) + passed,
                "certificate.yaml": Manifests.certificate("web", try server.leaf("shop.example.com")),
                "map.yaml": Manifests.configMap(["client-ca": "clients"]),
            ]
            try await TestController.with(files) { controller async throws in
                let alice = try Client(clients.client("alice"), controller)
                func others() async throws {
                    #expect(try await controller.request("http://plain.example.com/").pod == "pod-1")
                    let secure = try await controller.request("https://secure.example.com/", authority: pods.authorityFile)
                    #expect(secure.pod == "secure")
                }
                #expect(try await alice.request(Self.url).status == 503)
                #expect(try await controller.request("https://unheard-of.example.com/").status == 503)
                #expect(controller.log.contains("client-ca"))
                #expect(controller.log.contains("Secret default/clients does not exist"))
                try await others()
                let authority = clients.authority.certificateText
                let leaf = try clients.leaf("nobody.example.com")
                // As cert-manager writes it: the authority is in ca.crt.
                try await controller.write(
                    "ca.yaml",
                    Manifests.secret(
                        "clients", namespace: "default",
                        ["tls.crt": leaf.certificateText, "tls.key": leaf.keyText, "ca.crt": authority]))
                try await controller.wait("HTTPS is open") { try await alice.request(Self.url).pod == "pod-1" }
                #expect(try await controller.request(Self.url).curlStatus != 0)
                try await others()
                try await controller.write(
                    "ca.yaml", Manifests.secret("clients", namespace: "default", ["tls.crt": "no certificate"]))
                try await controller.wait("HTTPS is closed") { try await alice.request(Self.url).status == 503 }
                #expect(controller.log.contains("names a Secret without a usable authority"))
                try await others()
            }
        }
    }

    @Test("revoked certificates do not count, lists change without a reload, and what others do to them is mended")
    func revocations() async throws {
        let (server, clients) = (try TestCertificates("server"), try TestCertificates("clients"))
        let (one, two) = (try clients.client("alice"), try clients.client("bob"))
        func secret(_ list: String?) -> String {
            var data = ["tls.crt": clients.authority.certificateText]
            data["ca.crl"] = list
            return Manifests.secret("clients", namespace: "default", data)
        }
        let files = [
            "web.yaml": Manifests.service() + Manifests.ingress(tls: "web")
                + Manifests.certificate("web", try server.leaf("shop.example.com")),
            "map.yaml": Manifests.configMap(["client-ca": "clients"]), "ca.yaml": secret(try clients.revocationList([one])),
        ]
        try await TestController.with(files, arguments: ["--drift-check-period", "300ms"]) { controller async throws in
            let (alice, bob) = (try Client(one, controller), try Client(two, controller))
            #expect(try await alice.request(Self.url).curlStatus != 0)
            #expect(try await bob.request(Self.url).pod == "pod-1")
            // Whoever resumes a session is not looked up in a new list.
            let session = try await bob.keepSession("shop.example.com")
            #expect(try await bob.resumes(session, "shop.example.com") == false)

            try await controller.write("ca.yaml", secret(try clients.revocationList([two])))
            try await controller.wait("the new list is in force") { try await alice.request(Self.url).pod == "pod-1" }
            #expect(try await bob.request(Self.url).curlStatus != 0)
            // A list that counts no more says nothing about anybody.
            try await controller.write("ca.yaml", secret(try clients.revocationList(isExpired: true)))
            try await controller.wait("nobody is let in") { try await alice.request(Self.url).curlStatus != 0 }
            #expect(try await bob.request(Self.url).curlStatus != 0)
            try await controller.write("ca.yaml", secret(try clients.revocationList()))
            try await controller.wait("nobody is on the list") { try await alice.request(Self.url).pod == "pod-1" }
            #expect(try await bob.request(Self.url).pod == "pod-1")

            #expect(!controller.log.contains("HAProxy is not what it was given"))
            _ = try await controller.runtimeAPI(
                "set ssl crl-file certs/client-crl.pem <<\n\(try clients.revocationList([two]))\n")
            #expect(try await controller.runtimeAPI("commit ssl crl-file certs/client-crl.pem").contains("Success"))
            try await controller.wait("the other list is noticed") {
                controller.log.contains("certs/client-crl.pem is another in HAProxy")
            }
            try await controller.wait("the list is mended") { try await bob.request(Self.url).pod == "pod-1" }
            #expect(try await controller.reloads == 0)

            try await controller.write("ca.yaml", secret("no list"))
            try await controller.wait("HTTPS is closed") { try await alice.request(Self.url).status == 503 }
            #expect(controller.log.contains("names a Secret whose ca.crl is unusable: ca.crl is not in PEM format"))
            try await controller.write("ca.yaml", secret(nil))
            try await controller.wait("HTTPS is open") { try await bob.request(Self.url).pod == "pod-1" }
        }
    }

    @Test("with client-crt-optional clients without a certificate are served, those with a wrong one are not")
    func optional() async throws {
        let (clients, strangers) = (try TestCertificates("clients"), try TestCertificates("strangers"))
        let manifests =
            Manifests.service() + Manifests.ingress(tls: "web") + Manifests.authority("clients", namespace: "default", clients)
            + Manifests.certificate("web", try strangers.leaf("shop.example.com"))
        let map = ["client-ca": "clients", "client-crt-optional": "true"]
        try await TestController.with(["all.yaml": manifests, "map.yaml": Manifests.configMap(map)]) { controller async throws in
            #expect(try await controller.request(Self.url).pod == "pod-1")
            #expect(try await Client(clients.client("alice"), controller).request(Self.url).pod == "pod-1")
            #expect(try await Client(strangers.client("mallory"), controller).request(Self.url).curlStatus != 0)
            #expect(try await Client(clients.expired("late"), controller).request(Self.url).curlStatus != 0)
        }
    }
}

/// A client that shows a certificate.
private struct Client {
    private let controller: TestController
    private let certificate: URL
    private let key: URL

    init(_ issued: CertificateIssuer.Issued, _ controller: TestController) throws {
        self.controller = controller
        let name = UUID().uuidString
        certificate = controller.directory.appendingPathComponent("\(name).crt")
        key = controller.directory.appendingPathComponent("\(name).key")
        try Data(issued.certificate).write(to: certificate)
        try Data(issued.key).write(to: key)
    }

    func request(_ url: String) async throws -> Response {
        try await controller.request(url, options: ["--cert", certificate.path, "--key", key.path])
    }

    /// Connects and keeps the TLS session in a file.
    func keepSession(_ host: String) async throws -> URL {
        let file = controller.directory.appendingPathComponent("session")
        let result = try await controller.handshake(
            host, ["-tls1_2", "-cert", certificate.path, "-key", key.path, "-sess_out", file.path])
        try #require(result.output.contains("New, TLSv1.2"), "\(result.output)\(result.errors)")
        return file
    }

    /// Whether a session is taken up without a new handshake.
    func resumes(_ session: URL, _ host: String) async throws -> Bool {
        try await controller.handshake(host, ["-tls1_2", "-sess_in", session.path]).output.contains("Reused")
    }
}

extension TestController {
    /// What OpenSSL's client tells of a handshake with HTTPS.
    func handshake(_ host: String?, _ options: [String] = []) async throws -> ProgramResult {
        let name = host.map { ["-servername", $0] } ?? ["-noservername"]
        return try await run(
            URL(fileURLWithPath: "/usr/bin/openssl"), ["s_client", "-connect", "127.0.0.1:\(https)"] + name + options)
    }
}
