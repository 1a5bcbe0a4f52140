import TestSupport
import Testing

@Suite("Hosts that several namespaces want", .manifestsOnly("the ages of objects are given"))
struct HostOwnershipTests {
    private static let (old, young) = ("2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z")
    private let url = "https://shop.example.com/"

    @Test("ssl-passthrough of a younger namespace takes no TLS of the owner's host; when the owner goes it does")
    func passthrough() async throws {
        let ending = try TestCertificates("ending")
        try await TLSPods.with {
            [TLSPod(name: "thief", certificate: try $0.leaf("shop.example.com"))]
        } _: { pods async throws in
            let owner =
                Manifests.ingress(tls: "web", created: Self.old)
                + Manifests.certificate("web", try ending.leaf("shop.example.com"))
            let rest =
                Manifests.service() + pods.here(Manifests.service("thief", namespace: "thief"))
                + Manifests.ingress(
                    "thief", namespace: "thief", path: "/nothing", service: "thief", annotations: ["ssl-passthrough": "true"],
                    created: Self.young)
            try await TestController.with(["owner.yaml": owner, "rest.yaml": rest]) { controller async throws in
                let authority = try controller.trust(ending)
                #expect(try await controller.request(url, authority: authority).pod == "pod-1")
                let closed = try await controller.request(url + "nothing", authority: authority)
                #expect(closed.status == 503 && closed.pod == nil)
                #expect(controller.log.contains("Ingress thief/thief: asks for ssl-passthrough of host shop.example.com"))
                #expect(controller.log.contains("older Ingress shop/web decides"))
                try await controller.remove("owner.yaml")
                try await controller.eventually(url, authority: try pods.authorityFile) { $0.pod == "thief" }
                try await controller.write("owner.yaml", owner)
                try await controller.eventually(url, authority: authority) { $0.pod == "pod-1" }
            }
        }
    }

    @Test("--host-ownership shared lets the oldest Ingress that asks for passthrough have it")
    func shared() async throws {
        try await TLSPods.with {
            [TLSPod(name: "other", certificate: try $0.leaf("shop.example.com"))]
        } _: { pods async throws in
            let manifests =
                Manifests.service() + Manifests.ingress(created: Self.old)
                + pods.here(Manifests.service("other", namespace: "other"))
                + Manifests.ingress(
                    "other", namespace: "other", path: "/x", service: "other", annotations: ["ssl-passthrough": "true"],
                    created: Self.young)
            try await TestController.with(["all.yaml": manifests], arguments: ["--host-ownership", "shared"]) {
                controller async throws in
                #expect(try await controller.request(url, authority: try pods.authorityFile).pod == "other")
            }
        }
    }

    @Test("a route-acl of another namespace takes no requests of an older route, and its owner is told")
    func condition() async throws {
        let manifests =
            Manifests.service() + Manifests.ingress(created: Self.old)
            + Manifests.service("thief", namespace: "thief", pods: [2], annotations: ["route-acl": "method -m found"])
            + Manifests.ingress("thief", namespace: "thief", service: "thief", created: Self.young)
            + Manifests.ingress("own", namespace: "thief", path: "/own", service: "thief", created: Self.young)
        try await TestController.with(["all.yaml": manifests], pods: ["owner", "thief"]) { controller async throws in
            for scheme in ["http", "https"] {
                #expect(try await controller.request("\(scheme)://shop.example.com/").pod == "owner")
                #expect(try await controller.request("\(scheme)://shop.example.com/own/x").pod == "thief")
            }
            #expect(controller.log.contains("older Ingress shop/web of another namespace has all of them"))
        }
    }

    @Test("a certificate of another namespace is not shown for a host, however old the Ingress is that brings it")
    func certificate() async throws {
        let (own, foreign) = (try TestCertificates("own"), try TestCertificates("foreign"))
        let manifests =
            Manifests.service() + Manifests.ingress(tls: "web", created: Self.old)
            + Manifests.certificate("web", try own.leaf("shop.example.com"))
            + Manifests.certificate("web", namespace: "thief", try foreign.leaf("shop.example.com"))
            + Manifests.ingress(
                "thief", namespace: "thief", host: "thief.example.com", tls: "web", created: "2020-01-01T00:00:00Z"
            )
            .replacing("hosts: [\"thief.example.com\"]", with: "hosts: [shop.example.com]")
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            #expect(try await controller.request(url, authority: try controller.trust(own)).pod == "pod-1")
            #expect(
                controller.log.contains("brings a certificate for shop.example.com, for which the older Ingress shop/web has one")
            )
        }
    }

    @Test("a younger namespace's certificate for a wildcard is not shown for an older host without one, until the host goes")
    func wildcardCertificate() async throws {
        let foreign = try TestCertificates("foreign")
        let owner = Manifests.ingress(created: Self.old)
        let rest =
            Manifests.service() + Manifests.service("thief", namespace: "thief")
            + Manifests.ingress(
                "thief", namespace: "thief", host: "*.example.com", service: "thief", tls: "wild", created: Self.young)
            + Manifests.certificate("wild", namespace: "thief", try foreign.leaf("*.example.com"))
        try await TestController.with(["owner.yaml": owner, "rest.yaml": rest]) { controller async throws in
            let authority = try controller.trust(foreign)
            #expect(try await controller.request("https://any.example.com/", authority: authority).status == 200)
            #expect(try await controller.request(url, authority: authority).curlStatus == 60)
            try await controller.remove("owner.yaml")
            try await controller.eventually(url, authority: authority) { $0.status == 200 }
            try await controller.write("owner.yaml", owner)
            try await controller.eventually(url, authority: authority) { $0.curlStatus == 60 }
            #expect(try await controller.reloads == 0)
        }
    }

    @Test("an Ingress's default backend takes nothing of a host whose owner is another namespace")
    func defaultBackend() async throws {
        let manifests =
            Manifests.service() + Manifests.ingress(path: "/app", created: Self.old)
            + Manifests.service("thief", namespace: "thief", pods: [2])
            + Manifests.ingress("thief", namespace: "thief", path: "/own", service: "thief", created: Self.young)
            .replacing("spec:\n  rules:", with: "spec:\n  defaultBackend: {service: {name: none, port: {number: 80}}}\n  rules:")
        try await TestController.with(["all.yaml": manifests], pods: ["owner", "thief"]) { controller async throws in
            #expect(controller.log.contains("spec.defaultBackend: would take the rest of host shop.example.com"))
            #expect(!controller.map("path-prefix").contains("shop.example.com/ "))
            #expect(try await controller.request("http://shop.example.com/own").pod == "thief")
            #expect(try await controller.request("http://shop.example.com/app").pod == "owner")
        }
    }

    @Test("a request for a passed-through host over a connection of another host gets 421, whatever its path and HTTP version")
    func misdirected() async throws {
        try await TLSPods.with {
            [
                TLSPod(name: "secure", certificate: try $0.leaf("secure.example.com")),
                TLSPod(name: "wild", certificate: try $0.leaf("*.example.org")),
            ]
        } _: { pods async throws in
            let passed = ["ssl-passthrough": "true"]
            let manifests =
                Manifests.service() + Manifests.ingress()
                + pods.here(Manifests.service("secure") + Manifests.service("wild", pods: [2]))
                + Manifests.ingress("secure", host: "secure.example.com", path: "/app", service: "secure", annotations: passed)
                + Manifests.ingress("wild", host: "*.example.org", service: "wild", annotations: passed)
                + Manifests.ingress("gone", host: "gone.example.com", service: "gone")
            try await TestController.with(["all.yaml": manifests]) { controller async throws in
                for version in ["--http1.1", "--http2"] {
                    func status(_ host: String, _ path: String) async throws -> Int {
                        try await controller.request(url + path, headers: ["Host": host], options: [version]).status
                    }
                    for path in ["app", "", "other"] {
                        #expect(try await status("secure.example.com", path) == 421, "\(version) \(path)")
                        #expect(try await status("any.example.org", path) == 421, "\(version) \(path)")
                    }
                    #expect(try await status("gone.example.com", "") == 503)
                    #expect(try await status("shop.example.com", "") == 200)
                }
                let secure = try await controller.request("https://secure.example.com/other", authority: try pods.authorityFile)
                #expect(secure.pod == "secure")
            }
        }
    }

    @Test("ssl-passthrough on a rule without host is refused: its path is closed over HTTP and HTTPS")
    func hostless() async throws {
        let manifests =
            Manifests.service() + Manifests.ingress()
            + Manifests.ingress(
                "any", host: nil, path: "/any", annotations: ["ssl-passthrough": "true", "ssl-redirect": "false"])
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            for scheme in ["http", "https"] {
                #expect(try await controller.request("\(scheme)://other.example.com/any").status == 503)
                #expect(try await controller.request("\(scheme)://shop.example.com/").pod == "pod-1")
            }
            #expect(
                controller.log.contains("Ingress shop/any: asks for ssl-passthrough, which is there only for rules with a host"))
        }
    }

    @Test("a certificate that an update breaks stays in force with an error, and goes with its Secret")
    func brokenCertificate() async throws {
        let certificates = try TestCertificates("own")
        let (good, other) = (try certificates.leaf("shop.example.com"), try certificates.leaf("other.example.com"))
        func secret(_ key: String) -> String {
            Manifests.secret("web", type: "kubernetes.io/tls", ["tls.crt": good.certificateText, "tls.key": key])
        }
        let files = ["all.yaml": Manifests.service() + Manifests.ingress(tls: "web"), "secret.yaml": secret(good.keyText)]
        try await TestController.with(files) { controller async throws in
            let authority = try controller.trust(certificates)
            #expect(try await controller.request(url, authority: authority).pod == "pod-1")
            for key in [other.keyText, "nonsense", ""] {
                try await controller.write("secret.yaml", secret(key))
                try await controller.wait("the error is told") {
                    controller.log.contains("stays in force while this controller runs")
                }
                #expect(try await controller.request(url, authority: authority).pod == "pod-1")
            }
            try await controller.remove("secret.yaml")
            try await controller.eventually(url, authority: authority) { $0.curlStatus == 60 }
        }
    }

    @Test(
        "a certificate is shown for the names that it covers and nobody claims, never by a younger namespace for another's host")
    func coveredNames() async throws {
        let (own, theirs) = (try TestCertificates("own"), try TestCertificates("theirs"))
        func ingress(_ namespace: String, _ host: String, _ secret: String, created: String) -> String {
            Manifests.ingress(namespace: namespace, host: host, created: created)
                .replacingOccurrences(of: "spec:\n", with: "spec:\n  tls: [{secretName: \(secret)}]\n")
        }
        let shop =
            Manifests.service() + ingress("shop", "shop.example.com", "own", created: "2026-01-01T00:00:00Z")
            + Manifests.certificate("own", try own.leaf("shop.example.com", "www.example.com", "*.wild.example.com"))
        let thief =
            Manifests.service(namespace: "thief")
            + ingress("thief", "thief.example.com", "theirs", created: "2026-02-01T00:00:00Z")
            + Manifests.certificate(
                "theirs", namespace: "thief",
                try theirs.leaf("thief.example.com", "shop.example.com", "www.example.com", "a.wild.example.com", "*.example.com")
            )
        try await TestController.with(["shop.yaml": shop]) { controller async throws in
            func isShown(_ certificates: TestCertificates, for host: String) async throws -> Bool {
                try await controller.request("https://\(host)/", authority: controller.trust(certificates)).curlStatus == 0
            }
            try await controller.write("thief.yaml", thief)
            try await controller.wait("the other namespace's host has its certificate") {
                try await isShown(theirs, for: "thief.example.com")
            }
            // Nobody has a rule for www and a.wild; the older certificate covers both.
            for host in ["shop", "www", "a.wild"] {
                #expect(try await isShown(own, for: "\(host).example.com"), "\(host)")
                #expect(try await !isShown(theirs, for: "\(host).example.com"), "\(host)")
            }
            #expect(try await isShown(theirs, for: "free.example.com"))
            // The owner's Secret goes, and the other's certificate is not shown in its place.
            try await controller.write("shop.yaml", Manifests.service() + Manifests.ingress(created: "2026-01-01T00:00:00Z"))
            try await controller.wait("the name that nobody has a rule for changes hands") {
                try await isShown(theirs, for: "www.example.com")
            }
            #expect(try await !isShown(theirs, for: "shop.example.com"))
            #expect(try await controller.reloads() == 0)
        }
    }
}
