import Core
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// The controller's own HTTP endpoint: /metrics, /healthz, /readyz, /config and /findings.
///
/// Nobody can keep others from it: there are at most so many connections, of which the one that waits longest is closed when
/// another one comes, and no request takes longer than ``Limits/patience`` from its first byte to the last of the answer.
struct AdminServer: Sendable {
    let metrics: Metrics
    /// How many old workers HAProxy has; nil when it does not tell.
    let oldWorkers: @Sendable () async -> Int?
    /// haproxy.cfg as it is in force.
    let configuration: @Sendable () async -> String
    /// All that is wrong with objects.
    let findings: @Sendable () async -> Set<Finding>
    /// What clients that come by TCP have to show for /config and /findings; nil when they never see them.
    var token: AdminToken?
    var limits = Limits()

    struct Limits: Sendable {
        /// Connections at a time.
        var connections = 64
        /// For a request and its answer, and for the pause before the next one on a connection.
        var patience = Duration.seconds(15)
    }

    /// Where clients come from.
    enum Door: Sendable, Equatable {
        case tcp(AdminAddress)
        /// A socket below --runtime-dir that only the controller's own user can open.
        case unixSocket(path: String)
    }

    /// Serves until the task is cancelled.
    ///
    /// - Throws: when it cannot listen there.
    func run(_ door: Door) async throws {
        // One thread: whoever floods the endpoint gets no more of the machine than that.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        do {
            try await listen(door, on: group)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
        try? await group.shutdownGracefully()
    }

    private func listen(_ door: Door, on group: MultiThreadedEventLoopGroup) async throws {
        let loop = group.next()
        let connections = AdminConnections(limits: limits, eventLoop: loop)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 128)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptFailures(among: connections))
                }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: true, withErrorHandling: true)
                    try pipeline.addHandler(AdminConnection(self, door, among: connections))
                }
            }
        let server: any Channel
        switch door {
        case .tcp(let address):
            server = try await bootstrap.bind(to: SocketAddress(ipAddress: address.host, port: Int(address.port))).get()
        case .unixSocket(let path):
            server = try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
            chmod(path, 0o600)
        }
        defer { if case .unixSocket(let path) = door { unlink(path) } }
        try await withTaskCancellationHandler {
            try await server.closeFuture.get()
        } onCancel: {
            server.close(promise: nil)
        }
    }

    // MARK: - Answers

    struct Answer: Sendable {
        var status: HTTPResponseStatus
        var body: String
        var type = "text/plain; charset=utf-8"
    }

    func answer(to request: HTTPRequestHead, from door: Door) async -> Answer {
        guard request.method == .GET || request.method == .HEAD else {
            return Answer(status: .methodNotAllowed, body: "GET is all there is\n")
        }
        switch request.uri.prefix(while: { $0 != "?" }) {
        case "/metrics":
            if let count = await oldWorkers() { metrics.set(oldWorkers: count) }
            return Answer(status: .ok, body: metrics.text, type: "text/plain; version=0.0.4")
        case "/healthz": return Answer(status: .ok, body: "ok\n")
        case "/readyz":
            return metrics.isReady
                ? Answer(status: .ok, body: "ok\n")
                : Answer(status: .serviceUnavailable, body: "HAProxy does not run a configuration yet\n")
        case "/config", "/findings":
            // A client at a loopback address may be HAProxy with a request from anywhere.
            guard mayReadConfiguration(request, from: door) else {
                return Answer(
                    status: .forbidden,
                    body: """
                        needs the token of --admin-token-file (Authorization: Bearer TOKEN), or a client of the socket \
                        \(Self.socketName) in --runtime-dir

                        """)
            }
            return Answer(
                status: .ok,
                body: request.uri.hasPrefix("/config")
                    ? ConfigurationSecrets.hidden(in: await configuration()) : Self.text(of: await findings()))
        default:
            return Answer(
                status: .notFound, body: "not found: there are /metrics, /healthz, /readyz, /config and /findings\n")
        }
    }

    /// A line for each finding, as the log has them.
    private static func text(of findings: Set<Finding>) -> String {
        findings.map { "\($0.severity.rawValue): \($0)\n" }.sorted().joined()
    }

    private func mayReadConfiguration(_ request: HTTPRequestHead, from door: Door) -> Bool {
        if case .unixSocket = door { return true }
        let authorization = request.headers["authorization"]
        guard let token, authorization.count == 1, authorization[0].lowercased().hasPrefix("bearer ") else { return false }
        return token.accepts(authorization[0].dropFirst("bearer ".count).trimmingCharacters(in: .whitespaces))
    }

    /// The name of the socket in the runtime directory.
    static let socketName = "admin.sock"
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
}
