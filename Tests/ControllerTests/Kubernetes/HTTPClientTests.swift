import Core
import Foundation
import TestSupport
import Testing

@testable import Controller

@Suite struct HTTPClientTests {
    /// HAProxy as a server that tells what it sees of a connection.
    private static func withServer(_ body: (_ port: Int, _ certificates: TestCertificates) async throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        defer { directory.remove() }
        let certificates = try TestCertificates()
        let leaf = try certificates.leaf("api.internal", "localhost")
        try directory.write("server.pem", leaf.certificate + leaf.key)
        try directory.write("authority.pem", certificates.authority.certificate)
        let port = try FreePort.next()
        try directory.write(
            "haproxy.cfg",
            """
            defaults
              mode http
              option http-buffer-request
              timeout client 10s
              timeout server 10s
              timeout connect 1s
            frontend server
              bind 127.0.0.1:\(port) ssl crt server.pem alpn h2,http/1.1 ca-file authority.pem verify optional
              http-request return status 200 content-type text/plain string ok hdr x-name "%[ssl_c_s_dn(CN)]" \
            hdr x-sni "%[ssl_fc_sni]" hdr x-version "%[req.ver]" hdr x-host "%[req.hdr(host)]" hdr x-method "%[method]" \
            hdr x-authorization "%[req.hdr(authorization)]"

            """)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["haproxy", "-db", "-C", directory.path, "-f", "haproxy.cfg"]
        process.environment = ["PATH": "/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin:/bin"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        do {
            try await body(port, certificates)
        } catch {
            process.terminate()
            throw error
        }
        process.terminate()
        process.waitUntilExit()
    }

    /// Tries until the server listens.
    private static func send(_ client: HTTPClient, _ request: HTTPClient.Request) async throws -> HTTPClient.Response {
        for _ in 0..<100 {
            do { return try await client.send(request) } catch let failure as HTTPClient.Failure
                where failure.reason.contains("Connection refused") || failure.reason.contains("Failed to connect")
            {
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        return try await client.send(request)
    }

    @Test func `HTTP/2, a client certificate from memory and another server name are what the server sees`() async throws {
        try await Self.withServer { port, certificates in
            let client = HTTPClient()
            var request = HTTPClient.Request(url: "https://localhost:\(port)/x")
            request.tls.authorities = certificates.authority.certificate
            request.headers["Authorization"] = "Bearer a"
            let plain = try await Self.send(client, request)
            #expect(plain.status == 200 && String(decoding: plain.body, as: UTF8.self) == "ok")
            #expect(plain.head.headers["x-version"] == "2.0" && plain.head.headers["x-sni"] == "localhost")
            #expect(plain.head.headers["x-authorization"] == "Bearer a" && plain.head.headers["x-name"]?.isEmpty != false)

            let me = try certificates.client("me")
            request.tls.identity = TLSSettings.Identity(certificate: me.certificate, key: me.key)
            request.url = "https://127.0.0.1:\(port)/x"
            request.tls.serverName = "api.internal"
            request.method = "PATCH"
            request.body = Array("{}".utf8)
            let named = try await client.send(request)
            #expect(named.head.headers["x-name"] == "me" && named.head.headers["x-sni"] == "api.internal")
            #expect(named.head.headers["x-host"] == "127.0.0.1:\(port)" && named.head.headers["x-method"] == "PATCH")
        }
    }

    @Test func `A server that is not who it should be gets no request, unless that is asked for`() async throws {
        try await Self.withServer { port, certificates in
            let client = HTTPClient()
            var request = HTTPClient.Request(url: "https://127.0.0.1:\(port)/")
            request.tls.isVerified = false
            #expect(try await Self.send(client, request).status == 200)
            request.tls.isVerified = true
            request.tls.authorities = certificates.authority.certificate
            let name = await #expect(throws: HTTPClient.Failure.self) { try await client.send(request) }
            #expect(
                name?.description.hasPrefix("GET https://127.0.0.1:\(port)/: ") == true
                    && name?.reason.contains("127.0.0.1") == true, "\(name?.reason ?? "")")
            request.url = "https://localhost:\(port)/"
            request.tls.authorities = try TestCertificates("Another").authority.certificate
            await #expect(throws: HTTPClient.Failure.self) { try await client.send(request) }
        }
    }

    @Test func `Compressed answers are unpacked, and what is not there is told`() async throws {
        // printf hello | gzip -n
        let packed: [UInt8] = [
            0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 0x03, 0xcb, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0, 0x86, 0xa6, 0x10, 0x36, 0x05, 0, 0,
            0,
        ]
        let api = try ScriptedAPI { request in
            request.headers["accept-encoding"]?.contains("gzip") == true
                ? [ScriptedAPI.head(200, ["Content-Encoding": "gzip"]), .bytes(packed)] : [ScriptedAPI.head(), .send("plain")]
        }
        let client = HTTPClient()
        var request = HTTPClient.Request(url: api.url)
        #expect(String(decoding: try await client.send(request).body, as: UTF8.self) == "hello")
        request.acceptsCompression = false
        #expect(String(decoding: try await client.send(request).body, as: UTF8.self) == "plain")
        api.stop()
        let gone = try FreePort.next()
        let failure = await #expect(throws: HTTPClient.Failure.self) {
            try await client.send(HTTPClient.Request(url: "http://127.0.0.1:\(gone)/x"))
        }
        #expect(failure?.url == "http://127.0.0.1:\(gone)/x" && failure?.reason.contains("127.0.0.1") == true)
    }

    @Test func `A cancelled request ends at once, before and after the head of its answer`() async throws {
        let api = try ScriptedAPI { request in
            request.path == "/silent" ? [.hang] : [ScriptedAPI.head(), .send("a"), .hang]
        }
        defer { api.stop() }
        let client = HTTPClient()
        for path in ["/silent", "/begun"] {
            let task = Task { try await client.send(HTTPClient.Request(url: api.url + path)) }
            while api.requests.last?.path != path { try await Task.sleep(for: .milliseconds(5)) }
            task.cancel()
            await #expect(throws: CancellationError.self, "\(path)") { try await task.value }
        }
    }

    @Test func `A request has an end`() async throws {
        let api = try ScriptedAPI { _ in [.hang] }
        defer { api.stop() }
        var request = HTTPClient.Request(url: api.url)
        request.timeout = .milliseconds(200)
        let failure = await #expect(throws: HTTPClient.Failure.self) { try await HTTPClient().send(request) }
        #expect(failure?.reason.contains("timed out") == true, "\(failure?.reason ?? "")")
    }
}
