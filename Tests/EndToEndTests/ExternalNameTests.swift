import Foundation
import TestSupport
import Testing

@Suite("Services of type ExternalName")
struct ExternalNameTests {
    private static let url = "http://shop.example.com/"

    private static func service(_ name: String, _ externalName: String, port: Int = 8080) -> String {
        """
        apiVersion: v1
        kind: Service
        metadata: {name: \(name), namespace: shop}
        spec: {type: ExternalName, externalName: "\(externalName)", ports: [{name: http, port: 80, targetPort: \(port)}]}
        ---

        """
    }

    private static func route(_ name: String, _ externalName: String, port: Int = 8080) -> String {
        service(name, externalName, port: port) + Manifests.ingress(name, path: "/\(name)", service: name)
    }

    private static let web = Manifests.service() + Manifests.ingress()

    @Test(
        "names that no DNS server answers for delay nobody's change, and only their own routes are 503",
        .enabled(if: NameServer.isPossible))
    func silence() async throws {
        try await NameServer.with([:]) { names async throws in
            try await TestController.with(["web.yaml": Self.web], arguments: names.arguments) { controller async throws in
                let many = (0..<10).map { Self.route("out-\($0)", "silent-\($0).example.com") }.joined()
                let begun = ContinuousClock.now
                // A change that takes a check and a load.
                try await controller.write("many.yaml", many)
                try await controller.write("late.yaml", Manifests.ingress("late", path: "/late"))
                try await controller.eventually(Self.url + "late") { $0.pod == "pod-1" }
                try await controller.wait("the routes are there") {
                    controller.map("path-prefix").contains("shop.example.com/out-9/")
                }
                try await controller.wait("HAProxy is reloaded") { try await controller.reloads >= 1 }
                #expect(ContinuousClock.now - begun < .seconds(8))
                #expect(names.asked.isEmpty, "names are asked for while a configuration is loaded: \(names.asked)")
                // Before its Service has arrived from an API server, a route is 503 without a question.
                async let silent = controller.eventually(Self.url + "out-3") { $0.status == 503 && !names.asked.isEmpty }
                #expect(try await controller.request(Self.url).pod == "pod-1")
                _ = try await silent
                #expect(names.asked == ["silent-3.example.com"])
            }
        }
    }

    @Test("a name is looked up by HAProxy and leads to its address, for TCP services too", .enabled(if: NameServer.isPossible))
    func resolved() async throws {
        let network = Loopback.network()
        let port = try Loopback.freePorts(1)[0]
        try await NameServer.with(["pods.example.com": "\(network)1", "v6.example.com": "::ffff:\(network)1"]) {
            names async throws in
            let files = [
                "out.yaml": Self.route("out", "pods.example.com.") + Self.route("gone", "gone.example.com")
                    + Self.service("tcp", "pods.example.com"),
                "tcp.yaml":
                    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: tcp, namespace: default}\ndata: {\"\(port)\": \"shop/tcp:80\"}\n",
            ]
            try await TestController.with(
                files, network: network, arguments: names.arguments + ["--configmap-tcp-services", "default/tcp"]
            ) { controller async throws in
                #expect(try await controller.request(Self.url + "out").pod == "pod-1")
                #expect(try await controller.request(Self.url + "gone").status == 503)
                let direct = try await run(
                    TestController.curl, ["--silent", "--include", "--max-time", "10", "http://127.0.0.1:\(port)/"])
                #expect(Response(curl: direct).pod == "pod-1")
            }
        }
    }

    @Test("names of a snippet's servers that no DNS server answers for keep no load waiting", .enabled(if: NameServer.isPossible))
    func snippetNames() async throws {
        try await NameServer.with(["known.example.com": "127.0.0.1"]) { names async throws in
            try await TestController.with(["web.yaml": Self.web], arguments: names.arguments) { controller async throws in
                func snippet(_ name: String, _ lines: String) -> String {
                    Manifests.service(name, pods: [1])
                        + Manifests.ingress(
                            name, path: "/\(name)", service: name, annotations: ["backend-config-snippet": lines])
                }
                let silent = (0..<5).map { "server s\($0) silent-\($0).example.com:80" }.joined(separator: "\n")
                let start = ContinuousClock.now
                try await controller.write(
                    "names.yaml",
                    snippet("silent", silent)
                        + snippet(
                            "known", "server k known.example.com:\(controller.healthz)\nhttp-response set-header X-Known yes"))
                try await controller.eventually(Self.url + "known") { $0.header("x-known") == "yes" }
                #expect(ContinuousClock.now - start < .seconds(8))
                try await controller.wait("the resolvers ask") { names.asked.contains("silent-3.example.com") }
                try await controller.wait("a name has its address") {
                    try await controller.runtimeAPI("show servers state shop_svc_known_http").contains(" 127.0.0.1 2 ")
                }
                // Asked for in so many words, the C library gives up, and the snippet is out.
                try await controller.write(
                    "libc.yaml",
                    snippet("libc", "server s silent.example.com:80 init-addr libc") + Manifests.ingress("last", path: "/last"))
                try await controller.eventually(Self.url + "last") { $0.pod == "pod-1" }
                try await controller.wait("the snippet is told") {
                    controller.log.contains("Ingress shop/libc: haproxy.org/backend-config-snippet")
                }
            }
        }
    }

    @Test("a name that comes to lead to the controller's own listeners is 503", .enabled(if: NameServer.isPossible))
    func ownListeners() async throws {
        try await NameServer.with([
            "evil.example.com": "127.0.0.1", "mapped.example.com": "::ffff:127.0.0.1", "zero.example.com": "0.0.0.0",
        ]) {
            names async throws in
            try await TestController.with(["web.yaml": Self.web], arguments: names.arguments) { controller async throws in
                let ports = [controller.stats, controller.healthz, controller.admin, controller.http, controller.https]
                var all = ""
                for (index, port) in ports.enumerated() {
                    for name in ["evil", "mapped", "zero"] {
                        all += Self.route("\(name)-\(index)", "\(name).example.com", port: port)
                    }
                }
                try await controller.write("evil.yaml", all + Manifests.ingress("last", path: "/last"))
                try await controller.eventually(Self.url + "last") { $0.pod == "pod-1" }
                try await controller.wait("the routes are there") { controller.map("path-prefix").contains("/zero-4/") }
                for index in ports.indices {
                    for name in ["evil", "mapped", "zero"] {
                        // Files tell of a route a moment before HAProxy has it in place of the one for all paths.
                        let response = try await controller.eventually(Self.url + "\(name)-\(index)") { $0.pod == nil }
                        #expect(response.status == 503, "\(name) \(index)")
                    }
                }
                #expect(names.asked == ["evil.example.com", "mapped.example.com", "zero.example.com"])
            }
        }
    }

    @Test("addresses of the pod and of other replicas are refused at the controller's own ports, as soon as they are known")
    func replicas() async throws {
        func slice(_ name: String, namespace: String, service: String, port: Int, _ addresses: [String]) -> String {
            """
            apiVersion: discovery.k8s.io/v1
            kind: EndpointSlice
            metadata: {name: \(name), namespace: \(namespace), labels: {kubernetes.io/service-name: \(service)}}
            addressType: IPv4
            ports: [{name: http, port: \(port), protocol: TCP}]
            endpoints: [\(addresses.map { "{addresses: [\"\($0)\"]}" }.joined(separator: ", "))]
            ---

            """
        }
        let arguments = ["--ipv4-bind-address", "0.0.0.0"]
        let environment = ["POD_IP": "192.0.2.7", "POD_IPS": "192.0.2.7,2001:db8::7", "POD_NAMESPACE": "ingress"]
        try await TestController.with(["web.yaml": Self.web], arguments: arguments, environment: environment) {
            controller async throws in
            func evil(_ port: Int) -> String {
                Manifests.service("evil", pods: [])
                    + slice("evil-2", namespace: "shop", service: "evil", port: port, ["192.0.2.7", "192.0.2.8", "192.0.2.9"])
                    + Manifests.ingress("evil", path: "/evil", service: "evil")
            }
            try await controller.write("evil.yaml", evil(controller.http))
            let refusal =
                "EndpointSlice shop/evil-2: endpoints: \"192.0.2.%:\(controller.http)\": is left out: the controller itself"
            func isTold(_ number: Int) -> Bool { controller.log.contains(refusal.replacing("%", with: "\(number)")) }
            try await controller.wait("the pod's own address is told") { isTold(7) }
            try await controller.wait("the others are servers") {
                controller.configuration.contains("192.0.2.8:\(controller.http)")
            }
            #expect(!controller.configuration.contains("192.0.2.7:\(controller.http)"))
            // The Service that leads to this pod and to another one.
            try await controller.write(
                "own.yaml", slice("own-1", namespace: "ingress", service: "own", port: 1024, ["192.0.2.7", "192.0.2.8"]))
            try await controller.wait("the other replica is no server") {
                !controller.configuration.contains("192.0.2.8:\(controller.http)")
            }
            #expect(controller.configuration.contains("192.0.2.9:\(controller.http)"))
            #expect(try await controller.request(Self.url).pod == "pod-1")
        }
    }

    @Test(
        "addresses of the controller's own listeners are refused in every spelling, and told",
        arguments: ["127.0.0.1", "localhost", "localhost.", "a.localhost", "127.0.0.1.", "0.0.0.0"])
    func ownAddresses(name: String) async throws {
        try await TestController.with(["web.yaml": Self.web]) { controller async throws in
            var all = ""
            let ports = [controller.stats, controller.healthz, controller.admin, controller.http]
            for (index, port) in ports.enumerated() { all += Self.route("own-\(index)", name, port: port) }
            try await controller.write("own.yaml", all + Manifests.ingress("last", path: "/last"))
            try await controller.eventually(Self.url + "last") { $0.pod == "pod-1" }
            for index in ports.indices {
                try await controller.eventually(Self.url + "own-\(index)") { $0.status == 503 }
                #expect(controller.log.contains("Service shop/own-\(index) leads to "))
            }
        }
    }

    @Test(
        "numbers that a C library takes for addresses are told and lead nowhere",
        .manifestsOnly("an API server does not take all of them"),
        arguments: ["127.1", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "[::1]", "::1", "a.1", "127.0.0.300"])
    func numbers(name: String) async throws {
        let files = ["web.yaml": Self.web, "out.yaml": Self.route("out", name)]
        try await TestController.with(files) { controller async throws in
            #expect(try await controller.request(Self.url).pod == "pod-1")
            #expect(try await controller.request(Self.url + "out").status == 503)
            #expect(controller.log.contains("Service shop/out: spec.externalName: \"\(name)\""))
            #expect(!controller.configuration.contains("str(\(name))") && !controller.configuration.contains("server \(name):"))
        }
    }

    /// Sends all connections to a port on to another one, and notes each request.
    private static let relay = #"""
        import socket, sys, threading

        def pump(source, target, log):
            try:
                while True:
                    data = source.recv(65536)
                    if not data: break
                    if log and b'GET /' in data: open(log, 'a').write('.')
                    target.sendall(data)
            except OSError: pass
            target.close()

        listener = socket.create_server((sys.argv[1], 8080))
        open(sys.argv[4], 'w').close()
        while True:
            client, _ = listener.accept()
            server = socket.create_connection(('127.0.0.1', int(sys.argv[2])))
            threading.Thread(target=pump, args=(client, server, sys.argv[3]), daemon=True).start()
            threading.Thread(target=pump, args=(server, client, None), daemon=True).start()
        """#

    @Test("a name that leads back here by a load balancer gets a bounded number of passes", .enabled(if: NameServer.isPossible))
    func loop() async throws {
        let address = "\(Loopback.network())77"
        try await NameServer.with(["loop.example.com": address]) { names async throws in
            let headers = ["request-set-header": "CDN-Loop none"]
            let ingress = Manifests.ingress("loop", path: "/loop", service: "loop")
            let sly = Manifests.ingress("sly", path: "/sly", service: "loop", annotations: headers)
            let files = ["web.yaml": Self.web + Self.service("loop", "loop.example.com") + ingress + sly]
            try await TestController.with(files, arguments: names.arguments) { controller async throws in
                let log = controller.directory.appendingPathComponent("relayed")
                let ready = controller.directory.appendingPathComponent("relay-up")
                let relay = Process()
                relay.executableURL = URL(fileURLWithPath: "/usr/bin/env")
                relay.arguments = ["python3", "-c", Self.relay, address, "\(controller.http)", log.path, ready.path]
                try relay.run()
                defer { kill(relay.processIdentifier, SIGKILL) }
                try await controller.wait("the relay listens") { FileManager.default.fileExists(atPath: ready.path) }
                for path in ["loop", "sly"] {
                    try? FileManager.default.removeItem(at: log)
                    #expect(try await controller.request(Self.url + path).status == 508)
                    #expect(try Data(contentsOf: log).count == 8)
                }
                #expect(controller.log.contains("sets header CDN-Loop, by which HAProxy tells requests that come back"))
                #expect(try await controller.request(Self.url).pod == "pod-1")
            }
        }
    }
}
