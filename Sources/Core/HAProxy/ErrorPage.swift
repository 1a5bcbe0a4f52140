/// What HAProxy answers with in place of its own page for a status code: the content of a file for `errorfile`
/// (configuration manual, section 4.2).
public struct ErrorPage: Hashable, Sendable {
    /// The codes that HAProxy answers on its own account, and their reason phrases. The manual of release 2.6 leaves out 421
    /// and 422, which HAProxy takes as well.
    public static let codes: [Int: String] = [
        200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
        407: "Proxy Authentication Required", 408: "Request Timeout", 410: "Gone", 413: "Payload Too Large",
        421: "Misdirected Request", 422: "Unprocessable Content", 425: "Too Early", 429: "Too Many Requests",
        500: "Internal Server Error", 501: "Not Implemented", 502: "Bad Gateway", 503: "Service Unavailable",
        504: "Gateway Timeout",
    ]

    /// HAProxy takes no more header lines in a message (`tune.http.maxhdr`).
    static let maximumHeaders = 100

    public let code: Int
    /// A whole HTTP message.
    public let content: [UInt8]

    /// Where the file is, relative to the configuration directory.
    public var path: String { "errors/\(code).http" }

    /// - Parameters:
    ///   - code: one of ``codes``.
    ///   - text: a whole HTTP message when it begins with `HTTP/`, else a body, which gets a status line and headers.
    ///   - room: how many bytes the message may have.
    /// - Throws: ``ValueError`` when the text is no answer that HAProxy can send, or too long.
    public init(code: Int, text: String, room: Int) throws(ValueError) {
        guard let reason = Self.codes[code] else {
            throw ValueError("is for status code \(code), which HAProxy does not answer itself")
        }
        let bytes = Array(text.utf8)
        self.code = code
        content = text.hasPrefix("HTTP/") ? try Self.message(bytes) : Self.message(body: bytes, code, reason)
        guard content.count <= room else {
            throw ValueError("makes an answer of \(content.count) bytes, of which HAProxy's buffer holds \(room)")
        }
    }

    // MARK: - Bodies

    private static func message(body: [UInt8], _ code: Int, _ reason: String) -> [UInt8] {
        let head = """
            HTTP/1.1 \(code) \(reason)\r
            Content-Type: \(contentType(of: body))\r
            Cache-Control: no-cache\r
            Content-Length: \(body.count)\r
            \r\n
            """
        return Array(head.utf8) + body
    }

    private static func contentType(of body: [UInt8]) -> String {
        switch body.first(where: { !Set(" \t\r\n".utf8).contains($0) }) {
        case UInt8(ascii: "<"): "text/html; charset=utf-8"
        case UInt8(ascii: "{"), UInt8(ascii: "["): isJSON(body) ? "application/json" : "text/plain; charset=utf-8"
        default: "text/plain; charset=utf-8"
        }
    }

    private static func isJSON(_ body: [UInt8]) -> Bool { (try? JSONParser.node(from: body)) != nil }

    // MARK: - Messages

    /// The same message with the line ends of HTTP in its head, and with its length.
    private static func message(_ bytes: [UInt8]) throws(ValueError) -> [UInt8] {
        var (head, body) = try split(bytes)
        let statusLine = head.removeFirst()
        let status = try status(ofLine: statusLine)
        if bodilessStatuses.contains(status), !body.isEmpty {
            // A block of YAML ends with a line end.
            guard body == [UInt8(ascii: "\n")] else { throw ValueError("has a body, which no answer with status \(status) has") }
            body = []
        }
        guard head.count <= maximumHeaders else {
            throw ValueError("has \(head.count) header lines; HAProxy takes \(maximumHeaders)")
        }
        var headers: [String] = []
        var length: String?
        for line in head {
            let (name, value) = try header(line)
            switch name.lowercased() {
            case "transfer-encoding": throw ValueError("has the header \(name), which HAProxy does not take in a file")
            case "content-length":
                guard length.map({ $0 == value }) ?? true else { throw ValueError("has two different Content-Length") }
                length = value
            default: headers.append(line)
            }
        }
        if let length {
            // A block of YAML ends with a line end that is not meant to be part of the body.
            if Int(length) == body.count - 1, body.last == UInt8(ascii: "\n") { body.removeLast() }
            guard !length.isEmpty, length.utf8.allSatisfy({ (0x30...0x39).contains($0) }), Int(length) == body.count else {
                throw ValueError("has Content-Length: \(length), and a body of \(body.count) bytes")
            }
        }
        // RFC 9110, section 8.6.
        if status != 204, status != 304 { headers.append("Content-Length: \(body.count)") }
        return ([statusLine] + headers).flatMap { Array("\($0)\r\n".utf8) } + Array("\r\n".utf8) + body
    }

    /// The lines before the first empty line, without their ends, and what follows it.
    private static func split(_ bytes: [UInt8]) throws(ValueError) -> (head: [String], body: [UInt8]) {
        var head: [String] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            var line = rest[..<end]
            rest = rest[rest.index(after: end)...]
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if line.isEmpty { return (head, Array(rest)) }
            head.append(String(decoding: line, as: UTF8.self))
        }
        throw ValueError("has no empty line between its headers and its body")
    }

    /// RFC 9110, sections 15.3.5, 15.3.6 and 15.4.5.
    private static let bodilessStatuses: Set = [204, 205, 304]

    /// The status of an answer, which need not be the code whose place the page takes: `HTTP/1.1 521 Web server is down` may stand
    /// for 503. It is any status of a final answer (RFC 9110, section 15).
    private static func status(ofLine line: String) throws(ValueError) -> Int {
        let parts = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, ["HTTP/1.0", "HTTP/1.1"].contains(parts[0]), isText(line) else {
            throw ValueError("begins with \(line.quotedForPeople), which is no status line of HTTP/1.1")
        }
        guard let status = Int(parts[1]), String(status) == parts[1], (200...999).contains(status) else {
            throw ValueError(
                "is an answer with status \(String(parts[1]).quotedForPeople), which is not a number from 200 to 999")
        }
        return status
    }

    private static func header(_ line: String) throws(ValueError) -> (name: String, value: String) {
        guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")), colon != line.startIndex,
            line.utf8[..<colon].allSatisfy({ isToken($0) }), isText(line)
        else { throw ValueError("has the line \(line.quotedForPeople), which is no header") }
        return (String(line[..<colon]), String(line[line.utf8.index(after: colon)...]).trimmingWhitespace)
    }

    private static func isText(_ line: String) -> Bool { line.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 } }

    /// RFC 9110, section 5.6.2 "Tokens".
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: tokenSymbols.contains(byte)
        }
    }

    private static let tokenSymbols = Set("!#$%&'*+-.^_`|~".utf8)
}
