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
    /// The token that clients by TCP have to show for /config and /findings; nil when they never see them.
    var token: AdminToken?
    let passwords = PasswordCheck()
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
        /// An address that HAProxy listens on, at a port of the controller. Connections to `admin` come by that door in truth.
        case controllerPort(AdminAddress, showsMetrics: Bool, admin: AdminAddress?)
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
        var bootstrap = ServerBootstrap(group: group)
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
        case .controllerPort(let address, _, _):
            if address.address?.isIPv6 == true {
                // Another listener takes the connections by IPv4.
                bootstrap = bootstrap.serverChannelOption(.socketOption(.ipv6_v6only), value: 1)
            }
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
        var challenge: String?
    }

    func answer(to request: HTTPRequestHead, from door: Door) async -> Answer {
        guard request.method == .GET || request.method == .HEAD else {
            return Answer(status: .methodNotAllowed, body: "GET is all there is\n")
        }
        let path = request.uri.prefix { $0 != "?" }
        if case .controllerPort(_, let showsMetrics, _) = door, !Self.probes.contains(String(path)) {
            guard path == "/metrics", showsMetrics else {
                return Answer(
                    status: .notFound,
                    body: showsMetrics
                        ? "not found: there are /metrics, /healthz and /readyz\n"
                        : "not found: there are /healthz and /readyz, and /metrics with --prometheus\n")
            }
        }
        switch path {
        case "/metrics":
            if let refusal = await refusal(of: request, from: door) { return refusal }
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

    /// Why a client does not get metrics; nil for one that does.
    private func refusal(of request: HTTPRequestHead, from door: Door) async -> Answer? {
        switch (door, metrics.access) {
        case (.unixSocket, _), (_, .everybody), (.tcp, nil): return nil
        case (.controllerPort, nil):
            return Answer(status: .serviceUnavailable, body: "it is not known yet who may read metrics\n")
        case (_, .closed):
            return Answer(
                status: .serviceUnavailable, body: "the Secret of prometheus-endpoint-auth-secret cannot be used; see the log\n")
        case (_, .users(let users)):
            let header = request.headers["authorization"]
            if header.count == 1, let shown = BasicCredentials(header[0]), await passwords.accepts(shown, among: users) {
                return nil
            }
            return Answer(
                status: .unauthorized, body: "needs a user and a password of prometheus-endpoint-auth-secret\n",
                challenge: #"Basic realm="Restricted""#)
        }
    }

    private static let probes: Set = ["/healthz", "/readyz"]

    private func mayReadConfiguration(_ request: HTTPRequestHead, from door: Door) -> Bool {
        if case .unixSocket = door { return true }
        let authorization = request.headers["authorization"]
        guard let token, authorization.count == 1, authorization[0].lowercased().hasPrefix("bearer ") else { return false }
        return token.accepts(authorization[0].dropFirst("bearer ".count).trimmingCharacters(in: .whitespaces))
    }

    /// The name of the socket in the runtime directory.
    static let socketName = "admin.sock"
}

extension AdminServer.Door {
    /// The address and port that the door listens on; nil for a socket.
    var address: AdminAddress? {
        switch self {
        case .tcp(let address), .controllerPort(let address, _, _): address
        case .unixSocket: nil
        }
    }

    /// Where requests must not come back to; nil for a socket.
    var listener: EngineOptions.Listener? {
        switch self {
        // All addresses of IPv6 take connections by IPv4 here.
        case .tcp(let door): door.address.map { .init(address: $0, port: Int(door.port), isDualStack: true) }
        case .controllerPort(let door, _, _): door.address.map { .init(address: $0, port: Int(door.port)) }
        case .unixSocket: nil
        }
    }

    /// As people call it.
    var name: String {
        switch self {
        case .tcp(let address), .controllerPort(let address, _, _): address.description
        case .unixSocket(let path): path
        }
    }

    /// The door that a connection comes by which the listener takes at one of its addresses.
    func door(at local: SocketAddress?) -> AdminServer.Door {
        guard case .controllerPort(_, _, let admin?) = self, let local = local?.ipAddress.flatMap({ IPAddress($0) }),
            local.mappedIPv4 ?? local == admin.address
        else { return self }
        return .tcp(admin)
    }
}

/// An address and port to listen on.
struct AdminAddress: Sendable, Hashable, CustomStringConvertible {
    let host: String
    let port: UInt16

    init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `127.0.0.1:6060` or `[::1]:6060`; nil for anything else.
    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty else { return nil }
        self.host = host
        self.port = port
    }

    var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// An IPv4 address in the notation of IPv6 is that IPv4 address.
    var address: IPAddress? { IPAddress(host).map { $0.mappedIPv4 ?? $0 } }

    /// Whether a listener here takes connections to another address, so that nothing else can listen there.
    ///
    /// - Parameter isDualStack: whether a listener at all addresses of IPv6 takes those of IPv4.
    func takesConnections(to other: AdminAddress, isDualStack: Bool) -> Bool {
        guard port == other.port, let own = address, let others = other.address else { return false }
        return own == others || own.isUnspecified && (own.isIPv6 == others.isIPv6 || own.isIPv6 && isDualStack)
    }
}
