extension HTTPClient {
    /// A request to a server.
    struct Request: Sendable {
        var method = "GET"
        var url: String
        var headers: [String: String] = [:]
        var body: [UInt8]?
        /// How long the whole exchange may take; nil for streams without an end.
        var timeout: Duration?
        /// How long the server may be silent.
        var idleTimeout: Duration?
        /// Whether the connections that there are cannot be trusted to lead anywhere.
        var needsNewConnection = false
        /// Whether the server may compress its answer. A stream's events could wait for each other then.
        var acceptsCompression = true
        var tls = TLSSettings()
        /// Such as `http://proxy:3128`; nil for what the environment says.
        var proxy: String?
    }

    /// What came before the body.
    struct Head: Sendable {
        var status: Int
        /// Names in lower case.
        var headers: [String: String]
    }

    /// A whole answer.
    struct Response: Sendable {
        var head: Head
        var body: [UInt8]
        var status: Int { head.status }
    }

    /// An answer whose body comes in pieces.
    struct Stream: Sendable {
        var head: Head
        /// Ends with an ``Failure`` when the connection breaks; letting go of it ends the transfer.
        var chunks: AsyncThrowingStream<[UInt8], any Error>
    }

    /// A request that got no answer, or half of one.
    struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        let method: String
        let url: String
        let reason: String
        /// Whether the connection may be all right, only that nothing came for the request's `idleTimeout`.
        var isSilence = false

        var description: String { "\(method) \(url): \(reason)" }
    }
}
