import Foundation
import Testing

/// What clients may say about the connection, the host and the names of headers.
@Suite("Forms of requests")
struct RequestFormTests {
    private static let manifests =
        Manifests.service()
        + Manifests.ingress(annotations: ["forwarded-for": "true", "request-set-header": "X-Real-IP %[src]\nX_Own yes"])
        + Manifests.ingress("wild", host: "*.wild.example.com") + Manifests.ingress("any", host: nil)

    private static func text(_ lines: String...) -> String { (lines + ["", ""]).joined(separator: "\r\n") }

    @Test("Connection names nothing but an upgrade to a listed protocol to pods, and h2c does not reach them")
    func connectionHeader() async throws {
        try await TestController.with(["all.yaml": Self.manifests]) { controller async throws in
            let first = "GET / HTTP/1.1"
            let host = "Host: shop.example.com"
            let named = [
                "X-Forwarded-For, X-Real-IP", "close, X-Real-IP", "X-Real-IP, close", "x-forwarded-for", "keep-alive, x_own",
                "Upgrade, X-Real-IP", "HTTP2-Settings",
            ]
            for (connection, answer) in zip(
                named, try await controller.answers(to: named.map { Self.text(first, host, "Connection: \($0)") }))
            {
                #expect(answer.status == 200, "\(connection)")
                let left = answer.seen?.headers["connection"]?.lowercased() ?? ""
                #expect(["", "close", "keep-alive"].contains(left), "\(connection) arrived as \(left)")
                #expect(answer.seen?.headers["x-forwarded-for"] == "127.0.0.1", "\(connection)")
                #expect(answer.seen?.headers["x-real-ip"] == "127.0.0.1", "\(connection)")
            }
            let refused = ["h2c", "H2C", "h2c, HTTP/2.0", "TLS/1.2", "x-unknown"].flatMap { upgrade in
                ["Connection: Upgrade, HTTP2-Settings", "Connection: HTTP2-Settings", "X-Nothing: here"].map { (upgrade, $0) }
            }
            let settings = "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"
            for ((upgrade, connection), answer) in zip(
                refused, try await controller.answers(to: refused.map { Self.text(first, host, "Upgrade: \($0)", settings, $1) }))
            {
                #expect(answer.status == 200, "\(upgrade), \(connection)")
                for name in ["upgrade", "http2-settings"] {
                    #expect(answer.seen?.headers[name] == nil, "\(upgrade), \(connection)")
                }
                let left = answer.seen?.headers["connection"]?.lowercased() ?? ""
                #expect(["", "close", "keep-alive"].contains(left), "\(upgrade), \(connection)")
            }
            let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
            let allowed = [
                ("Upgrade", "websocket"), ("keep-alive, Upgrade", "WebSocket"), ("Upgrade, HTTP2-Settings", "h2c, websocket"),
                ("X-Real-IP, upgrade", "websocket, h2c"),
            ]
            let texts = allowed.map { connection, upgrade in
                Self.text(first, host, "Connection: \(connection)", "Upgrade: \(upgrade)", key, "Sec-WebSocket-Version: 13")
            }
            for (asked, answer) in zip(allowed, try await controller.answers(to: texts)) {
                #expect(answer.seen?.headers["upgrade"] == "websocket", "\(asked)")
                #expect(answer.seen?.headers["connection"] == "upgrade", "\(asked)")
                #expect(answer.seen?.headers["x-real-ip"] == "127.0.0.1", "\(asked)")
            }
        }
    }

    @Test("upgrade-protocols lists further protocols, and none that carries requests")
    func upgradeProtocols() async throws {
        func manifests(_ value: String) -> String {
            Self.manifests + Manifests.configMap(["upgrade-protocols": value])
        }
        try await TestController.with(["all.yaml": manifests("websocket, SPDY/3.1")]) { controller async throws in
            func upgrade(_ name: String) async throws -> String? {
                try await controller.answers(to: [
                    Self.text(
                        "GET / HTTP/1.1", "Host: shop.example.com", "Connection: Upgrade", "Upgrade: \(name)",
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13")
                ])[0].seen?.headers["upgrade"]
            }
            #expect(try await upgrade("SPDY/3.1") == "SPDY/3.1")
            #expect(try await upgrade("websocket") == "websocket")
            #expect(try await upgrade("tcp") == nil)
            try await controller.write("all.yaml", manifests("websocket, h2c"))
            try await controller.wait("h2c is refused") { controller.log.contains("would carry requests past all rules") }
            #expect(try await upgrade("h2c") == nil)
            #expect(try await upgrade("websocket") == "websocket")
        }
    }

    @Test("what follows a websocket's 101 passes both ways, and what follows CONNECT does not pass at all")
    func tunnels() async throws {
        let script = #"""
            import socket, sys, threading
            listener = socket.create_server((sys.argv[1] + '1', 8080))
            open(sys.argv[2], 'w').close()
            def serve(c):
                data = b''
                while b'\r\n\r\n' not in data:
                    piece = c.recv(65536)
                    if not piece: return
                    data += piece
                if data.startswith(b'CONNECT'): c.sendall(b'HTTP/1.1 200 OK\r\n\r\n')
                else: c.sendall(b'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n')
                c.sendall(b'echo ' + c.recv(65536)); c.close()
            while True:
                c, _ = listener.accept()
                threading.Thread(target=serve, args=(c,), daemon=True).start()
            """#
        let network = Loopback.network()
        let ready = FileManager.default.temporaryDirectory.appendingPathComponent("tunnel-\(UUID().uuidString)")
        let pod = Process()
        pod.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        pod.arguments = ["python3", "-c", script, network, ready.path]
        try pod.run()
        defer {
            kill(pod.processIdentifier, SIGKILL)
            try? FileManager.default.removeItem(at: ready)
        }
        let manifests = (Manifests.service() + Manifests.ingress()).replacingOccurrences(of: "NET.", with: network)
        try await TestController.with(["all.yaml": manifests], pods: []) { controller async throws in
            try await controller.wait("the pod listens") { FileManager.default.fileExists(atPath: ready.path) }
            let web = try await controller.exchange(
                "GET / HTTP/1.1\r\nHost: shop.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\nhello", within: 3)
            #expect(web.hasPrefix("HTTP/1.1 101"), "\(web)")
            #expect(web.contains("echo hello"), "\(web)")
            for target in ["shop.example.com:80", "shop.example.com", "/"] {
                let connect = try await controller.exchange(
                    "CONNECT \(target) HTTP/1.1\r\nHost: shop.example.com\r\n\r\nGET /admin HTTP/1.1\r\n\r\n", within: 3)
                #expect(connect.hasPrefix("HTTP/1.1 4"), "\(target): \(connect)")
                #expect(!connect.contains("echo"), "\(target): \(connect)")
            }
        }
    }

    @Test("headers of clients with names that pods take for others do not arrive, unless request-header-names is any")
    func headerNames() async throws {
        func manifests(_ configMap: [String: String]) -> String { Self.manifests + Manifests.configMap(configMap) }
        try await TestController.with(["all.yaml": manifests([:])]) { controller async throws in
            func seen() async throws -> [String: String] {
                try await controller.request(
                    "http://shop.example.com/",
                    headers: [
                        "X_Real_IP": "spoofed", "X_Forwarded_For": "spoofed", "X.Forwarded.For": "spoofed",
                        "X-Real_IP": "spoofed",
                        "X_Own": "spoofed", "X-Plain": "kept",
                    ]
                ).seen?.headers ?? [:]
            }
            let strict = try await seen()
            #expect(strict["x-plain"] == "kept")
            #expect(strict["x_own"] == "yes")
            #expect(strict.filter { $0.value == "spoofed" } == [:])
            try await controller.write("all.yaml", manifests(["request-header-names": "any"]))
            try await controller.wait("the headers arrive") { try await seen()["x_real_ip"] == "spoofed" }
            #expect(try await seen()["x_own"] == "yes")
        }
    }

    @Test("a host that no host can be is answered 400 and reaches no pod, and others are served")
    func hosts() async throws {
        try await TestController.with(["all.yaml": Self.manifests]) { controller async throws in
            let bad = [
                "a, b", "evil.example.com, shop.example.com", "shop.example.com, evil.example.com", "shop.example.com evil",
                "shop.example.com/x", "user@shop.example.com", "a@b", "a b.wild.example.com", "x, y.wild.example.com",
                "shop.example.com\u{1}", "shop.example.com:80:90", "a;b", "a%20b", "a\\b", "a|b", "[::1",
                "shop.example.com:80@x", "shop.example.com:80, evil.example.com", "a.wild.example.com:x", "ü.example.com",
                "shop.example.com\r\nHost: x", "x\r\nHost: shop.example.com",
            ]
            for (host, answer) in zip(
                bad, try await controller.answers(to: bad.map { Self.text("GET / HTTP/1.1", "Host: \($0)") }))
            {
                #expect(answer.status == 400, "\(host)")
                #expect(answer.seen == nil, "\(host)")
            }
            let absolute = Self.text("GET http://evil.example.com/ HTTP/1.1", "Host: shop.example.com")
            #expect(try await controller.answers(to: [absolute])[0].status == 400)
            let good = [
                "shop.example.com", "SHOP.example.com.:80", "a.wild.example.com", "a_b.wild.example.com", "[::1]:80", "127.0.0.1",
                "other",
            ]
            for (host, answer) in zip(
                good, try await controller.answers(to: good.map { Self.text("GET / HTTP/1.1", "Host: \($0)") }))
            {
                #expect(answer.status == 200, "\(host)")
                #expect(answer.seen?.host == host)
            }
            // HTTP/2 has the host in the request line.
            for host in ["a, b", "shop.example.com, x", "user@x"] {
                let response = try await controller.request(
                    "https://shop.example.com/", headers: ["Host": host], options: ["--http2"])
                #expect(response.seen == nil, "\(host)")
            }
            #expect(try await controller.request("https://shop.example.com/", options: ["--http2"]).status == 200)
        }
    }
}
