import Foundation
import Glibc

/// What the system knows of a process.
public struct ProcessFigures: Sendable {
    public let pid: Int32

    public init(pid: Int32) { self.pid = pid }

    /// The most memory that it had resident so far, in megabytes.
    public var peakMemory: Double { memory("VmHWM") }
    /// Its resident memory, in megabytes.
    public var memory: Double { memory("VmRSS") }

    private func memory(_ field: String) -> Double {
        let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("\(field):") }
        return line.flatMap { Double($0.filter(\.isNumber)) }.map { $0 / 1024 } ?? 0
    }

    /// Processor time that it has used so far, in seconds, to the nanosecond: `/proc/PID/stat` counts in hundredths.
    public var processorTime: Double {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
        let exact = tasks.reduce(0) { sum, task in
            let text = (try? String(contentsOfFile: "/proc/\(pid)/task/\(task)/schedstat", encoding: .utf8)) ?? ""
            return sum + (text.split(separator: " ").first.flatMap { Double($0) } ?? 0)
        }
        // What ended threads used is in the process's own count only.
        return max(exact / 1e9, coarseProcessorTime)
    }

    private var coarseProcessorTime: Double {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        // The name, in parentheses, may hold spaces.
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// How many files and sockets it has open.
    public var openFiles: Int { (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd"))?.count ?? 0 }
}
