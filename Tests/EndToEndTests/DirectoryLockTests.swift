import Foundation
import Testing

@Suite("Two controllers on one directory")
struct DirectoryLockTests {
    private let files = ["web.yaml": Manifests.service() + Manifests.ingress()]

    /// Starts a second controller and waits for its end.
    private func second(_ controller: TestController, config: URL, runtime: URL) async throws -> ProgramResult {
        let ports = try Loopback.freePorts(4)
        return try await run(
            Programs.controller,
            [
                "run", "--manifests", controller.manifests.path, "--config-dir", config.path, "--runtime-dir", runtime.path,
                "--ipv4-bind-address", "127.0.0.1", "--disable-ipv6", "--http-bind-port", "\(ports[0])", "--https-bind-port",
                "\(ports[1])", "--healthz-bind-port", "\(ports[2])", "--stats-bind-port", "\(ports[3])", "--admin-bind", "none",
            ] + Programs.haproxyArguments)
    }

    @Test("the second ends with a message that names directory and process, and the first serves on")
    func second() async throws {
        try await TestController.with(files) { controller async throws in
            let elsewhere = controller.directory.appendingPathComponent("elsewhere")
            let link = controller.directory.appendingPathComponent("link")
            try FileManager.default.createSymbolicLink(at: link, withDestinationURL: controller.config)
            for (config, runtime, named) in [
                (controller.config, elsewhere, controller.config), (elsewhere, controller.runtime, controller.runtime),
                (controller.config, controller.runtime, controller.config), (link, elsewhere, link),
            ] {
                let result = try await second(controller, config: config, runtime: runtime)
                #expect(result.status == 1, "\(result)")
                #expect(result.errors.contains("\(named.path) is in use by"), "\(result)")
                #expect(result.errors.contains("process id \(controller.processIdentifier)"), "\(result)")
            }
            #expect(controller.isRunning)
            try await controller.write("web.yaml", Manifests.service() + Manifests.ingress(path: "/new"))
            try await controller.eventually("http://shop.example.com/new") { $0.status == 200 }
            try await controller.eventually("http://shop.example.com/") { $0.status == 404 }
        }
    }

    @Test("a killed controller leaves no lock, although its HAProxy may still be there")
    func killed() async throws {
        try await TestController.with(files) { controller async throws in
            controller.signal(SIGKILL)
            try await controller.wait("the controller has ended") { !controller.isRunning }
            // The directories are free at once, whatever ends later.
            for directory in [controller.config, controller.runtime] {
                let result = try await run(
                    URL(fileURLWithPath: "/usr/bin/env"), ["flock", "--nonblock", "--exclusive", directory.path, "true"])
                #expect(result.status == 0, "\(directory.path): \(result)")
            }
        }
    }
}
