import Foundation
import Glibc
import Testing

@Suite("HAProxy's log on standard output")
struct StandardOutputTests {
    @Test("every line comes out as it is on the controller's standard output, and HAProxy does not wait when nobody reads")
    func lines() async throws {
        let padding = String(repeating: "x", count: 150)
        let manifests =
            Manifests.service() + Manifests.ingress()
            + Manifests.configMap([
                "syslog-server": "address:stdout, level:info", "log-format": "[WARNING] access %HQ %ST \(padding)",
            ])
        try await TestController.with(["all.yaml": manifests]) { controller async throws in
            func access(_ number: Int) -> String { "[WARNING] access ?n=\(number) 404 \(padding)" }
            let requests = 3000
            // More than a pipe usually holds.
            try #require(requests * padding.utf8.count > 4 * 65_536)
            controller.signal(SIGSTOP)
            let result = try await run(
                URL(fileURLWithPath: "/usr/bin/curl"),
                [
                    "--silent", "--noproxy", "*", "--max-time", "60", "--output", "/dev/null", "--write-out", "%{http_code}\n",
                    "--header", "Host: unknown.example.com", "http://127.0.0.1:\(controller.http)/?n=[1-\(requests)]",
                ])
            controller.signal(SIGCONT)
            #expect(result.output.split(separator: "\n").count { $0 == "404" } == requests)
            try await controller.wait("the last line came") { controller.log.contains(access(requests)) }
            let lines = controller.log.split(separator: "\n").filter { $0.contains("access ?n=") }.map(String.init)
            #expect(lines == (1...requests).map(access))

            // It goes on after a reload, and to the last line before the end.
            try await controller.write(
                "timeout.yaml", Manifests.ingress("other", host: "other.example.com", annotations: ["timeout-server": "7s"]))
            try await controller.wait("HAProxy was reloaded") { try await controller.reloads == 1 }
            _ = try await controller.request("http://unknown.example.com/?n=5000")
            let log = controller.directory.appendingPathComponent("log")
            await controller.terminate()
            #expect(try String(contentsOf: log, encoding: .utf8).split(separator: "\n").contains { $0 == access(5000) })
        }
    }
}
