/// A process under HAProxy's master, from `show proc` (management manual, section 9.4.1).
public struct WorkerProcess: Hashable, Sendable {
    public var pid: Int32
    /// How many reloads it has survived.
    public var reloads: Int
    /// As HAProxy prints it: `0d00h00m07s`.
    public var uptime: String
    /// Whether a newer worker has taken over and this one only finishes its connections.
    public var isOld: Bool
    public var version: String
}

/// What HAProxy's master says about itself and its workers.
public struct MasterStatus: Hashable, Sendable {
    public var pid: Int32
    /// Reloads since the start, failed ones included.
    public var reloads: Int
    /// Reloads that failed since the last good one.
    public var failedReloads: Int
    public var workers: [WorkerProcess]

    /// The workers that take new connections.
    public var currentWorkers: [WorkerProcess] { workers.filter { !$0.isOld } }

    init?(showProc text: String) {
        var master: (pid: Int32, reloads: Int, failed: Int)?
        workers = []
        var isOld = false
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# ") { isOld = line.hasPrefix("# old") }
            let words = line.split(separator: " ")
            guard words.count >= 4, let pid = Int32(words[0]), let reloads = Int(words[2]) else { continue }
            switch words[1] {
            case "master":
                // `1 [failed: 0]`, without the bracket before 2.5.
                let failed = words.firstIndex(of: "[failed:").flatMap { index in
                    index + 1 < words.count ? Int(words[index + 1].prefix { $0.isNumber }) : nil
                }
                master = (pid, reloads, failed ?? 0)
            case "worker":
                let version = words.count > 4 ? String(words[4]) : ""
                workers.append(
                    WorkerProcess(pid: pid, reloads: reloads, uptime: String(words[3]), isOld: isOld, version: version))
            default: continue
            }
        }
        guard let master else { return nil }
        (pid, reloads, failedReloads) = master
    }
}

/// The master's own command line (management manual, section 9.4).
struct MasterSocket: Sendable {
    var path: String
    var timeout: Duration = .seconds(5)

    /// nil when the answer cannot be read, as while the master re-executes itself.
    func status() async throws(UnixConnectionError) -> MasterStatus? {
        MasterStatus(showProc: try await send("show proc"))
    }

    func send(_ command: String, timeout: Duration? = nil) async throws(UnixConnectionError) -> String {
        let bytes = try await UnixConnection.exchange(
            path: path, sending: Array("\(command)\n".utf8), timeout: timeout ?? self.timeout,
            closesSending: true)
        return String(decoding: bytes.filter { $0 != 0 }, as: UTF8.self)
    }
}
