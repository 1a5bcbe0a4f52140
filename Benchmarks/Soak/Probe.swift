import BenchmarkSupport

/// A request, and how the answer has to be.
struct Probe: Sendable {
    var host: String
    var path = "/"
    var headers: [(String, String)] = []
    /// Nil where any will do.
    var status: Int? = 200
    /// What the answer's body has to hold, in any order. Pods answer with their address, the header X-Site, path and host.
    var body: [String] = []
    /// What the body must not hold.
    var excluded: String?
    /// A header of the answer, its name in lower case, and what its value has to hold.
    var header: (name: String, value: String)?

    /// - Returns: nil when the answer is as it has to be.
    func fault(of answer: HTTPConnection.Answer) -> String? {
        if let status, answer.status != status { return "\(self): status \(answer.status), not \(status)" }
        if let excluded, answer.body.contains(excluded) { return "\(self): '\(answer.body.prefix(120))' with '\(excluded)'" }
        if let part = body.first(where: { !answer.body.contains($0) }) {
            return "\(self): '\(answer.body.prefix(120))' without '\(part)'"
        }
        if let header, answer.header(header.name)?.contains(header.value) != true {
            return "\(self): \(header.name) is \(answer.header(header.name) ?? "missing"), not \(header.value)"
        }
        return nil
    }
}

extension Probe: CustomStringConvertible {
    var description: String { "\(host)\(path)" }
}

/// Asks probes on a connection that is kept where the server keeps it.
struct ProbeClient {
    let port: Int
    /// Seconds after which no answer counts as none.
    private let patience: Double
    private var connection: HTTPConnection?

    init(port: Int, patience: Double = 10) { (self.port, self.patience) = (port, patience) }

    /// - Returns: nil when the answer is as it has to be, else the reason. An idle connection that was closed is no fault: clients ask
    ///   again on a new one.
    mutating func fault(of probe: Probe) -> String? {
        for isLast in [connection == nil, true] {
            do {
                let used = try connection ?? HTTPConnection(port: port, patience: patience)
                connection = used
                if let answer = try used.get(probe.path, host: probe.host, headers: probe.headers) {
                    if answer.header("connection") == "close" { connection = nil }
                    return probe.fault(of: answer)
                }
                connection = nil
                if isLast { return "\(probe): a new connection was closed without an answer" }
            } catch {
                connection = nil
                return "\(probe): \(error)"
            }
        }
        return "\(probe): no answer"
    }
}
