import Foundation
import TestSupport
import Testing

/// What people who come from the Go project's controller start their controller with.
@Suite("Arguments of the Go controller")
struct GoControllerTests {
    private static let url = "http://shop.example.com/"
    private static let files = ["all.yaml": Manifests.service() + Manifests.ingress()]

    private static func manifests(inClass name: String?) -> [String: String] {
        let spec = name.map { "spec:\n  ingressClassName: \($0)\n  rules:" } ?? "spec:\n  rules:"
        return ["all.yaml": Manifests.service() + Manifests.ingress().replacing("spec:\n  rules:", with: spec) + ingressClass]
    }

    private static let ingressClass = """
        apiVersion: networking.k8s.io/v1
        kind: IngressClass
        metadata: {name: haproxy}
        spec: {controller: haproxy.org/ingress-controller/haproxy}
        ---

        """

    private func page(_ url: String) async throws -> Response {
        Response(
            curl: try await run(
                TestController.curl, ["--silent", "--include", "--max-time", "5", "--noproxy", "*", "--globoff", url]))
    }

    @Test(
        "the arguments of its Deployments start the controller, which serves",
        arguments: GoControllerArguments.deployments.keys.sorted())
    func deployments(_ name: String) async throws {
        let arguments = try #require(GoControllerArguments.deployments[name])
        // A pod has its port 6060 to itself, which tests do not.
        let port = ["--controller-port", "\(try Loopback.freePorts(1)[0])"]
        let environment = ["POD_NAME": "pod-1", "POD_NAMESPACE": "haproxy-controller", "POD_IP": "192.0.2.7"]
        let isOfClass = arguments.contains("--ingress.class=haproxy")
        try await TestController.with(
            Self.manifests(inClass: isOfClass ? "haproxy" : nil), arguments: arguments + port, environment: environment
        ) { controller async throws in
            #expect(try await controller.request(Self.url).pod == "pod-1")
        }
    }

    @Test("flags that ask for nothing do nothing, and the log has a line for each")
    func idle() async throws {
        let idle = GoControllerArguments.idle.filter { $0.key != "--output-file" }
        let arguments = idle.sorted { $0.key < $1.key }.flatMap(\.value)
        try await TestController.with(Self.files, arguments: arguments) { controller async throws in
            #expect(try await controller.request(Self.url).pod == "pod-1")
            let lines = controller.log.split(separator: "\n")
            for flag in idle.keys {
                #expect(lines.filter { $0.contains("\(flag) has no effect here. ") }.count == 1, "\(flag)\n\(controller.log)")
            }
        }
    }

    @Test(
        "a job for custom resources ends well without a cluster, and a conversion of them does not", .manifestsOnly("reads none"))
    func jobs() async throws {
        let job = try await run(Programs.controller, ["--job-check-crd"])
        #expect(job.status == 0 && job.errors.contains("--job-check-crd has no effect here. "), "\(job)")
        let conversion = try await run(Programs.controller, ["--input-file=a.yaml", "--output-file=b.yaml"])
        #expect(conversion.status == 1 && conversion.errors.contains("Custom resources are not read"), "\(conversion)")
    }

    @Test("a haproxy-aux.cfg beside HAProxy's files is told once and harms nobody, whatever it holds; an empty one is not told")
    func auxiliaryConfiguration() async throws {
        for (text, count) in [("resolvers mydns\n  nameserver local 127.0.0.1:53\nno-such-word\n", 1), ("", 0)] {
            let directory = try TemporaryDirectory()
            defer { directory.remove() }
            try directory.write("haproxy-aux.cfg", text)
            try await TestController.with(Self.files, arguments: ["--config-dir", directory.path]) { controller async throws in
                #expect(try await controller.request(Self.url).pod == "pod-1")
                let told = controller.log.split(separator: "\n").filter {
                    $0.contains("\(directory.path)/haproxy-aux.cfg is not read")
                }
                #expect(told.count == count, "\(controller.log)")
                #expect(told.allSatisfy { $0.contains(" warning ") && $0.contains("global-config-snippet") })
            }
        }
    }

    @Test("-v and -h tell what --version and --help do", .manifestsOnly("reads none"))
    func shortForms() async throws {
        let version = try await run(Programs.controller, ["--version"])
        for arguments in [["-v"], ["run", "-v"]] {
            let short = try await run(Programs.controller, arguments)
            #expect(short.status == 0 && short.output == version.output, "\(short)")
        }
        #expect(try await run(Programs.controller, ["run", "-h"]).output.contains("--with-pebble"))
    }

    @Test("the threads that take connections are those of the flags, and requests come through on each listener")
    func threads() async throws {
        let arguments = [
            "--http-bind-thread=1-1", "--https-bind-thread=2", "--healthz-bind-thread", "1", "--stats-bind-thread=1-2",
        ]
        let files = Self.files.merging(["map.yaml": Manifests.configMap(["nbthread": "2"])]) { $1 }
        try await TestController.with(files, arguments: arguments) { controller async throws in
            #expect(try await controller.request(Self.url).pod == "pod-1")
            #expect(try await controller.request("https://shop.example.com/").pod == "pod-1")
            #expect(try await page("http://127.0.0.1:\(controller.healthz)/healthz").status == 200)
            #expect(try await page("http://127.0.0.1:\(controller.stats)/").status == 200)
            let binds = controller.configuration.split(separator: "\n").filter { $0.contains("bind 127.0.0.1:") }
            for (port, thread) in [
                controller.http: "1-1", controller.https: "2", controller.healthz: "1", controller.stats: "1-2",
            ] {
                #expect(binds.contains { $0.contains(":\(port)") && $0.hasSuffix(" thread \(thread)") }, "\(binds)")
            }
        }
    }

    @Test("threads that HAProxy does not have are an error in its words", .manifestsOnly("the log is the same"))
    func missingThreads() async throws {
        let files = Self.files.merging(["map.yaml": Manifests.configMap(["nbthread": "1"])]) { $1 }
        try await TestController.with(files, arguments: ["--http-bind-thread=3-4"], waitsForReadiness: false) {
            controller async throws in
            try await controller.wait("the log tells") {
                controller.log.contains("'thread' directive") && controller.log.contains("127.0.0.1:\(controller.http)")
            }
            try await controller.wait("the metric tells") {
                try await controller.metric("haproxy_unable_to_sync_configuration") == 1
            }
            #expect(controller.isRunning)
        }
    }

    @Test(
        "an IPv4 address in the notation of IPv6 is listened on, as its documentation has one", .manifestsOnly("asks no objects"))
    func mappedAddress() async throws {
        let port = try Loopback.freePorts(1)[0]
        // ::ffff:7f00:9 is 127.0.0.9.
        let arguments = ["--disable-ipv4", "--ipv6-bind-address=::ffff:7f00:9", "--prometheus", "--controller-port=\(port)"]
        try await TestController.with(Self.files, arguments: arguments) { controller async throws in
            let answer = try await page("http://127.0.0.9:\(controller.healthz)/healthz")
            #expect(answer.status == 200)
            #expect(try await page("http://127.0.0.9:\(port)/metrics").status == 200)
        }
    }

    @Test("--prometheus shows metrics and probes at --controller-port of the listening address, and nothing else there")
    func prometheus() async throws {
        let port = try Loopback.freePorts(1)[0]
        let arguments = ["--ipv4-bind-address=127.0.0.9", "--prometheus", "--controller-port", "\(port)"]
        try await TestController.with(Self.files, arguments: arguments) { controller async throws in
            let metrics = try await page("http://127.0.0.9:\(port)/metrics")
            #expect(metrics.status == 200 && metrics.header("content-type")?.hasPrefix("text/plain; version=0.0.4") == true)
            for name in [
                "haproxy_reloads_total{result=\"success\"} ", "haproxy_restarts_total{result=\"success\"} 0",
                "haproxy_unable_to_sync_configuration 0", "haproxy_runtime_socket_connections_total{object=\"map\",",
                "haproxy_ingress_build_info", "process_resident_memory_bytes ",
            ] {
                #expect(metrics.body.contains(name), "\(name)")
            }
            #expect(try await page("http://127.0.0.9:\(port)/healthz").status == 200)
            #expect(try await page("http://127.0.0.9:\(port)/readyz").status == 200)
            #expect(try await page("http://127.0.0.9:\(port)/config").status == 404)
            #expect(try await page("http://127.0.0.1:\(port)/metrics").curlStatus == 7)
            #expect(try await controller.adminPage("/metrics").status == 200)
        }
    }

    @Test("--controller-port without --prometheus has the probes alone; with --admin-bind's port that address keeps all pages")
    func controllerPort() async throws {
        let port = try Loopback.freePorts(1)[0]
        let arguments = ["--ipv4-bind-address=0.0.0.0", "--controller-port=\(port)", "--admin-bind=127.0.0.1:\(port)"]
        try await TestController.with(Self.files, arguments: arguments, waitsForReadiness: false) { controller async throws in
            try await controller.wait("the controller is ready") {
                try await page("http://127.0.0.9:\(port)/readyz").status == 200
            }
            #expect(try await page("http://127.0.0.9:\(port)/healthz").status == 200)
            #expect(try await page("http://127.0.0.9:\(port)/metrics").status == 404)
            #expect(try await page("http://127.0.0.1:\(port)/metrics").status == 200)
            #expect(try await page("http://127.0.0.1:\(port)/config").status == 403)
            #expect(try await controller.shownConfiguration().status == 200)
        }
    }

    @Test("prometheus-endpoint-auth-secret lets its users read metrics and nobody else, and nobody while it cannot be read")
    func users() async throws {
        let port = try Loopback.freePorts(1)[0]
        let url = "http://127.0.0.1:\(port)"
        func status(_ path: String, user: String? = nil) async throws -> Int {
            let options = user.map { ["--user", $0] } ?? []
            return Response(
                curl: try await run(
                    TestController.curl, ["--silent", "--include", "--max-time", "20", "--noproxy", "*", url + path] + options)
            ).status
        }
        func secret(_ users: [String: String]) -> String { Manifests.secret("scrapers", namespace: "default", users) }
        let hash = "$5$saltsalt$JHkvehlP/.NJu30HDXCRu6TLyiiArvvT2.QRVUMINNB"
        let files = Self.files.merging([
            "map.yaml": Manifests.configMap(["prometheus-endpoint-auth-secret": "default/scrapers"]),
            "users.yaml": secret(["prometheus": hash]),
        ]) { $1 }
        try await TestController.with(files, arguments: ["--prometheus", "--controller-port=\(port)"]) {
            controller async throws in
            #expect(try await status("/metrics") == 401)
            #expect(try await page("\(url)/metrics").header("www-authenticate") == "Basic realm=\"Restricted\"")
            for wrong in ["prometheus:demo2", "prometheus:", "nobody:demo", "prometheus"] {
                #expect(try await status("/metrics", user: "\(wrong)\(wrong.contains(":") ? "" : ":")") == 401, "\(wrong)")
            }
            for _ in 0..<2 { #expect(try await status("/metrics", user: "prometheus:demo") == 200) }
            #expect(try await status("/healthz") == 200)
            #expect(try await controller.adminPage("/metrics").status == 401)
            let socket = ["--unix-socket", controller.runtime.appendingPathComponent("admin.sock").path]
            #expect(try await controller.adminPage("/metrics", options: socket).status == 200)
            #expect(try await controller.request(Self.url).pod == "pod-1")
            try await controller.write("users.yaml", secret(["other": hash]))
            try await controller.wait("the users are others") { try await status("/metrics", user: "other:demo") == 200 }
            #expect(try await status("/metrics", user: "prometheus:demo") == 401)
            try await controller.write("users.yaml", secret(["other": "demo"]))
            try await controller.wait("nobody gets in") { try await status("/metrics", user: "other:demo") == 503 }
            #expect(controller.log.contains("is it a plain-text password?"))
            #expect(try await controller.request(Self.url).pod == "pod-1")
            try await controller.remove("map.yaml")
            try await controller.wait("everybody gets in") { try await status("/metrics") == 200 }
            #expect(try await controller.reloads == 0)
        }
    }

    @Test("metrics of the Go controller's names count reloads, uses of the runtime socket and starts after a death")
    func metrics() async throws {
        try await TestController.with(Self.files, pods: ["a", "b"]) { controller async throws in
            #expect(try await controller.metric("haproxy_reloads_total{result=\"success\"}") == 0)
            let server = "haproxy_runtime_socket_connections_total{object=\"server\",result=\"success\"}"
            let before = try await controller.metric(server)
            try await controller.write("all.yaml", Manifests.service(pods: [1, 2]) + Manifests.ingress())
            try await controller.wait("the server is counted") { try await controller.metric(server) > before }
            try await controller.write("map.yaml", Manifests.configMap(["timeout-client": "33s"]))
            try await controller.wait("the reload is counted") {
                try await controller.metric("haproxy_reloads_total{result=\"success\"}") == 1
            }
            let pids = ProcessTable.processes(mentioning: controller.config).filter { $0 != controller.processIdentifier }
            for pid in pids { kill(pid, SIGKILL) }
            try await controller.wait("the start is counted") {
                try await controller.metric("haproxy_restarts_total{result=\"success\"}") == 1
            }
            try await controller.eventually(Self.url) { $0.status == 200 }
        }
    }
}
