import Foundation
import Glibc
import Synchronization

/// An HTTP server on loopback that sends exactly the bytes it was told to, cut where it was told to: for what a real API server
/// cannot be made to show.
final class ScriptedAPI: Sendable {
    /// One step of an answer.
    enum Step: Sendable {
        /// Sent as one piece.
        case send(String)
        case bytes([UInt8])
        case pause(Duration)
        /// Ends the connection with a reset.
        case reset
        /// Keeps the connection open until the client goes.
        case hang
    }

    struct Request: Sendable, Hashable {
        var method: String
        var path: String
        var query: [String: String]
        var headers: [String: String]
        var body: String
    }

    let port: Int
    var url: String { "http://127.0.0.1:\(port)" }
    private let listener: Int32
    private let answer: @Sendable (Request) -> [Step]
    private let log = Mutex<[Request]>([])

    /// The requests so far.
    var requests: [Request] { log.withLock { $0 } }

    /// - Parameter answer: the steps for a request; the connection is closed after them.
    init(_ answer: @escaping @Sendable (Request) -> [Step]) throws {
        self.answer = answer
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 64) == 0 && getsockname(listener, address, &length) == 0
            }
        }
        guard bound else { throw POSIXError(.EADDRINUSE) }
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                Thread.detachNewThread { self.serve(connection) }
            }
        }
    }

    func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// The head of an answer whose body ends with the connection.
    static func head(_ status: Int = 200, _ headers: [String: String] = [:]) -> Step {
        let lines = headers.map { "\($0.key): \($0.value)\r\n" }.joined()
        return .send("HTTP/1.1 \(status) Scripted\r\nContent-Type: application/json\r\nConnection: close\r\n\(lines)\r\n")
    }

    /// A whole answer.
    static func json(_ text: String, status: Int = 200, _ headers: [String: String] = [:]) -> [Step] {
        [head(status, headers.merging(["Content-Length": String(text.utf8.count)]) { $1 }), .send(text)]
    }

    private func serve(_ connection: Int32) {
        defer { close(connection) }
        var noDelay: Int32 = 1
        setsockopt(connection, Int32(IPPROTO_TCP), TCP_NODELAY, &noDelay, socklen_t(MemoryLayout<Int32>.size))
        guard let request = receive(connection) else { return }
        log.withLock { $0.append(request) }
        for step in answer(request) {
            switch step {
            case .send(let text): guard write(Array(text.utf8), to: connection) else { return }
            case .bytes(let bytes): guard write(bytes, to: connection) else { return }
            case .pause(let duration): usleep(UInt32(duration / .microseconds(1)))
            case .reset:
                var option = linger(l_onoff: 1, l_linger: 0)
                setsockopt(connection, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
                return
            case .hang:
                var byte: UInt8 = 0
                _ = recv(connection, &byte, 1, 0)
                return
            }
        }
    }

    private func write(_ bytes: [UInt8], to connection: Int32) -> Bool {
        send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    }

    private func receive(_ connection: Int32) -> Request? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes += buffer[..<count]
            let text = String(decoding: bytes, as: UTF8.self)
            guard let end = text.range(of: "\r\n\r\n") else { continue }
            let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
            let words = lines[0].split(separator: " ").map(String.init)
            guard words.count == 3, let url = URLComponents(string: words[1]) else { return nil }
            let headers = Dictionary(
                lines.dropFirst().compactMap { line in
                    line.firstIndex(of: ":").map {
                        (line[..<$0].lowercased(), line[line.index(after: $0)...].trimmingCharacters(in: .whitespaces))
                    }
                }, uniquingKeysWith: { $1 })
            let body = String(text[end.upperBound...])
            guard body.utf8.count >= Int(headers["content-length"] ?? "0") ?? 0 else { continue }
            let query = Dictionary((url.queryItems ?? []).map { ($0.name, $0.value ?? "") }, uniquingKeysWith: { $1 })
            return Request(method: words[0], path: url.path, query: query, headers: headers, body: body)
        }
    }
}
