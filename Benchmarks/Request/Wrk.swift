import BenchmarkSupport
import Foundation
import TestSupport

/// The load generator `wrk`.
enum Wrk {
    struct Result {
        /// Requests in a second.
        let rate: Double
        /// In milliseconds.
        let p99: Double
        /// HAProxy's processor time for each request, in seconds.
        let cost: Double
    }

    /// The processor for the HAProxy that is measured, and the one for everything else; the same where there is only one.
    static let measuredProcessor = 0
    static let ownProcessor = min(1, ProcessInfo.processInfo.activeProcessorCount - 1)

    private static let script = """
        local requests, number = {}, 0
        function init(args)
          local hosts = tonumber(args[1])
          count = tonumber(args[2])
          for place = 0, count - 1 do
            local index = math.floor(place * hosts / count)
            requests[place] = wrk.format("GET", "/", {
              ["Host"] = "site-" .. index .. ".example.com",
              ["Origin"] = "https://app-" .. index .. ".example.com"
            })
          end
        end
        function request()
          number = (number + 1) % count
          return requests[number]
        end
        """

    /// - Parameter processorTime: of the HAProxy that is asked.
    static func run(seconds: Int, hosts: Int, asked: Int, port: Int, processorTime: () -> Double) throws -> Result {
        let directory = try TemporaryDirectory("benchmark")
        defer { directory.remove() }
        let file = try directory.write("requests.lua", script)
        let before = processorTime()
        let text = try Command.output([
            "taskset", "--cpu-list", String(ownProcessor), "wrk", "--threads", "1", "--connections", "32", "--duration",
            "\(seconds)s", "--latency", "--script", file.path, "http://127.0.0.1:\(port)/", "--", String(hosts),
            String(asked),
        ])
        let used = processorTime() - before
        let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        guard !text.contains("Non-2xx"), !text.contains("Socket errors") else {
            throw BenchmarkFailure("requests failed:\n\(text)")
        }
        guard let total = lines.first(where: { $0.dropFirst().first == "requests" }).flatMap({ Double($0[0]) }),
            let rate = lines.first(where: { $0.first == "Requests/sec:" }).flatMap({ Double($0[1]) }),
            let p99 = lines.first(where: { $0.first == "99%" }).flatMap({ milliseconds($0[1]) })
        else { throw BenchmarkFailure("wrk says what is not understood:\n\(text)") }
        guard total > 0 else { throw BenchmarkFailure("no request was answered:\n\(text)") }
        return Result(rate: rate, p99: p99, cost: used / total)
    }

    /// - Parameter text: such as `1.25ms`.
    private static func milliseconds(_ text: String) -> Double? {
        for (unit, factor) in [("us", 0.001), ("ms", 1.0), ("s", 1_000.0)] where text.hasSuffix(unit) {
            return Double(text.dropLast(unit.count)).map { $0 * factor }
        }
        return nil
    }

    /// Lets a process run on one processor only.
    static func pin(_ pid: Int32, to processor: Int) throws {
        try Command.output(["taskset", "--all-tasks", "--cpu-list", "--pid", String(processor), String(pid)])
    }
}
