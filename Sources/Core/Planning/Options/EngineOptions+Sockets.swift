extension EngineOptions {
    /// Where the part of HAProxy that sees every connection for HTTPS hands over those that it does not pass through.
    var terminationSocket: String { runtimeDirectory + "/tls-termination.sock" }

    /// Where the old worker hands stick tables to the new one.
    var peerSocket: String { runtimeDirectory + "/haproxy-peers.sock" }

    /// The sockets that HAProxy may make for itself and leave behind.
    public var innerSockets: [String] { [terminationSocket, peerSocket] }
}
