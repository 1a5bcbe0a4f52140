/// An HTTP client over libcurl's multi interface: all transfers share one thread, one pool of connections and, where the server
/// speaks HTTP/2, one connection.
final class HTTPClient: Sendable {
    private let loop: TransferLoop

    init() {
        loop = TransferLoop()
    }

    deinit { loop.stop() }

    /// - Throws: ``HTTPClient.Failure`` when no whole answer came, and `CancellationError`.
    func send(_ request: HTTPClient.Request) async throws -> HTTPClient.Response {
        let stream = try await stream(request)
        var body: [UInt8] = []
        for try await chunk in stream.chunks { body += chunk }
        try Task.checkCancellation()
        return HTTPClient.Response(head: stream.head, body: body)
    }

    /// Waits for the head of the answer; the body comes as it arrives.
    ///
    /// - Throws: ``HTTPClient.Failure`` when no answer came, and `CancellationError`.
    func stream(_ request: HTTPClient.Request) async throws -> HTTPClient.Stream {
        let (chunks, body) = AsyncThrowingStream<[UInt8], any Error>.makeStream()
        let id = loop.nextIdentifier()
        body.onTermination = { [loop] _ in loop.cancel(id) }
        let head = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { head in
                loop.begin(Transfer(id: id, request: request, head: head, body: body))
            }
        } onCancel: {
            loop.cancel(id)
        }
        return HTTPClient.Stream(head: head, chunks: chunks)
    }
}
