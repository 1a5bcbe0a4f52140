import Foundation

/// What a pod says to a request.
struct PodAnswer {
    let pod: String
    /// The peer's address.
    let source: String
    let request: PodRequest

    private struct Body: Encodable {
        let pod: String
        let method: String
        let path: String
        let host: String?
        /// Names in lower case; the values of repeated headers joined by commas.
        let headers: [String: String]
        /// Names and values as they came, in order.
        let rawHeaders: [[String]]
        let source: String
    }

    /// - Returns: whether the connection can carry another request.
    func send(to stream: ByteStream) -> Bool {
        if let name = request.query("release") { HeldRequests.release(name) }
        if let name = request.query("hold") { HeldRequests.wait(for: name) }
        if let delay = request.query("delay").flatMap(Self.microseconds) { usleep(delay) }
        let status = request.query("status").flatMap(Int.init).flatMap { (200...999).contains($0) ? $0 : nil } ?? 200
        var head = "HTTP/1.1 \(status) Example\r\nX-Pod: \(pod)\r\n"
        var body = self.body
        // RFC 9110, section 6.4.1: answers of these kinds have no content.
        if status == 204 || status == 304 {
            body = []
        } else {
            head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n"
            if request.method == "HEAD" { body = [] }
        }
        if !request.keepsConnection { head += "Connection: close\r\n" }
        return stream.write(Array((head + "\r\n").utf8) + body) && request.keepsConnection
    }

    private var body: [UInt8] {
        let headers = request.headers
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let content = Body(
            pod: pod, method: request.method, path: request.target, host: request.header("host"),
            headers: Dictionary(headers.map { ($0.name.lowercased(), $0.value) }) { "\($0), \($1)" },
            rawHeaders: headers.map { [$0.name, $0.value] }, source: source)
        let json = (try? encoder.encode(content)) ?? Data()
        return Array(json) + [UInt8(ascii: "\n")]
    }

    /// `200ms`, `2s` or a plain number of milliseconds; at most a minute.
    private static func microseconds(_ text: String) -> UInt32? {
        var (digits, unit) = (text[...], 1000)
        if digits.hasSuffix("ms") {
            digits = digits.dropLast(2)
        } else if digits.hasSuffix("s") {
            (digits, unit) = (digits.dropLast(), 1_000_000)
        }
        guard let number = UInt32(digits) else { return nil }
        return UInt32(min(Int(number) * unit, 60_000_000))
    }
}
