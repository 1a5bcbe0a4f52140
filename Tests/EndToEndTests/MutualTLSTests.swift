import Core
import TestSupport
import Testing

@Suite("Mutual TLS to the pods")
struct MutualTLSTests {
    private static let url = "http://shop.example.com/"

    @Test("only pods whose certificate is valid and signed by the authority get requests, and the others are 503")
    func certificates() async throws {
        let stranger = try TestCertificates("stranger")
        try await TLSPods.with { certificates in
            [
                TLSPod(name: "right", certificate: try certificates.leaf("pod")),
                TLSPod(name: "wrong", certificate: try stranger.leaf("pod")),
                TLSPod(name: "expired", certificate: try certificates.expired("pod")),
                TLSPod(name: "future", certificate: try certificates.future("pod")), TLSPod(name: "plain"),
            ]
        } _: { pods async throws in
            let names = ["right", "wrong", "expired", "future", "plain"]
            let routes = names.enumerated().map { index, name in
                Manifests.service(name, pods: [index + 1], annotations: ["server-ca": "pods-ca", "check": "false"])
                    + Manifests.ingress(name, path: "/\(name)", service: name)
            }
            let authority = Manifests.authority("pods-ca", pods.certificates)
            try await TestController.with(["all.yaml": pods.here(routes.joined()) + authority], pods: []) {
                controller async throws in
                // All at once: HAProxy tries again for seconds before it gives up.
                try await withThrowingTaskGroup(of: (String, Response).self) { group in
                    for name in names { group.addTask { (name, try await controller.request(Self.url + name)) } }
                    for try await (name, response) in group {
                        #expect(response.status == (name == "right" ? 200 : 503), "\(name)")
                        #expect(response.pod == (name == "right" ? "right" : nil))
                    }
                }
            }
        }
    }

    @Test("both sides prove who they are, asked for at each scope, and a missing Secret is 503")
    func scopes() async throws {
        let clients = try TestCertificates("clients")
        try await TLSPods.with { certificates in
            [TLSPod(name: "secure", certificate: try certificates.leaf("pod"), clientAuthority: clients.authority)]
        } _: { pods async throws in
            func asked(_ namespace: String = "", client: String) -> [String: String] {
                ["server-ca": "\(namespace)pods-ca", "server-crt": "\(namespace)\(client)", "check": "false"]
            }
            let secrets =
                try ["map", "ingress", "service"].map { Manifests.certificate($0, try clients.client($0)) }.joined()
                + Manifests.authority("pods-ca", pods.certificates)
            let plain = pods.here(Manifests.service())
            let files = [
                "secrets.yaml": secrets, "map.yaml": Manifests.configMap(asked("shop/", client: "map")),
                "service.yaml": plain, "ingress.yaml": Manifests.ingress(),
            ]
            try await TestController.with(files, pods: []) { controller async throws in
                #expect(try await controller.request(Self.url).header("x-client") == "map")
                try await controller.write("ingress.yaml", Manifests.ingress(annotations: asked(client: "ingress")))
                try await controller.eventually(Self.url) { $0.header("x-client") == "ingress" }
                try await controller.write("service.yaml", pods.here(Manifests.service(annotations: asked(client: "service"))))
                try await controller.eventually(Self.url) { $0.header("x-client") == "service" }
                for missing in ["server-ca", "server-crt"] {
                    let annotations = asked(client: "service").merging([missing: "missing"]) { $1 }
                    try await controller.write("service.yaml", pods.here(Manifests.service(annotations: annotations)))
                    try await controller.eventually(Self.url) { $0.status == 503 }
                    #expect(controller.log.contains("\(missing): \"missing\""), "\(missing)")
                    try await controller.write("service.yaml", plain)
                    try await controller.eventually(Self.url) { $0.header("x-client") == "ingress" }
                }
            }
        }
    }

    @Test("a Service without pods gets its first ones without a reload, with all that TLS needs")
    func firstPods() async throws {
        let clients = try TestCertificates("clients")
        try await TLSPods.with { certificates in
            [TLSPod(name: "secure", certificate: try certificates.leaf("pod"), clientAuthority: clients.authority)]
        } _: { pods async throws in
            func service(_ numbers: [Int]) -> String {
                pods.here(Manifests.service(pods: numbers, annotations: ["server-ca": "pods-ca", "server-crt": "client"]))
            }
            let files = [
                "service.yaml": service([]), "ingress.yaml": Manifests.ingress(),
                "ca.yaml": Manifests.authority("pods-ca", pods.certificates),
                "client.yaml": Manifests.certificate("client", try clients.client("first")),
            ]
            try await TestController.with(files, pods: []) { controller async throws in
                #expect(try await controller.request(Self.url).status == 503)
                try await controller.write("service.yaml", service([1]))
                try await controller.eventually(Self.url) { $0.header("x-client") == "first" }
                try await controller.write("client.yaml", Manifests.certificate("client", try clients.client("second")))
                try await controller.eventually(Self.url) { $0.header("x-client") == "second" }
                #expect(try await controller.reloads == 0)
            }
        }
    }

    @Test("another authority is in force without a reload and without a failed request, also for pods that come later")
    func rotation() async throws {
        let successor = try TestCertificates("successor")
        try await TLSPods.with { certificates in
            [
                TLSPod(name: "old", certificate: try certificates.leaf("pod")),
                TLSPod(name: "new", certificate: try successor.leaf("pod")),
                TLSPod(name: "newer", certificate: try successor.leaf("pod")),
            ]
        } _: { pods async throws in
            func service(_ numbers: [Int]) -> String {
                pods.here(
                    Manifests.service(pods: numbers, annotations: ["server-ca": "pods-ca", "check-interval": "100ms"]))
            }
            func authority(_ authorities: TestCertificates...) -> String {
                let text = authorities.map(\.authority.certificateText).joined()
                return Manifests.secret("pods-ca", ["tls.crt": text])
            }
            let files = [
                "ingress.yaml": Manifests.ingress(), "service.yaml": service([1]), "ca.yaml": authority(pods.certificates),
            ]
            try await TestController.with(files, pods: []) { controller async throws in
                #expect(try await controller.request(Self.url).pod == "old")
                let answers = Task {
                    var statuses: [Int: Int] = [:]
                    while !Task.isCancelled {
                        statuses[try await controller.request(Self.url).status, default: 0] += 1
                    }
                    return statuses
                }
                // As people do it: trust both, move the pods over, trust the new one alone.
                try await controller.write("ca.yaml", authority(pods.certificates, successor))
                try await controller.wait("the servers were replaced") { try await servers(controller, of: "both") == 1 }
                try await controller.write("service.yaml", service([1, 2]))
                try await controller.wait("both pods answer") { try await controller.podsAnswering(Self.url).count == 2 }
                try await controller.write("service.yaml", service([2]))
                try await controller.wait("the old pod is gone") { try await controller.podsAnswering(Self.url) == ["new"] }
                try await controller.write("ca.yaml", authority(successor))
                try await controller.wait("the servers were replaced again") {
                    try await servers(controller, of: "new") == 1
                }
                try await controller.write("service.yaml", service([2, 3]))
                try await controller.wait("the newest pod answers") {
                    try await controller.podsAnswering(Self.url) == ["new", "newer"]
                }
                answers.cancel()
                let statuses = try await answers.value
                #expect(Set(statuses.keys) == [200], "\(statuses)")
                // A pod that still has the old certificate.
                try await controller.write("service.yaml", service([1]))
                try await controller.eventually(Self.url) { $0.status == 503 }
                try await controller.write("ca.yaml", authority(pods.certificates))
                try await controller.eventually(Self.url) { $0.pod == "old" }
                #expect(try await controller.reloads == 0)
                #expect(try await controller.podsAnswering(Self.url) == ["old"])
            }
        }
    }

    @Test("clients with a cookie stay with their pods when servers with other authorities take over")
    func cookies() async throws {
        let successor = try TestCertificates("successor")
        try await TLSPods.with { certificates in
            [
                TLSPod(name: "one", certificate: try certificates.leaf("pod")),
                TLSPod(name: "two", certificate: try certificates.leaf("pod")),
            ]
        } _: { pods async throws in
            let annotations = ["server-ca": "pods-ca", "cookie-persistence": "STICKY", "check": "false"]
            let files = [
                "routes.yaml": pods.here(Manifests.service(pods: [1, 2], annotations: annotations)) + Manifests.ingress(),
                "ca.yaml": Manifests.authority("pods-ca", pods.certificates),
            ]
            try await TestController.with(files, pods: []) { controller async throws in
                var cookies: [String: String] = [:]
                for _ in 0..<4 {
                    let answer = try await controller.request(Self.url)
                    let cookie = try #require(answer.header("set-cookie")?.split(separator: ";").first)
                    cookies[try #require(answer.pod)] = String(cookie)
                }
                #expect(Set(cookies.keys) == ["one", "two"])
                let before = Set(try await controller.servers().map(\.name))
                let both = [pods.certificates, successor].map(\.authority.certificateText).joined()
                try await controller.write("ca.yaml", Manifests.secret("pods-ca", ["tls.crt": both]))
                try await controller.wait("other servers have taken over") {
                    let now = Set(try await controller.servers().filter { $0.backend == "shop_svc_web_http" }.map(\.name))
                    return now.count == 2 && now.isDisjoint(with: before)
                }
                for (pod, cookie) in cookies {
                    let answer = try await controller.request(Self.url, headers: ["Cookie": cookie])
                    #expect(answer.pod == pod && answer.header("set-cookie") == nil)
                }
                #expect(try await controller.reloads == 0)
            }
        }
    }

    /// How many servers there are, once all of them have the names that are in haproxy.cfg; nil before.
    private func servers(_ controller: TestController, of what: String) async throws -> Int? {
        let running = try await controller.servers().filter { $0.backend == "shop_svc_web_http" }
        let text = controller.configuration
        return running.allSatisfy { text.contains("server \($0.name) ") } ? running.count : nil
    }

    @Test("a Service of type ExternalName is told its name, and with server-ca its certificate must be for it")
    func externalNames() async throws {
        let ports = try Loopback.freePorts(2)
        try await TLSPods.with { certificates in
            [
                TLSPod(name: "right", certificate: try certificates.leaf("localhost"), localPort: ports[0]),
                TLSPod(name: "other", certificate: try certificates.leaf("elsewhere.example.com"), localPort: ports[1]),
            ]
        } _: { pods async throws in
            func services(_ annotation: String) -> String {
                ["right", "other"].enumerated().map { index, name in
                    """
                    apiVersion: v1
                    kind: Service
                    metadata: {name: \(name), namespace: shop, annotations: {haproxy.org/check: "false", \(annotation)}}
                    spec: {type: ExternalName, externalName: localhost, ports: [{name: http, port: 80, targetPort: \(ports[index])}]}
                    ---

                    """
                }.joined()
            }
            let files = [
                "services.yaml": services("haproxy.org/server-ca: pods-ca"),
                "fixed.yaml": Manifests.authority("pods-ca", pods.certificates)
                    + Manifests.ingress("right", path: "/right", service: "right")
                    + Manifests.ingress("other", path: "/other", service: "other"),
            ]
            try await TestController.with(files, pods: []) { controller async throws in
                let right = try await controller.request(Self.url + "right")
                #expect(right.pod == "right" && right.header("x-sni") == "localhost")
                #expect(try await controller.request(Self.url + "other").status == 503)
                try await controller.write("services.yaml", services("haproxy.org/server-ssl: \"true\""))
                let other = try await controller.eventually(Self.url + "other") { $0.pod == "other" }
                #expect(other.header("x-sni") == "localhost")
            }
        }
    }
}
