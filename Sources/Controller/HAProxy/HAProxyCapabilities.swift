import Glibc

/// What the installed HAProxy is and can do, read from `haproxy -vv`.
public struct HAProxyCapabilities: Hashable, Sendable {
    /// Major and minor version, such as 2 and 6.
    public var major: Int
    public var minor: Int
    /// As printed, such as `2.6.12-1+deb12u4`.
    public var version: String
    public var hasPrometheusExporter: Bool
    public var hasQUIC: Bool
    /// QUIC over an OpenSSL without an interface for it; the configuration must ask for it with `limited-quic`.
    public var hasLimitedQUIC: Bool
    public var hasOpenSSL: Bool
    public var hasThreads: Bool
    public var hasLua: Bool
    /// `tune.bufsize` unless the configuration sets it, in bytes.
    public var bufferSize: Int

    /// `add server` and `del server` without `experimental-mode` (2.6).
    public var canAddServers: Bool { isAtLeast(2, 6) }
    /// `add backend` (3.4).
    public var canAddBackends: Bool { isAtLeast(3, 4) }
    /// The master's `reload` waits for the outcome and answers `Success=0|1` with the log (2.7).
    public var hasSynchronousReload: Bool { isAtLeast(2, 7) }
    /// `new`, `set` and `commit ssl ca-file` (2.5).
    public var hasCommitCAFile: Bool { isAtLeast(2, 5) }
    /// `add ssl ca-file`, which appends to a CA file in a transaction (2.8).
    public var hasAddCAFile: Bool { isAtLeast(2, 8) }
    /// `wait <delay> srv-removable <server>` (3.0).
    public var hasWaitForServer: Bool { isAtLeast(3, 0) }

    public func isAtLeast(_ major: Int, _ minor: Int) -> Bool { (self.major, self.minor) >= (major, minor) }

    /// Why the installed HAProxy cannot be used.
    public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        case missing(program: String)
        case unreadable(program: String, output: String)
        case tooOld(version: String)

        public var description: String {
            switch self {
            case .missing(let program):
                "cannot run \(program): install HAProxy 2.6 or newer (Debian and Ubuntu: apt-get install haproxy)"
            case .unreadable(let program, let output):
                "\(program) -vv does not look like HAProxy's (\(output)): install HAProxy 2.6 or newer"
            case .tooOld(let version):
                "HAProxy \(version) is too old: install HAProxy 2.6 or newer (for Debian and Ubuntu see https://haproxy.debian.net)"
            }
        }
    }

    /// Asks a program.
    public static func of(program: String = "/usr/sbin/haproxy") async throws(Failure) -> HAProxyCapabilities {
        let result: (status: ExitStatus, lines: [String])
        do {
            result = try await ChildProcess.run(
                program: program, arguments: ["-vv"], environment: [:], timeout: .seconds(10))
        } catch {
            throw .missing(program: program)
        }
        guard let found = HAProxyCapabilities(versionOutput: result.lines.joined(separator: "\n")) else {
            throw .unreadable(program: program, output: result.lines.first ?? "no output")
        }
        guard found.isAtLeast(2, 6) else { throw .tooOld(version: found.version) }
        return found
    }

    /// Reads the output of `haproxy -vv`; nil when it is something else.
    public init?(versionOutput text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: true)
        let opening = "HAProxy version "
        // Before 2.4 the name was written HA-Proxy.
        guard let first = lines.first(where: { $0.hasPrefix(opening) || $0.hasPrefix("HA-Proxy version ") }),
            let word = first.split(separator: " ").dropFirst(2).first
        else { return nil }
        let numbers = word.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        guard numbers.count == 2 else { return nil }
        (major, minor) = (numbers[0], numbers[1])
        version = String(word)
        let featureLine = lines.first { $0.hasPrefix("Feature list :") } ?? ""
        let features = Set(featureLine.split(separator: " "))
        hasPrometheusExporter = text.contains("Built with the Prometheus exporter") || features.contains("+PROMEX")
        hasQUIC = features.contains("+QUIC")
        hasLimitedQUIC = features.contains("+QUIC_OPENSSL_COMPAT")
        hasOpenSSL = features.contains("+OPENSSL") || features.contains("+OPENSSL_AWSLC") || features.contains("+OPENSSL_WOLFSSL")
        hasThreads = features.contains("+THREAD")
        hasLua = features.contains("+LUA")
        let sizes = lines.first { $0.contains("bufsize = ") }
        bufferSize = sizes?.split(separator: ",").first?.split(separator: " ").last.flatMap { Int($0) } ?? 16_384
    }
}
