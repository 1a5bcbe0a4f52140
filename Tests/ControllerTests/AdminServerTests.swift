import Foundation
import Glibc
import TestSupport
import Testing

@testable import Controller

@Suite struct AdminServerTests {
    private static let text = """
        userlist shop
          user joe password $6$salt$hash
          user ann insecure-password geheim
          stats auth admin:secret
          user "odd" password "with blanks" groups g

        """

    private static func server(token: AdminToken? = nil, limits: AdminServer.Limits = .init()) -> AdminServer {
        AdminServer(
            metrics: Metrics(), oldWorkers: { 3 }, configuration: { text }, findings: { [] }, token: token, limits: limits)
    }

    /// Runs `body` while a server listens on the port and the socket that it is given.
    private static func serving(
        _ server: AdminServer, _ body: @escaping @Sendable (_ port: Int, _ socket: String) async throws -> Void
    ) async throws {
        let directory = try TemporaryDirectory("admin")
        defer { directory.remove() }
        let port = try FreePort.next()
        let socket = directory.file("admin.sock").path
        let address = try #require(AdminAddress("127.0.0.1:\(port)"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run(.tcp(address)) }
            group.addTask { try await server.run(.unixSocket(path: socket)) }
            try await wait(for: "the server listens") {
                FileManager.default.fileExists(atPath: socket) && (try? Client(port)) != nil
            }
            try await body(port, socket)
            group.cancelAll()
        }
    }

    /// A connection that does what it is told.
    private final class Client: Sendable {
        let descriptor: Int32

        init(_ port: Int) throws {
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            address.sin_port = in_port_t(port).bigEndian
            let descriptor = descriptor
            let status = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard status == 0 else {
                close(descriptor)
                throw POSIXError(.ECONNREFUSED)
            }
        }

        deinit { close(descriptor) }

        func send(_ text: String) async {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    self.write(text)
                    continuation.resume()
                }
            }
        }

        private func write(_ text: String) {
            let bytes = Array(text.utf8)
            _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }

        /// What comes until the server closes, or until so much time has passed; nil when the connection is still open then.
        ///
        /// The wait is no wait of a task's thread, of which the server needs some.
        func end(within seconds: Int) async -> String? {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async { continuation.resume(returning: self.read(within: seconds)) }
            }
        }

        private func read(within seconds: Int) -> String? {
            var time = timeval(tv_sec: seconds, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
            var text = ""
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = recv(descriptor, &buffer, buffer.count, 0)
                if count < 0, errno == EAGAIN { return nil }
                guard count > 0 else { return text }
                text += String(decoding: buffer[..<count], as: UTF8.self)
            }
        }
    }

    private static func get(_ path: String, on port: Int, _ headers: String = "") async throws -> String? {
        let client = try Client(port)
        await client.send("GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(headers)\r\n")
        return await client.end(within: 10)
    }

    @Test func `The configuration is for the token or the socket, and for no other client on the same host`() async throws {
        let directory = try TemporaryDirectory("token")
        defer { directory.remove() }
        let file = try directory.write("token", Array("0123456789abcdef\n".utf8))
        for token in [nil, AdminToken(path: file.path), AdminToken(path: directory.file("missing").path)] {
            try await Self.serving(Self.server(token: token)) { port, socket in
                let isSet = token?.path == file.path
                for (header, isRight) in [
                    ("", false), ("Authorization: Bearer 0123456789abcdef\r\n", isSet),
                    ("authorization: bearer 0123456789abcdef\r\n", isSet),
                    ("Authorization: Bearer 0123456789abcde\r\n", false), ("Authorization: Bearer \r\n", false),
                    ("Authorization: Basic 0123456789abcdef\r\n", false),
                    ("Authorization: Bearer x\r\nAuthorization: Bearer 0123456789abcdef\r\n", false),
                ] {
                    let answer = try await Self.get("/config?x", on: port, header)
                    #expect(answer?.hasPrefix(isRight ? "HTTP/1.1 200" : "HTTP/1.1 403") == true, "\(header): \(answer ?? "")")
                    #expect(answer?.contains("userlist") == isRight)
                }
                for path in ["/metrics", "/healthz"] {
                    #expect(try await Self.get(path, on: port)?.hasPrefix("HTTP/1.1 200") == true)
                }
                #expect(try await Self.get("/readyz", on: port)?.hasPrefix("HTTP/1.1 503") == true)
                #expect(try await Self.get("/config/", on: port)?.hasPrefix("HTTP/1.1 404") == true)
                var status = stat()
                #expect(stat(socket, &status) == 0 && status.st_mode & 0o777 == 0o600)
            }
        }
    }

    @Test func `No hash or password of a user list, of the statistics page or of cookies is shown`() {
        let hidden = ConfigurationSecrets.hidden(
            in: Self.text
                + "  cookie x dynamic\n  dynamic-cookie-key abc\n  http-request auth realm Members\n  server a 10.0.0.1:80")
        for secret in ["hash", "geheim", "secret", "blanks", "abc"] { #expect(!hidden.contains(secret), "\(hidden)") }
        for word in ["user joe password ***", "user ann insecure-password ***", "server a 10.0.0.1:80", "userlist shop\n"] {
            #expect(hidden.contains(word), "\(hidden)")
        }
    }

    @Test func `Idle connections beyond the limit make room, so that a probe is answered however many there are`() async throws {
        var limits = AdminServer.Limits()
        limits.connections = 20
        try await Self.serving(Self.server(limits: limits)) { port, _ in
            var idle: [Client] = []
            for _ in 0..<200 { idle.append(try Client(port)) }
            #expect(try await Self.get("/healthz", on: port)?.hasPrefix("HTTP/1.1 200") == true)
            for client in idle.prefix(150) {
                let text = await client.end(within: 30)
                #expect(text == "")
            }
            #expect(try await Self.get("/healthz", on: port)?.hasPrefix("HTTP/1.1 200") == true)
        }
    }

    @Test func `Connections that say nothing, little by little, or do not read are closed in time, and none is kept for ever`()
        async throws
    {
        var limits = AdminServer.Limits()
        limits.patience = .milliseconds(700)
        try await Self.serving(Self.server(limits: limits)) { port, _ in
            let silent = try Client(port)
            let slow = try Client(port)
            await slow.send("GET /healthz HTTP/1.1\r\n")
            let begin = ContinuousClock.now
            for number in 0..<12 {
                await slow.send("X-\(number): y\r\n")
                try await Task.sleep(for: .milliseconds(100))
            }
            let (first, second) = (await silent.end(within: 5), await slow.end(within: 5))
            #expect(first == "" && second == "")
            #expect(ContinuousClock.now - begin < .seconds(5))
            let kept = try Client(port)
            await kept.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            let answer = await kept.end(within: 5)
            #expect(answer?.hasPrefix("HTTP/1.1 200") == true)
        }
    }

    @Test func `Endless headers, bodies and other methods end the connection or are refused`() async throws {
        try await Self.serving(Self.server()) { port, _ in
            for text in [
                "GET /healthz HTTP/1.1\r\n"
                    + String(repeating: "X-Long: \(String(repeating: "y", count: 1000))\r\n", count: 2000),
                "GET /\(String(repeating: "y", count: 2_000_000)) HTTP/1.1\r\n\r\n",
                "POST /healthz HTTP/1.1\r\nContent-Length: 100000000\r\n\r\n" + String(repeating: "x", count: 2_000_000),
                "\0\0\0\r\n\r\n",
            ] {
                let client = try Client(port)
                await client.send(text)
                let answer = await client.end(within: 5)
                #expect(answer != nil)
                #expect(answer?.hasPrefix("HTTP/1.1 200") != true, "\(text.prefix(40)): \(answer?.prefix(40) ?? "")")
            }
            #expect(try await Self.get("/healthz", on: port)?.hasPrefix("HTTP/1.1 200") == true)
        }
    }

    @Test func `A token file holds one word of some length`() throws {
        let directory = try TemporaryDirectory("token")
        defer { directory.remove() }
        for text in ["", "short", "two words of some length", "0123456789abcdef\n0123456789abcdef"] {
            let file = try directory.write("token", Array(text.utf8))
            #expect(throws: AdminToken.Unusable.self) { try AdminToken(path: file.path).current }
        }
        #expect(throws: FileError.self) { try AdminToken(path: directory.file("missing").path).current }
    }
}
