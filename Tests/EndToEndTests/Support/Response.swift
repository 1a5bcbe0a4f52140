import Foundation

/// What came back for a request, and what the pod says that it got.
struct Response: Sendable {
    var status: Int
    /// Names in lower case; the values of repeated headers in order.
    var headers: [String: [String]]
    var body: String
    /// curl's exit status: 0, or why there is no answer (60: the certificate is not trusted, 52: nothing came, 35: no handshake).
    var curlStatus: Int32

    /// A header's first value.
    func header(_ name: String) -> String? { headers[name.lowercased()]?.first }

    /// The pod's account of the request; nil when no pod answered.
    var seen: Seen? { try? JSONDecoder().decode(Seen.self, from: Data(body.utf8)) }
    /// The name of the pod that answered.
    var pod: String? { header("x-pod") }

    struct Seen: Decodable, Sendable {
        let pod: String
        let method: String
        let path: String
        let host: String?
        /// Names in lower case.
        let headers: [String: String]
        let source: String?
    }

    init(curl result: ProgramResult) {
        curlStatus = result.status
        var rest = result.output[...]
        var status = 0
        var headers: [String: [String]] = [:]
        // Interim answers (100 Continue) come before the real one.
        while rest.hasPrefix("HTTP/"), let end = rest.range(of: "\r\n\r\n") {
            let lines = rest[..<end.lowerBound].components(separatedBy: "\r\n")
            status = lines.first.flatMap { Int($0.split(separator: " ").dropFirst().first ?? "") } ?? 0
            headers = [:]
            for line in lines.dropFirst() {
                guard let colon = line.firstIndex(of: ":") else { continue }
                headers[line[..<colon].lowercased(), default: []].append(
                    line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
            }
            rest = rest[end.upperBound...]
            if status >= 200 { break }
        }
        self.status = status
        self.headers = headers
        body = String(rest)
    }
}
