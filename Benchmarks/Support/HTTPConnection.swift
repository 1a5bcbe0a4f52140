import Foundation

/// A client's connection, for one request after the other.
public final class HTTPConnection {
    public struct Answer: Sendable {
        public let status: Int
        /// Status line and header fields, in lower case.
        public let head: String
        public let body: String

        /// - Parameter name: in lower case.
        public func header(_ name: String) -> String? {
            head.split(separator: "\r\n").first { $0.hasPrefix("\(name):") }
                .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
        }
    }

    private let socket: SocketFile
    private var pending: [UInt8] = []

    /// - Parameter patience: seconds after which no answer counts as none.
    public init(port: Int, patience: Double = 10) throws {
        socket = try SocketFile(tcp: port)
        socket.sendAtOnce()
        socket.limitReads(to: patience)
    }

    deinit { socket.close() }

    /// - Returns: as ``request(_:_:host:headers:body:)``.
    public func get(_ path: String, host: String, headers: [(String, String)] = []) throws -> Answer? {
        try request("GET", path, host: host, headers: headers)
    }

    /// Asks on a connection of its own, and once more where a reload closes that.
    public static func get(
        _ path: String, host: String, headers: [(String, String)] = [], port: Int
    ) throws -> Answer {
        for _ in 0..<3 {
            if let answer = try HTTPConnection(port: port).get(path, host: host, headers: headers) { return answer }
        }
        throw BenchmarkFailure("\(host)\(path): connections are closed without an answer")
    }

    /// - Returns: nil when the other side closed the connection before it answered, as it may do with an idle one.
    /// - Throws: ``BenchmarkFailure`` when an answer broke off or none came within ten seconds.
    public func request(
        _ method: String, _ path: String, host: String, headers: [(String, String)] = [], body: String = ""
    ) throws -> Answer? {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if !body.isEmpty { text += "Content-Length: \(body.utf8.count)\r\n" }
        guard socket.write("\(text)\r\n\(body)".utf8) else { return nil }
        guard let head = try head() else { return nil }
        let words = head.split(separator: " ", maxSplits: 2)
        guard words.count > 1, let status = Int(words[1]) else { throw BenchmarkFailure("not an answer: \(head.prefix(100))") }
        let empty = Answer(status: status, head: head, body: "")
        let content: [UInt8]
        if empty.header("transfer-encoding") == "chunked" {
            content = try chunks()
        } else {
            content = try take(Int(empty.header("content-length") ?? "") ?? 0)
        }
        return Answer(status: status, head: head, body: String(decoding: content, as: UTF8.self))
    }

    private func head() throws -> String? {
        while true {
            if let end = pending.firstRange(of: Array("\r\n\r\n".utf8)) {
                let head = String(decoding: pending[..<end.lowerBound], as: UTF8.self)
                pending.removeFirst(end.upperBound)
                return head.lowercased()
            }
            guard let more = socket.read() else {
                guard pending.isEmpty else { throw BenchmarkFailure("an answer broke off in its head") }
                return nil
            }
            pending += more
        }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while pending.count < count {
            guard let more = socket.read() else {
                throw BenchmarkFailure("an answer broke off after \(pending.count) of \(count) bytes")
            }
            pending += more
        }
        defer { pending.removeFirst(count) }
        return Array(pending[..<count])
    }

    private func chunks() throws -> [UInt8] {
        var content: [UInt8] = []
        while true {
            while !pending.contains(UInt8(ascii: "\n")) {
                guard let more = socket.read() else { throw BenchmarkFailure("an answer broke off between chunks") }
                pending += more
            }
            guard let end = pending.firstIndex(of: UInt8(ascii: "\n")) else { return content }
            let size = String(decoding: pending[..<end], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            pending.removeFirst(end + 1)
            guard let count = Int(size, radix: 16) else { throw BenchmarkFailure("not a chunk: \(size.prefix(20))") }
            content += try take(count)
            _ = try take(2)
            if count == 0 { return content }
        }
    }
}
