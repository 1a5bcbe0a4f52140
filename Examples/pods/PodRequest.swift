import Foundation

/// An HTTP/1.1 request (RFC 9112), read to its end; of the body only the end is looked for.
struct PodRequest {
    let method: String
    /// As it came, with its query.
    let target: String
    let version: String
    /// As they came, in order.
    let headers: [(name: String, value: String)]

    private static let lineLimit = 65_536
    private static let headerLimit = 1000

    /// - Returns: nil when the connection has ended or carries no HTTP; it is closed then.
    init?(from stream: inout ByteStream) {
        var first = stream.line(limit: Self.lineLimit)
        // RFC 9112, section 2.2: an empty line before a request is left over from the one before.
        if first?.isEmpty == true { first = stream.line(limit: Self.lineLimit) }
        guard let parts = first?.split(separator: " ", omittingEmptySubsequences: false).map(String.init), parts.count == 3,
            parts[2].hasPrefix("HTTP/1.")
        else { return nil }
        (method, target, version) = (parts[0], parts[1], parts[2])

        var headers: [(name: String, value: String)] = []
        while true {
            guard let line = stream.line(limit: Self.lineLimit), headers.count < Self.headerLimit else { return nil }
            if line.isEmpty { break }
            guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            headers.append((String(line[..<colon]), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)))
        }
        self.headers = headers

        if header("expect")?.lowercased() == "100-continue" {
            guard stream.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) else { return nil }
        }
        if header("transfer-encoding")?.lowercased() == "chunked" {
            guard Self.skipChunks(of: &stream) else { return nil }
        } else if let length = header("content-length") {
            guard let count = Int(length), count >= 0, stream.skip(count) else { return nil }
        }
    }

    /// The first value of a header; the name in lower case.
    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }

    /// The first value of a field of the query.
    func query(_ name: String) -> String? {
        guard let question = target.firstIndex(of: "?") else { return nil }
        for field in target[target.index(after: question)...].split(separator: "&") where field.hasPrefix("\(name)=") {
            return String(field.dropFirst(name.count + 1))
        }
        return nil
    }

    /// Whether another request may follow on the connection.
    var keepsConnection: Bool {
        let connection = header("connection")?.lowercased() ?? ""
        return version == "HTTP/1.1" ? !connection.contains("close") : connection.contains("keep-alive")
    }

    private static func skipChunks(of stream: inout ByteStream) -> Bool {
        while let line = stream.line(limit: lineLimit) {
            guard
                let size = line.split(separator: ";").first.flatMap({ Int($0.trimmingCharacters(in: .whitespaces), radix: 16) }),
                size >= 0
            else { return false }
            guard size > 0 else { break }
            guard stream.skip(size), stream.line(limit: 2) != nil else { return false }
        }
        // Trailers, up to an empty line.
        while let line = stream.line(limit: lineLimit) {
            if line.isEmpty { return true }
        }
        return false
    }
}
