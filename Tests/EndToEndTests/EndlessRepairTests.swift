import Foundation
import TestSupport
import Testing

/// What looks different to a comparison and is not, or cannot be mended, costs no reload after reload.
@Suite("Repairs that end")
struct EndlessRepairTests {
    @Test("an Ed25519 certificate is shown, and comparisons find nothing wrong with it")
    func ed25519() async throws {
        let directory = try TemporaryDirectory("ed25519")
        defer { directory.remove() }
        let (key, certificate) = (
            directory.url.appendingPathComponent("key"), directory.url.appendingPathComponent("certificate")
        )
        let made = try await run(
            URL(fileURLWithPath: "/usr/bin/openssl"),
            [
                "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", key.path, "-out", certificate.path, "-days", "30",
                "-subj", "/CN=ed.example.com", "-addext", "subjectAltName=DNS:ed.example.com",
            ])
        #expect(made.status == 0, "\(made.errors)")
        let secret = Manifests.secret(
            "ed", type: "kubernetes.io/tls",
            [
                "tls.crt": try String(contentsOf: certificate, encoding: .utf8),
                "tls.key": try String(contentsOf: key, encoding: .utf8),
            ])
        let files = ["all.yaml": Manifests.service() + Manifests.ingress("ed", host: "ed.example.com", tls: "ed") + secret]
        try await TestController.with(files, arguments: ["--drift-check-period", "100ms"]) { controller async throws in
            try await Task.sleep(for: .seconds(3))
            let handshake = try await controller.handshake("ed.example.com", ["-CAfile", certificate.path])
            #expect(handshake.output.contains("Peer signature type: ed25519"), "\(handshake.output)")
            #expect(try await controller.metric("haproxy_ingress_differences_total") == 0)
            #expect(try await controller.reloads() == 0)
        }
    }

    @Test("servers that a snippet adds to a backend stay, whatever is compared")
    func snippetServers() async throws {
        let snippet = """
            server fallback NET.2:8080 backup
            server-template more 2 NET.2:8080 disabled
            """
        let files = [
            "all.yaml": Manifests.service() + Manifests.ingress(annotations: ["backend-config-snippet": snippet])
        ]
        try await TestController.with(
            files, pods: ["pod-1", "pod-2"], arguments: ["--drift-check-period", "100ms"]
        ) { controller async throws in
            try await Task.sleep(for: .seconds(2))
            let state = try await controller.runtimeAPI("show servers state shop_svc_web_http")
            #expect(state.contains(" fallback ") && state.contains(" more1 ") && state.contains(" more2 "), "\(state)")
            try await controller.write(
                "all.yaml", (files["all.yaml"] ?? "").replacing("{addresses: [NET.1], conditions: {ready: true}}", with: ""))
            try await controller.eventually("http://shop.example.com/") { $0.pod == "pod-2" }
            #expect(try await controller.metric("haproxy_ingress_differences_total") == 0)
        }
    }

    @Test("an entry that comes back after a repair and after a reload is told once and left alone")
    func stubborn() async throws {
        let files = ["all.yaml": Manifests.service() + Manifests.ingress()]
        try await TestController.with(files, arguments: ["--drift-check-period", "200ms"]) { controller async throws in
            // Somebody who adds the entry faster than it is taken away, and more than once.
            let meddler = Task {
                while !Task.isCancelled {
                    for _ in 0..<3 { _ = try? await controller.runtimeAPI("add map maps/host.map stray.example.com x") }
                    try? await Task.sleep(for: .milliseconds(15))
                }
            }
            defer { meddler.cancel() }
            try await controller.wait("the difference is given up", within: .seconds(30)) {
                controller.log.contains("that is left as it is")
            }
            let reloads = try await controller.reloads()
            #expect((1...3).contains(reloads), "\(reloads)")
            let found = try await controller.metric("haproxy_ingress_differences_total")
            try await Task.sleep(for: .seconds(3))
            #expect(try await controller.reloads() == reloads)
            #expect(try await controller.metric("haproxy_ingress_differences_total") <= found + 2)
            #expect(try await controller.request("http://shop.example.com/").pod == "pod-1")
        }
    }
}
