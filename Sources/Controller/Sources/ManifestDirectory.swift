import Core
import Foundation

/// The manifest files below some paths, found by looking at the file system once.
struct ManifestDirectory {
    /// What tells one content of a file from another without reading it.
    struct Stamp: Hashable {
        var device: UInt
        var inode: UInt
        var size: Int
        var modified: Instant
        /// Changes with permissions and renames too.
        var changed: Instant
    }

    /// Nanoseconds since 1970.
    typealias Instant = Int

    /// Which entries of a directory matter.
    enum Interest: Equatable {
        case everything
        case names(Set<String>)
    }

    private(set) var files: [String: Stamp] = [:]
    /// The directories whose events say that a new look is needed.
    private(set) var watched: [String: Interest] = [:]
    /// Paths that could not be looked at; what was below them before may still be there.
    private(set) var unreadable: [String: Finding] = [:]
    /// The paths of directories and files that were seen, by what they really are: a link to one shows nothing new.
    private var seen: [Identity: String] = [:]
    private var followed: Set<String> = []

    /// Holds for a moment alone: a file system gives the number of a file that was replaced to the next one that is made.
    private struct Identity: Hashable {
        var device: UInt
        var inode: UInt

        init(_ status: stat) {
            device = UInt(status.st_dev)
            inode = UInt(status.st_ino)
        }
    }

    /// - Parameter paths: directories, and files of any name.
    init(paths: [String]) {
        for path in paths {
            let path = Self.trimmed(path)
            follow(Self.absolute(path))
            switch Self.status(path) {
            case .success(let status) where status.isDirectory: look(into: path, status)
            case .success(let status): add(path, status)
            case .failure(let error): unreadable[path] = Self.finding(path, error)
            }
        }
    }

    private mutating func look(into directory: String, _ status: stat) {
        guard isNew(directory, status) else { return }
        watched[directory] = .everything
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            // It may be gone by now, which the look at its parent will tell.
            if access(directory, F_OK) == 0 { unreadable[directory] = Self.finding(directory, SystemCallError(code: EACCES)) }
            return
        }
        // Hidden entries are editors' temporary files and the inner workings of mounted ConfigMaps.
        for name in names.sorted() where !name.hasPrefix(".") {
            let path = directory == "/" ? "/\(name)" : "\(directory)/\(name)"
            guard case .success(let own) = Self.status(path, followingLinks: false) else { continue }
            if own.isLink { follow(Self.absolute(path)) }
            switch own.isLink ? Self.status(path) : .success(own) {
            case .success(let status) where status.isDirectory: look(into: path, status)
            case .success(let status) where Self.isManifest(name): add(path, status)
            case .failure(let error) where Self.isManifest(name): unreadable[path] = Self.finding(path, error)
            default: break
            }
        }
    }

    /// Whether no other path that was seen leads to the same file or directory.
    private mutating func isNew(_ path: String, _ status: stat) -> Bool {
        let identity = Identity(status)
        if let known = seen[identity], case .success(let now) = Self.status(known), Identity(now) == identity { return false }
        seen[identity] = path
        return true
    }

    private mutating func add(_ path: String, _ status: stat) {
        guard status.isRegularFile, isNew(path, status) else { return }
        files[path] = Stamp(
            device: UInt(status.st_dev), inode: UInt(status.st_ino), size: Int(status.st_size),
            modified: status.st_mtim.nanoseconds,
            changed: status.st_ctim.nanoseconds)
    }

    /// Notes the places where a path could be turned to something else: its last part, and each link on the way.
    private mutating func follow(_ path: String, depth: Int = 0) {
        guard depth < 40, followed.insert(path).inserted else { return }
        var parent = "/"
        let parts = path.split(separator: "/").map(String.init)
        for (index, part) in parts.enumerated() {
            let prefix = parent == "/" ? "/\(part)" : "\(parent)/\(part)"
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: prefix)
            if target != nil || index == parts.count - 1 { note(part, in: parent) }
            if let target { follow(target.hasPrefix("/") ? target : "\(parent)/\(target)", depth: depth + 1) }
            parent = prefix
        }
    }

    private mutating func note(_ name: String, in directory: String) {
        switch watched[directory] {
        case .everything: break
        case .names(let names): watched[directory] = .names(names.union([name]))
        case nil: watched[directory] = .names([name])
        }
    }

    /// Whether a path that was there before is below one that cannot be looked at now.
    func mayStillHold(_ path: String) -> Bool {
        unreadable.keys.contains { path == $0 || path.hasPrefix($0 == "/" ? "/" : "\($0)/") }
    }

    private static func isManifest(_ name: String) -> Bool {
        [".yaml", ".yml", ".json"].contains { name.hasSuffix($0) }
    }

    private static func trimmed(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path.isEmpty ? "." : path
    }

    private static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    }

    private static func status(_ path: String, followingLinks: Bool = true) -> Result<stat, SystemCallError> {
        var status = stat()
        let result = followingLinks ? stat(path, &status) : lstat(path, &status)
        return result == 0 ? .success(status) : .failure(SystemCallError(code: errno))
    }

    private static func finding(_ path: String, _ error: SystemCallError) -> Finding {
        Finding(.error, error.message, location: SourceLocation(file: path, line: 1, column: 1))
    }
}

extension stat {
    fileprivate var isDirectory: Bool { st_mode & S_IFMT == S_IFDIR }
    fileprivate var isRegularFile: Bool { st_mode & S_IFMT == S_IFREG }
    fileprivate var isLink: Bool { st_mode & S_IFMT == S_IFLNK }
}

extension timespec {
    var nanoseconds: Int { Int(tv_sec) * 1_000_000_000 + Int(tv_nsec) }
}
