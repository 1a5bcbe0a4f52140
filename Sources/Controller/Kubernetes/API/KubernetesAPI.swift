import Core
import Foundation

/// One API server, spoken to as one user.
struct KubernetesAPI: Sendable {
    let http: HTTPClient
    let access: ClusterAccess
    private let credentials: Credentials
    private let base: String

    init(_ access: ClusterAccess, http: HTTPClient = HTTPClient()) {
        self.http = http
        self.access = access
        credentials = Credentials(access)
        var server = access.cluster.server
        while server.hasSuffix("/") { server.removeLast() }
        base = server
    }

    /// How long an ordinary request may take: client-go's own limit for lists is about the same.
    private static let timeout = Duration.seconds(60)

    /// - Throws: ``APIError``, or `CancellationError`.
    @discardableResult
    func get(
        _ path: String, query: KeyValuePairs<String, String> = [:], accept: String = "application/json"
    ) async throws -> [UInt8] {
        try await send("GET", path, query: query, accept: accept)
    }

    /// - Throws: ``APIError``, or `CancellationError`.
    @discardableResult
    func send(
        _ method: String, _ path: String, query: KeyValuePairs<String, String> = [:], body: (any Encodable & Sendable)? = nil,
        contentType: String = "application/json", accept: String = "application/json"
    ) async throws -> [UInt8] {
        var request = HTTPClient.Request(method: method, url: url(path, query))
        request.timeout = Self.timeout
        request.headers = ["Accept": accept]
        if let body {
            request.headers["Content-Type"] = contentType
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.withoutEscapingSlashes]
            request.body = Array(try encoder.encode(body))
        }
        let response = try await authorized(request) {
            try await http.send($0)
        } status: {
            $0.status
        }
        guard (200..<300).contains(response.status) else { throw Self.refusal(of: request, response) }
        return response.body
    }

    /// A stream of events. A watch that hears nothing for `silence` ends with an error: its connection may be dead.
    ///
    /// - Parameter needsNewConnection: whether the last watch ended so.
    /// - Throws: ``APIError``, or `CancellationError`.
    func watch(
        _ path: String, query: KeyValuePairs<String, String>, silence: Duration, needsNewConnection: Bool = false
    ) async throws -> AsyncThrowingStream<[UInt8], any Error> {
        var request = HTTPClient.Request(url: url(path, query))
        request.headers = ["Accept": "application/json"]
        request.idleTimeout = silence
        request.needsNewConnection = needsNewConnection
        request.acceptsCompression = false
        let stream = try await authorized(request) {
            try await http.stream($0)
        } status: {
            $0.head.status
        }
        guard stream.head.status == 200 else {
            var body: [UInt8] = []
            for try await chunk in stream.chunks where body.count < 65_536 { body += chunk }
            throw Self.refusal(of: request, HTTPClient.Response(head: stream.head, body: body))
        }
        return stream.chunks
    }

    private func url(_ path: String, _ query: KeyValuePairs<String, String>) -> String {
        var allowed = CharacterSet.alphanumerics
        allowed.insert(charactersIn: "-._~")
        let pairs = query.map { name, value in
            "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: allowed) ?? value)"
        }
        return base + path + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
    }

    /// Sends with proof of who asks; once more with a new proof when the server does not believe the first.
    private func authorized<Answer: Sendable>(
        _ request: HTTPClient.Request, _ send: (HTTPClient.Request) async throws -> Answer, status: (Answer) -> Int
    ) async throws -> Answer {
        do {
            let answer = try await send(try await proved(request))
            guard status(answer) == 401 else { return answer }
            await credentials.forget()
            return try await send(try await proved(request))
        } catch let failure as HTTPClient.Failure {
            throw APIError.unreachable(failure)
        } catch let error as AccessError {
            throw APIError.access(error)
        }
    }

    private func proved(_ request: HTTPClient.Request) async throws -> HTTPClient.Request {
        var request = request
        let proof = try await credentials.proof()
        request.tls = proof.tls
        request.proxy = access.cluster.proxyURL
        request.headers["Authorization"] = proof.authorization
        request.headers["User-Agent"] = "haproxy-ingress/\(ControllerVersion.current)"
        return request
    }

    private static func refusal(of request: HTTPClient.Request, _ response: HTTPClient.Response) -> APIError {
        let status = try? JSONParser.node(from: response.body)
        let text = String(decoding: response.body.prefix(200), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return .refused(
            APIError.Refusal(
                method: request.method, url: request.url, status: response.status,
                message: status?["message"]?.string ?? (text.hasPrefix("<") ? "" : text), reason: status?["reason"]?.string ?? "",
                retryAfter: response.head.headers["retry-after"].flatMap { Int($0) }.map { .seconds($0) }))
    }
}
