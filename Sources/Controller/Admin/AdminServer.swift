import FlyingFox
import FlyingSocks
import Foundation

/// The controller's own HTTP endpoint: /metrics, /healthz, /readyz and /config.
struct AdminServer: Sendable {
    let metrics: Metrics
    /// How many old workers HAProxy has; nil when it does not tell.
    let oldWorkers: @Sendable () async -> Int?
    /// haproxy.cfg as it is in force.
    let configuration: @Sendable () async -> String

    /// Serves until the task is cancelled.
    func run(address: AdminAddress) async throws {
        let server = HTTPServer(address: try address.socketAddress, logger: .disabled)
        let metrics = metrics
        let configuration = configuration
        let oldWorkers = oldWorkers
        await server.appendRoute("GET /metrics") { _ in
            if let count = await oldWorkers() { metrics.set(oldWorkers: count) }
            return Self.text(.ok, metrics.text, type: "text/plain; version=0.0.4")
        }
        await server.appendRoute("GET /healthz") { _ in Self.text(.ok, "ok\n") }
        await server.appendRoute("GET /readyz") { _ in
            metrics.isReady
                ? Self.text(.ok, "ok\n") : Self.text(.serviceUnavailable, "HAProxy does not run a configuration yet\n")
        }
        await server.appendRoute("GET /config") { request in
            // It holds hashes of passwords; in a pod anybody in the cluster could ask.
            guard Self.isLocal(request) else {
                return Self.text(.forbidden, "only for clients on this host, for example with kubectl port-forward\n")
            }
            return Self.text(.ok, await configuration())
        }
        try await server.run()
    }

    private static func text(_ status: HTTPStatusCode, _ body: String, type: String = "text/plain; charset=utf-8") -> HTTPResponse
    {
        HTTPResponse(statusCode: status, headers: [.contentType: type], body: Data(body.utf8))
    }
}

extension AdminServer {
    /// Whether an address is one that only processes on the same host can send from.
    static func isLoopback(_ address: String) -> Bool {
        let plain = address.hasPrefix("::ffff:") ? String(address.dropFirst(7)) : address
        return plain == "::1" || plain.hasPrefix("127.")
    }

    private static func isLocal(_ request: HTTPRequest) -> Bool {
        switch request.remoteAddress {
        case .ip4(let address, _), .ip6(let address, _): isLoopback(address)
        case .unix: true
        case nil: false
        }
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
