import Foundation
import Glibc

extension HAProxyProcess {
    /// Removes pid file and sockets of a dead HAProxy; throws when it is alive, since a second master would silently take over
    /// the sockets' paths from the first.
    func removeLeftovers() async throws(Failure) {
        if let status = try? await MasterSocket(path: settings.masterSocket, timeout: .seconds(2)).status() {
            throw .alreadyRunning(pid: status.pid)
        }
        if let worker = await workerAnswering() { throw .alreadyRunning(pid: worker) }
        let text = (try? String(contentsOfFile: settings.pidFile, encoding: .utf8)) ?? ""
        for pid in text.split(whereSeparator: \.isWhitespace).compactMap({ Int32($0) }) where isOurMaster(pid) {
            throw .alreadyRunning(pid: pid)
        }
        removeFiles()
    }

    /// Whether the process is an HAProxy that was started with our master socket: a pid may have been given out again.
    func isOurMaster(_ pid: Int32) -> Bool {
        guard pid > 1, let data = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline") else { return false }
        let words = data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        return words.contains { $0.hasPrefix("\(settings.masterSocket),") }
    }

    /// HAProxy leaves pid file and sockets behind when it ends, and temporary sockets when it is killed while binding.
    func removeFiles() {
        for path in [settings.pidFile, settings.masterSocket, settings.runtimeSocket] + settings.innerSockets {
            unlink(path)
            let folder = (path as NSString).deletingLastPathComponent
            let name = (path as NSString).lastPathComponent
            for entry in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
            where entry.hasPrefix("\(name).") && (entry.hasSuffix(".tmp") || entry.hasSuffix(".bak")) {
                unlink("\(folder)/\(entry)")
            }
        }
    }
}
