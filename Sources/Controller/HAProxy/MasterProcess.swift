import Foundation
import Glibc

/// HAProxy's master as a process: a child of this controller, or one that an earlier controller left behind.
protocol MasterProcess: Sendable {
    var pid: pid_t { get }
    func send(signal: Int32)
    /// Sends a signal to everything in the master's process group; false when nothing is left of it.
    @discardableResult func sendToGroup(signal: Int32) -> Bool
}

extension ChildProcess: MasterProcess {}

/// A master that an earlier controller started. It is no child: its end is noticed by looking, and its output is lost.
struct AdoptedProcess: MasterProcess {
    let pid: pid_t
    /// Tells the process from a later one with the same number.
    private let startTime: Substring

    /// nil when there is no such process.
    init?(pid: pid_t) {
        guard pid > 1, let time = Self.startTime(of: pid) else { return nil }
        self.pid = pid
        startTime = time
    }

    var isAlive: Bool { Self.startTime(of: pid) == startTime }

    func send(signal: Int32) { if isAlive { kill(pid, signal) } }

    func sendToGroup(signal: Int32) -> Bool {
        // While a member lives, the kernel does not give the group's number to a new process.
        kill(-pid, signal) == 0 && errno != ESRCH
    }

    /// Returns when the process is gone.
    func waitForExit() async {
        while isAlive { await Task.detached { try? await Task.sleep(for: .milliseconds(100)) }.value }
    }

    /// Field 22 of `/proc/PID/stat` (proc(5)); nil for a process that ended, even when nobody has waited for it yet.
    private static func startTime(of pid: pid_t) -> Substring? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/stat") else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        // The name in parentheses may hold anything.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
        return fields[19]
    }
}
