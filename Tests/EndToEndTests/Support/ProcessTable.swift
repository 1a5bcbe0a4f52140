import Foundation
import Glibc

/// What /proc tells about processes.
enum ProcessTable {
    /// The processes that were started with a path in their arguments.
    static func processes(mentioning path: URL) -> [Int32] {
        let pids = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
        return pids.filter { pid in
            let words = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline")?.split(separator: 0) ?? []
            return words.contains { String(decoding: $0, as: UTF8.self).contains(path.path) }
        }
    }

    /// The TCP addresses on which a process listens, such as `127.0.0.1:8080` or `0.0.0.0:80`; IPv6 ones in hexadecimal.
    static func listeners(of pid: Int32) -> Set<String> {
        let folder = "/proc/\(pid)/fd"
        let links = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")
        }
        let inodes = Set(links.filter { $0.hasPrefix("socket:[") }.map { $0.dropFirst(8).dropLast() })
        var found: Set<String> = []
        for table in ["tcp", "tcp6"] {
            for line in content("/proc/\(pid)/net/\(table)").split(separator: "\n").dropFirst() {
                let fields = line.split(separator: " ")
                // sl local_address rem_address st ... inode; 0A is LISTEN.
                guard fields.count > 9, fields[3] == "0A", inodes.contains(fields[9]) else { continue }
                found.insert(address(fields[1]))
            }
        }
        return found
    }

    /// The kernel gives such a file in pieces and says that its size is 0.
    private static func content(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while case let count = read(descriptor, &piece, piece.count), count > 0 { bytes += piece[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func address(_ text: Substring) -> String {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let port = Int(parts[1], radix: 16) else { return String(text) }
        guard parts[0].count == 8, let value = UInt32(parts[0], radix: 16) else { return "[\(parts[0])]:\(port)" }
        return (0..<4).map { String(value >> (8 * UInt32($0)) & 0xff) }.joined(separator: ".") + ":\(port)"
    }
}
