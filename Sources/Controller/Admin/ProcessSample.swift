import Foundation
import Glibc

/// A metric of the controller's own process, by the names that Prometheus' client libraries agree on
/// (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics).
struct ProcessSample {
    /// Without `process_`.
    let name: String
    let type: String
    let help: String
    let value: String

    /// Those that the kernel tells; none where it tells nothing.
    static var all: [ProcessSample] {
        // Behind the name, which may hold anything, the fields are numbers (proc(5), "/proc/pid/stat").
        guard let line = text("/proc/self/stat"), let end = line.lastIndex(of: ")") else { return [] }
        let fields = line[line.index(after: end)...].split(separator: " ").map { Double($0) ?? 0 }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        guard fields.count > 21, ticks > 0 else { return [] }
        var samples = [
            ProcessSample(
                name: "cpu_seconds_total", type: "counter", help: "Processor time that the controller has used, in seconds.",
                value: "\((fields[11] + fields[12]) / ticks)"),
            ProcessSample(
                name: "virtual_memory_bytes", type: "gauge", help: "The controller's virtual memory.", value: whole(fields[20])),
            ProcessSample(
                name: "resident_memory_bytes", type: "gauge", help: "The controller's resident memory.",
                value: whole(fields[21] * Double(sysconf(Int32(_SC_PAGESIZE))))),
        ]
        if let boot = text("/proc/stat")?.split(separator: "\n").first(where: { $0.hasPrefix("btime ") })?.dropFirst(6),
            let seconds = Double(boot)
        {
            samples.append(
                ProcessSample(
                    name: "start_time_seconds", type: "gauge", help: "When the controller was started, in seconds since 1970.",
                    value: "\(seconds + fields[19] / ticks)"))
        }
        if let files = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
            samples.append(
                ProcessSample(name: "open_fds", type: "gauge", help: "The controller's open files.", value: "\(files.count)"))
        }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            samples.append(
                ProcessSample(
                    name: "max_fds", type: "gauge", help: "How many files the controller may open.", value: "\(limit.rlim_cur)"))
        }
        return samples
    }

    private static func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    private static func whole(_ number: Double) -> String { "\(UInt64(number))" }
}
