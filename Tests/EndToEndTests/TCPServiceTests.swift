import Foundation
import TestSupport
import Testing

@Suite("TCP services")
struct TCPServiceTests {
    private static let arguments = ["--configmap-tcp-services", "ops/tcp"]

    private static func entries(_ entries: [Int: String]) -> String {
        let lines = entries.sorted { $0.key < $1.key }.map { "  \"\($0)\": \"\($1)\"\n" }.joined()
        return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: tcp, namespace: ops}\ndata:\n\(lines)---\n"
    }

    /// A request to a port; the example pods speak HTTP.
    private static func get(_ port: Int, scheme: String = "http", host: String = "127.0.0.1", _ options: [String] = [])
        async throws -> Response
    {
        let arguments = [
            "--silent", "--include", "--max-time", "5", "--noproxy", "*", "--resolve", "\(host):\(port):127.0.0.1",
        ]
        return Response(
            curl: try await run(
                URL(fileURLWithPath: "/usr/bin/curl"), arguments + options + ["\(scheme)://\(host):\(port)/"]))
    }

    @Test("connections to a port go to the pods, which scale, go and come back without a reload; ports come and go")
    func changes() async throws {
        let (first, second) = (try FreePort.next(), try FreePort.next())
        let files = [
            "ingress.yaml": Manifests.ingress(), "service.yaml": Manifests.service(),
            "tcp.yaml": Self.entries([first: "shop/web:http"]),
        ]
        try await TestController.with(files, pods: ["a", "b"], arguments: Self.arguments) { controller async throws in
            #expect(try await Self.get(first).pod == "a")
            #expect(try await controller.request("http://shop.example.com/").pod == "a")
            try await controller.write("service.yaml", Manifests.service(pods: [2]))
            try await controller.wait("the other pod answers") { try await Self.get(first).pod == "b" }
            try await controller.remove("service.yaml")
            try await controller.wait("connections are closed") { try await Self.get(first).curlStatus != 0 }
            #expect(controller.log.contains("ConfigMap ops/tcp: \(first): \"shop/web:http\": Service shop/web does not exist"))
            try await controller.write("service.yaml", Manifests.service(pods: [1]))
            try await controller.wait("the Service is back") { try await Self.get(first).pod == "a" }
            #expect(try await controller.reloads() == 0)

            try await controller.write("tcp.yaml", Self.entries([first: "shop/web:http", second: "shop/web:80"]))
            try await controller.wait("the new port answers") { try await Self.get(second).pod == "a" }
            try await controller.write("tcp.yaml", Self.entries([second: "shop/web:80"]))
            try await controller.wait("the old port is closed") { try await Self.get(first).curlStatus == 7 }
            #expect(try await Self.get(second).pod == "a")
        }
    }

    @Test("with :ssl TLS ends with the hosts' certificates, and no protocol of HTTPS is offered")
    func offload() async throws {
        let certificates = try TestCertificates()
        let (tls, plain) = (try FreePort.next(), try FreePort.next())
        let files = [
            "all.yaml": Manifests.service() + Manifests.ingress(tls: "web")
                + Self.entries([tls: "shop/web:http:ssl", plain: "shop/web:http"]),
            "secret.yaml": Manifests.certificate("web", try certificates.leaf("shop.example.com")),
        ]
        try await TestController.with(files, arguments: Self.arguments) { controller async throws in
            let trust = ["--cacert", try controller.trust(certificates).path, "--write-out", "%{http_version}"]
            let answer = try await Self.get(tls, scheme: "https", host: "shop.example.com", trust)
            #expect(answer.pod == "pod-1" && answer.body.hasSuffix("1.1"))
            #expect(try await Self.get(tls, scheme: "https", host: "other.example.com", trust).curlStatus == 60)
            #expect(try await Self.get(tls).pod == nil)
            #expect(try await Self.get(plain).pod == "pod-1")
            let renewed = try TestCertificates("Another authority")
            try await controller.write("secret.yaml", Manifests.certificate("web", try renewed.leaf("shop.example.com")))
            let others = ["--cacert", try controller.trust(renewed).path]
            try await controller.wait("the renewed certificate is shown") {
                try await Self.get(tls, scheme: "https", host: "shop.example.com", others).pod == "pod-1"
            }
            #expect(try await controller.reloads() == 0)
        }
    }

    @Test("annotations of the Service are in force, those of the ConfigMap where Services can have them, and none about requests")
    func annotations() async throws {
        let port = try FreePort.next()
        try await TLSPods.with {
            [TLSPod(name: "secure", certificate: try $0.leaf("pod"))]
        } _: { pods async throws in
            func service(_ annotations: [String: String]) -> String { pods.here(Manifests.service(annotations: annotations)) }
            let settings = ["allow-list": "192.0.2.1", "check": "false", "ssl-passthrough": "true", "server-proto": "h2"]
            let files = [
                "all.yaml": Manifests.configMap(settings) + Self.entries([port: "shop/web:http"]), "service.yaml": service([:]),
            ]
            try await TestController.with(files, pods: [], arguments: Self.arguments) { controller async throws in
                func status() async throws -> [String] {
                    let lines = try await controller.runtimeAPI("show stat").split(separator: "\n")
                    let server = lines.first { $0.hasPrefix("shop_svc_web_http,") && !$0.contains(",BACKEND,") }
                    return server?.split(separator: ",", omittingEmptySubsequences: false).map(String.init) ?? []
                }
                #expect(try await Self.get(port).pod == nil)
                #expect(try await status().contains("no check"))
                try await controller.write(
                    "service.yaml", service(["server-ssl": "true", "check": "true", "load-balance": "uri"]))
                try await controller.wait("HAProxy speaks TLS with the pod") { try await Self.get(port).pod == "secure" }
                let answer = try await Self.get(port)
                #expect(answer.header("x-tls") == "1" && answer.header("x-version") == "1.1")
                #expect(try await status().contains("UP"))
                #expect(
                    controller.log.contains(
                        "Service shop/web: haproxy.org/load-balance: \"uri\": has no effect for a TCP service"))
            }
        }
    }

    @Test("a port that another process has is told, disturbs nobody, and is taken when it is free", arguments: [false, true])
    func takenPort(isTakenAtStart: Bool) async throws {
        let (held, other) = (try HeldPort(), try FreePort.next())
        let taken = held.port
        let both = Self.entries([taken: "shop/web:80", other: "shop/web:80"])
        let files = [
            "all.yaml": Manifests.service() + Manifests.ingress(), "tcp.yaml": isTakenAtStart ? both : Self.entries([:]),
        ]
        try await TestController.with(files, arguments: Self.arguments) { controller async throws in
            if !isTakenAtStart { try await controller.write("tcp.yaml", both) }
            try await controller.wait("the other port answers") { try await Self.get(other).pod == "pod-1" }
            #expect(
                controller.log.contains(
                    "ConfigMap ops/tcp: \(taken): \"shop/web:80\": is refused by HAProxy: cannot bind socket (Address already in use)"
                ))
            let failures = try await controller.metric("haproxy_ingress_failed_reloads_total")
            try await controller.write("more.yaml", Manifests.ingress("more", host: "more.example.com"))
            try await controller.eventually("http://more.example.com/") { $0.pod == "pod-1" }
            #expect(try await controller.request("http://shop.example.com/").pod == "pod-1")
            held.release()
            try await controller.wait("the port is taken") { try await Self.get(taken).pod == "pod-1" }
            // Whether the port is free is not asked by trying.
            let later = try await controller.metric("haproxy_ingress_failed_reloads_total")
            #expect(later == failures || later.isNaN && failures.isNaN)
        }
    }

    @Test("lint reports bad entries", .manifestsOnly("lint reads files"))
    func lint() async throws {
        let directory = try TemporaryDirectory("tcp-lint")
        defer { directory.remove() }
        let entries = Self.entries([0: "shop/web:80", 5432: "shop/web:81", 5433: "web", 5434: "shop/web:80"])
        let file = try directory.write("all.yaml", Manifests.service(pods: []) + entries)
        let result = try await run(Programs.controller, ["lint", file.path] + Self.arguments)
        #expect(result.status == 1 && result.output.contains("3 errors, 0 warnings"), "\(result.output)")
        #expect(
            result.output.contains(
                "ConfigMap ops/tcp: 5433: \"web\": does not begin with the namespace and the name of a Service; expected namespace/service:port"
            ))
    }

    @Test("log-format-tcp of the ConfigMap of TCP services shapes their lines, and a bad one is told and costs nothing else")
    func logFormat() async throws {
        let port = try FreePort.next()
        let syslog = try SyslogServer()
        defer { syslog.stop() }
        func entries(_ format: String) -> String {
            Self.entries([port: "shop/web:http"]).replacing("data:\n", with: "data:\n  log-format-tcp: \"\(format)\"\n")
        }
        let config = Manifests.configMap([
            "syslog-server": "address:127.0.0.1, port:\(syslog.port)", "log-format-tcp": "of the others %b",
        ])
        let files = ["all.yaml": Manifests.service() + Manifests.ingress() + config, "tcp.yaml": entries("mine %ft %b")]
        try await TestController.with(files, arguments: Self.arguments) { controller async throws in
            #expect(try await Self.get(port).pod == "pod-1")
            try await controller.wait("the line came") { !syslog.messages(with: "mine tcp-\(port) shop_svc_web_http").isEmpty }
            try await controller.write("tcp.yaml", entries("%[nonsense]"))
            try await controller.wait("the format is refused") {
                controller.log.contains("ConfigMap ops/tcp: log-format-tcp: \"%[nonsense]\": is refused by HAProxy")
            }
            try await controller.wait("the other format is in force") {
                _ = try await Self.get(port)
                return !syslog.messages(with: "of the others shop_svc_web_http").isEmpty
            }
            #expect(try await Self.get(port).pod == "pod-1")
        }
    }
}
