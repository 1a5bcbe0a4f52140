import FlyingFox
import FlyingSocks
import Foundation

/// The controller's own HTTP endpoint: /metrics, /healthz, /readyz and /config.
struct AdminServer: Sendable {
    let metrics: Metrics
    /// haproxy.cfg as it is in force.
    let configuration: @Sendable () async -> String

    /// Serves until the task is cancelled.
    func run(address: AdminAddress) async throws {
        let server = HTTPServer(address: try address.socketAddress, logger: .disabled)
        let metrics = metrics
        let configuration = configuration
        await server.appendRoute("GET /metrics") { _ in Self.text(.ok, metrics.text, type: "text/plain; version=0.0.4") }
        await server.appendRoute("GET /healthz") { _ in Self.text(.ok, "ok\n") }
        await server.appendRoute("GET /readyz") { _ in
            metrics.isReady
                ? Self.text(.ok, "ok\n") : Self.text(.serviceUnavailable, "HAProxy does not run a configuration yet\n")
        }
        await server.appendRoute("GET /config") { _ in Self.text(.ok, await configuration()) }
        try await server.run()
    }

    private static func text(_ status: HTTPStatusCode, _ body: String, type: String = "text/plain; charset=utf-8") -> HTTPResponse
    {
        HTTPResponse(statusCode: status, headers: [.contentType: type], body: Data(body.utf8))
    }
}

/// An address and port to listen on.
struct AdminAddress: Sendable, Hashable {
    let host: String
    let port: UInt16

    /// Reads `127.0.0.1:6060` or `[::1]:6060`; nil for anything else.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty else { return nil }
        self.host = host
        self.port = port
    }

    fileprivate var socketAddress: any SocketAddress {
        get throws {
            if host.contains(":") { return try sockaddr_in6.inet6(ip6: host, port: port) }
            return try sockaddr_in.inet(ip4: host, port: port)
        }
    }
}
