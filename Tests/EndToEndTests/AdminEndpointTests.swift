import Foundation
import Testing

@Suite("The admin endpoint")
struct AdminEndpointTests {
    private let files = ["web.yaml": Manifests.service() + Manifests.ingress()]

    /// Runs `body` while a program holds so many idle connections to the admin endpoint, opened again when they are closed.
    private func withIdleConnections(
        _ count: Int, to controller: TestController, _ body: () async throws -> Void
    ) async throws {
        let script = """
            import socket, sys, time
            held = [socket.create_connection(('127.0.0.1', int(sys.argv[1])), 30) for _ in range(int(sys.argv[2]))]
            open(sys.argv[3], 'w').close()
            time.sleep(120)
            """
        let ready = controller.directory.appendingPathComponent("idle-\(UUID().uuidString)")
        let holder = Process()
        holder.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        holder.arguments = ["python3", "-c", script, "\(controller.admin)", "\(count)", ready.path]
        try holder.run()
        defer { kill(holder.processIdentifier, SIGKILL) }
        try await controller.wait("the connections are there") { FileManager.default.fileExists(atPath: ready.path) }
        try await body()
    }

    @Test("a thousand idle connections keep no probe from its answer, nor does a controller without files")
    func idle() async throws {
        try await TestController.with(files) { controller async throws in
            let pid = controller.processIdentifier
            func openFiles() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count }
            let before = try openFiles()
            try await withIdleConnections(900, to: controller) { () async throws in
                for path in ["/healthz", "/readyz", "/metrics"] {
                    #expect(try await controller.adminPage(path).status == 200)
                }
                #expect(try openFiles() < before + 100)
            }
            try await controller.wait("the connections are gone") { try openFiles() < before + 10 }
            // The next file would be the eighth from now.
            let limit = try await run(
                URL(fileURLWithPath: "/usr/bin/env"), ["prlimit", "--pid", "\(pid)", "--nofile=\(try openFiles() + 8):"])
            #expect(limit.status == 0, "\(limit)")
            try await withIdleConnections(100, to: controller) { () async throws in
                for path in ["/healthz", "/healthz"] { #expect(try await controller.adminPage(path).status == 200) }
            }
            #expect(try await controller.adminPage("/healthz").status == 200)
            #expect(controller.isRunning)
        }
    }

    @Test("/config is for the socket and for the token, hides hashes, and is refused to what comes through HAProxy")
    func configuration() async throws {
        let token = FileManager.default.temporaryDirectory.appendingPathComponent("token-\(UUID().uuidString)")
        try Data("0123456789abcdef0123456789abcdef\n".utf8).write(to: token)
        defer { try? FileManager.default.removeItem(at: token) }
        let users = Manifests.secret("users", ["joe": "$5$salt$XqI1qhCOQHVpMYJbvcBZwqkKRUyk7lPnkVUmQCAHxl5"])
        let manifests =
            Manifests.service() + users + Manifests.ingress(annotations: ["auth-type": "basic-auth", "auth-secret": "users"])
        try await TestController.with(["web.yaml": manifests], arguments: ["--admin-token-file", token.path]) {
            controller async throws in
            #expect(controller.configuration.contains("$5$salt$"))
            for options in [[], ["--header", "Authorization: Bearer 0123456789abcdef0123456789abcdeX"]] {
                let refused = try await controller.adminPage("/config", options: options)
                #expect(refused.status == 403)
                #expect(!refused.body.contains("backend "))
            }
            let shown = try await controller.adminPage(
                "/config", options: ["--header", "Authorization: Bearer 0123456789abcdef0123456789abcdef"])
            for answer in [shown, try await controller.shownConfiguration()] {
                #expect(answer.status == 200)
                #expect(answer.body.contains("user joe password ***"))
                #expect(!answer.body.contains("$5$salt$"))
            }
        }
    }

    @Test("/findings has all that is wrong with objects, also when the log has no room for it")
    func findings() async throws {
        let annotations = ["cors-enable": "maybe"]
        let bad = (0..<20).map { Manifests.ingress("bad\($0)", host: "h\($0).example.com", annotations: annotations) }
        let other =
            Manifests.service(namespace: "other")
            + Manifests.ingress("bad", namespace: "other", host: "other.example.com", annotations: annotations)
        let manifests = Manifests.service() + bad.joined() + other
        try await TestController.with(["web.yaml": manifests], arguments: ["--limits", "log-lines=5"]) {
            controller async throws in
            func page() async throws -> [Substring] { try await controller.findingsPage().body.split(separator: "\n") }
            #expect(try await page().filter { $0.hasPrefix("error: ") && $0.contains("\"maybe\"") }.count == 21)
            #expect(try await controller.adminPage("/findings").status == 403)
            #expect(controller.log.contains("Ingress other/bad: haproxy.org/cors-enable"))
            #expect(controller.log.contains("too many messages about objects of namespace \"shop\""))
            // What is there is told in the end; what is mended before is not.
            #expect(controller.log.matches(of: #/Ingress shop/bad[0-9]+: haproxy.org/cors-enable/#).count < 20)
            try await controller.write("web.yaml", Manifests.service() + bad.prefix(8).joined() + other)
            try await controller.wait("all are told that are left") {
                (0..<8).allSatisfy { controller.log.contains("Ingress shop/bad\($0): haproxy.org/cors-enable") }
            }
            #expect(try await page().count == 9)
        }
    }
}
