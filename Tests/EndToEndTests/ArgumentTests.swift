import Foundation
import Testing

@Suite("Arguments")
struct ArgumentTests {
    private let url = "http://shop.example.com/"

    @Test("options come from the environment too, and the command line wins")
    func environment() async throws {
        let manifests =
            Manifests.service() + Manifests.ingress() + Manifests.service("rest", pods: [2])
            + ["a", "b"].map { Manifests.service(namespace: $0) + Manifests.ingress(namespace: $0, host: "\($0).example.com") }
            .joined()
        let environment = [
            "HAPROXY_INGRESS_DEFAULT_BACKEND_SERVICE": "shop/rest", "HAPROXY_INGRESS_NAMESPACE_BLACKLIST": "a,b",
            "HAPROXY_INGRESS_DISABLE_HTTPS": "true", "HAPROXY_INGRESS_DISABLE_HTTP": "false",
            "HAPROXY_INGRESS_HTTP_BIND_PORT": "1",
        ]
        try await TestController.with(["all.yaml": manifests], pods: ["web", "rest"], environment: environment) {
            controller async throws in
            #expect(try await controller.request(url).pod == "web")
            #expect(try await controller.request("http://other.example.com/").pod == "rest")
            #expect(try await controller.request("http://a.example.com/").pod == "rest")
            #expect(try await controller.request("http://b.example.com/").pod == "rest")
            #expect(try await controller.request("https://shop.example.com/").curlStatus == 7)
        }
    }

    @Test("the variables that Kubernetes sets for a Service called haproxy-ingress are no options")
    func serviceLinks() async throws {
        let environment = [
            "HAPROXY_INGRESS_SERVICE_HOST": "10.96.0.7", "HAPROXY_INGRESS_SERVICE_PORT": "80",
            "HAPROXY_INGRESS_SERVICE_PORT_HTTP": "80", "HAPROXY_INGRESS_PORT": "tcp://10.96.0.7:80",
            "HAPROXY_INGRESS_PORT_80_TCP": "tcp://10.96.0.7:80", "HAPROXY_INGRESS_PORT_80_TCP_PROTO": "tcp",
            "HAPROXY_INGRESS_PORT_80_TCP_PORT": "80", "HAPROXY_INGRESS_PORT_80_TCP_ADDR": "10.96.0.7",
            "HAPROXY_INGRESS_METRICS_SERVICE_HOST": "10.96.0.8", "HAPROXY_INGRESS_METRICS_PORT": "udp://10.96.0.8:1",
        ]
        let files = ["all.yaml": Manifests.service() + Manifests.ingress()]
        try await TestController.with(files, environment: environment) { controller async throws in
            #expect(try await controller.request(url).pod == "pod-1")
        }
    }

    @Test(
        "unusable arguments end with status 2 and a sentence that names them",
        .manifestsOnly("ends before objects are read"),
        arguments: [
            (["run", "--manifests", "/does/not/exist"], "/does/not/exist"),
            (["--manifests", "DIR", "--http-bind-port", "99999"], "--http-bind-port: 99999 is not a port"),
            (["--manifests", "DIR", "--http-bind-port", "many"], "many"),
            (["--manifests", "DIR", "--stats-bind-port", "8080"], "--http-bind-port and --stats-bind-port are both 8080"),
            (["--manifests", "DIR", "--quic-bind-port", "0"], "--quic-bind-port: 0 is not a port"),
            (["--manifests", "DIR", "--ipv4-bind-address", "localhost"], "is not an IPv4 address"),
            (["--manifests", "DIR", "--disable-ipv4", "--disable-ipv6"], "no address to listen on"),
            (["--manifests", "DIR", "--admin-bind", "6060"], "--admin-bind"),
            (["--manifests", "DIR", "--sync-period", "soon"], "soon"),
            (["--manifests", "DIR", "--default-ssl-certificate", "a/b/c"], "a/b/c"),
            (["--manifests", "DIR", "--default-backend-service", "nobody"], "nobody"),
            (["--manifests", "DIR", "--configmap", "x y"], "x y"), (["--manifests", "DIR", "--log", "loud"], "loud"),
            (["--manifests", "DIR", "--disable-config-snippets", "backends"], "expected backend, frontend, global or all"),
            (["--manifests", "DIR", "--publish-address", "192.0.2.1"], "--manifests: files have no status"),
            (["--publish-address", "192.0.2"], "192.0.2"), (["--publish-service", "edge"], "edge"),
            (["--publish-address", "192.0.2.1", "--publish-service", "edge/haproxy"], "give one of them"),
            (["--what"], "--what"), (["what"], "what"), (["lint"], "<paths>"), (["lint", "/does/not/exist"], "/does/not/exist"),
            (["render"], "--manifests"), (["explain", "--manifests", "DIR", "shop"], "is not an HTTP URL"),
            (["annotations", "cors-enabl"], "cors-enable"),
        ])
    func unusable(arguments: [String], sentence: String) async throws {
        let directory = FileManager.default.temporaryDirectory.path
        let result = try await run(Programs.controller, arguments.map { $0 == "DIR" ? directory : $0 })
        #expect(result.status == 2)
        #expect(result.errors.contains(sentence), "\(result.errors)")
        #expect(result.output.isEmpty)
    }

    @Test(
        "a variable of the environment that is no option ends with status 2 too", .manifestsOnly("ends before objects are read"))
    func unusableEnvironment() async throws {
        let result = try await run(
            Programs.controller, ["run", "--manifests", "/"], environment: ["HAPROXY_INGRESS_HTTP_PORTS": "80"])
        #expect(result.status == 2)
        #expect(result.errors.contains("HAPROXY_INGRESS_HTTP_PORTS"), "\(result.errors)")
    }

    @Test(
        "directories that cannot be made and a program that is not there end with a sentence",
        .manifestsOnly("ends before objects are read"),
        arguments: [
            ["--config-dir", "/proc/nowhere"], ["--runtime-dir", "/proc/nowhere"], ["--program", "/does/not/exist"],
        ])
    func unusablePlaces(arguments: [String]) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("places-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let places = [
            "--config-dir", "\(directory.path)/config", "--runtime-dir", "\(directory.path)/run", "--admin-bind", "none",
        ]
        let result = try await run(
            Programs.controller, ["run", "--manifests", directory.path] + places + arguments)
        #expect(result.status == 1)
        #expect(result.errors.contains(arguments[1]), "\(result.errors)")
        #expect(!result.errors.contains("NSCocoaErrorDomain"), "\(result.errors)")
    }

    @Test(
        "the help of each command says what it is for", .manifestsOnly("there are no objects"),
        arguments: ["", "run", "render", "lint", "explain", "annotations"])
    func help(command: String) async throws {
        let result = try await run(Programs.controller, (command.isEmpty ? [] : [command]) + ["--help"])
        #expect(result.status == 0)
        #expect(result.output.contains("OVERVIEW:") && result.output.contains("USAGE:"))
    }
}
