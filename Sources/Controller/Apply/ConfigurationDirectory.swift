import Core
import Foundation

/// The files that HAProxy reads: written atomically, and only when their content changes.
struct ConfigurationDirectory: Sendable {
    let url: URL

    /// Where files are checked before they replace what is in force.
    enum Stage: String, CaseIterable {
        case candidate = ".candidate"
        /// Some objects by themselves.
        case trial = ".trial"
    }

    func url(of stage: Stage) -> URL { url.appendingPathComponent(stage.rawValue, isDirectory: true) }

    /// The directories that the controller owns below ``url``; files in them that are not wanted are removed.
    private static let owned = ["maps", "certs", "patterns", "errors"]

    init(path: String) {
        url = URL(fileURLWithPath: path, isDirectory: true)
    }

    func prepare() throws {
        for directory in Self.owned {
            try FileManager.default.createDirectory(at: url.appendingPathComponent(directory), withIntermediateDirectories: true)
        }
        // Certificates hold keys.
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: url.appendingPathComponent("certs").path)
        for stage in Stage.allCases { try discard(stage) }
    }

    /// Writes files to a directory of their own, so that HAProxy can check them there: paths in haproxy.cfg are relative.
    func write(_ files: [String: [UInt8]], to stage: Stage) throws {
        try discard(stage)
        let root = url(of: stage)
        for directory in Self.owned {
            try FileManager.default.createDirectory(
                at: root.appendingPathComponent(directory), withIntermediateDirectories: true)
        }
        for (path, content) in files {
            let current = url.appendingPathComponent(path)
            let staged = root.appendingPathComponent(path)
            try FileManager.default.createDirectory(at: staged.deletingLastPathComponent(), withIntermediateDirectories: true)
            // A file that is in force already is linked, not copied: replacing it later leaves the link alone.
            if Self.content(of: current) == content, link(current.path, staged.path) == 0 { continue }
            try Self.write(content, to: staged)
        }
    }

    func discard(_ stage: Stage) throws {
        let path = url(of: stage).path
        if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
    }

    /// Makes the directory hold the files of a desired state and no others, except certificates that it keeps.
    ///
    /// - Parameter files: the state's, rendered.
    /// - Returns: what the changed paths held before (nil for files that are new), to be given back to ``restore(_:)``.
    @discardableResult
    func write(_ state: DesiredState, rendered files: [String: [UInt8]]) throws -> [String: [UInt8]?] {
        var before: [String: [UInt8]?] = [:]
        do {
            for path in files.keys.sorted() {
                guard let content = files[path] else { continue }
                let target = url.appendingPathComponent(path)
                let current = Self.content(of: target)
                guard current != content else { continue }
                before[path] = .some(current)
                try FileManager.default.createDirectory(
                    at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Self.write(content, to: target)
            }
            for path in ownedFiles() where files[path] == nil {
                if keeps(path, of: state) { continue }
                before[path] = .some(Self.content(of: url.appendingPathComponent(path)))
                try FileManager.default.removeItem(at: url.appendingPathComponent(path))
            }
        } catch {
            // Maps of one state say nothing about the backends of another.
            try? restore(before)
            throw error
        }
        return before
    }

    /// Makes some of the files hold what a desired state says.
    ///
    /// - Parameter texts: those of the state before, as far as they were made.
    func write(_ state: DesiredState, only parts: ChangedParts, _ texts: inout FileTexts) throws {
        var files: [String: [[UInt8]]?] = [:]
        texts.note(parts.maps)
        if !parts.headers.isEmpty { files["haproxy.cfg"] = texts.configuration(state, changed: parts.headers) }
        for (name, keys) in parts.maps {
            let text = state.maps[name].map { texts.map($0, changed: keys) }
            if text == nil { texts.forget(map: name) }
            files.updateValue(text, forKey: MapFile.path(name))
        }
        if !parts.certificates.isEmpty {
            files[CertificateList.path] = texts.certificateList(state.certificateList, changed: parts.certificates)
        }
        for path in parts.files { files.updateValue(state.files[path].map { [$0.content] }, forKey: path) }
        for (path, content) in files.sorted(by: { $0.key < $1.key }) {
            let target = url.appendingPathComponent(path)
            if let content {
                try FileManager.default.createDirectory(
                    at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Self.write(pieces: content, to: target)
            } else if !keeps(path, of: state), FileManager.default.fileExists(atPath: target.path) {
                try FileManager.default.removeItem(at: target)
            }
        }
    }

    /// Whether a file that is not wanted any more stays.
    private func keeps(_ path: String, of state: DesiredState) -> Bool {
        state.keepsUnusedCertificates && path.hasPrefix("certs/") && path.hasSuffix(".pem")
    }

    /// Undoes a ``write(_:rendered:)``.
    func restore(_ before: [String: [UInt8]?]) throws {
        for (path, content) in before {
            let target = url.appendingPathComponent(path)
            if let content {
                try Self.write(content, to: target)
            } else if FileManager.default.fileExists(atPath: target.path) {
                try FileManager.default.removeItem(at: target)
            }
        }
    }

    private func ownedFiles() -> [String] {
        Self.owned.flatMap { directory -> [String] in
            let root = url.appendingPathComponent(directory)
            let names = FileManager.default.enumerator(atPath: root.path)?.allObjects as? [String] ?? []
            return names.filter { name in
                var isDirectory: ObjCBool = false
                return FileManager.default.fileExists(atPath: root.appendingPathComponent(name).path, isDirectory: &isDirectory)
                    && !isDirectory.boolValue
            }.map { "\(directory)/\($0)" }
        }
    }

    private static func content(of url: URL) -> [UInt8]? { FileManager.default.contents(atPath: url.path).map(Array.init) }

    private static func write(_ content: [UInt8], to url: URL) throws { try write(pieces: [content], to: url) }

    /// Write beside the target, rename: a reader sees the old file or the new one, whole. What a power failure leaves half written
    /// is written anew by the controller that starts after it, so nothing waits for the disk.
    private static func write(pieces: [[UInt8]], to url: URL) throws {
        // One file is written at a time, and its own name may be as long as names can be.
        let temporary = url.deletingLastPathComponent().appendingPathComponent(".new")
        let descriptor = open(temporary.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError(path: temporary.path, code: errno) }
        do {
            defer { close(descriptor) }
            func write(_ content: [UInt8]) throws {
                var offset = 0
                while offset < content.count {
                    let written = content.withUnsafeBytes {
                        Glibc.write(descriptor, $0.baseAddress?.advanced(by: offset), content.count - offset)
                    }
                    guard written > 0 else { throw FileError(path: temporary.path, code: errno) }
                    offset += written
                }
            }
            // Small pieces go together; the whole text at once would be as much memory again.
            let portion = 64 * 1024
            var small: [UInt8] = []
            small.reserveCapacity(portion)
            for piece in pieces {
                if small.count + piece.count > portion {
                    try write(small)
                    small.removeAll(keepingCapacity: true)
                }
                if piece.count < portion { small += piece } else { try write(piece) }
            }
            try write(small)
        }
        guard rename(temporary.path, url.path) == 0 else { throw FileError(path: url.path, code: errno) }
    }
}

/// A file or directory that cannot be written.
struct FileError: Error, CustomStringConvertible {
    let path: String
    let code: Int32

    init(path: String, code: Int32) {
        self.path = path
        self.code = code
    }

    /// Foundation's error about a path, whose own description is for programmers.
    init(path: String, _ error: any Error) {
        let error = error as NSError
        let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError ?? error
        self.init(path: path, code: underlying.domain == NSPOSIXErrorDomain ? Int32(clamping: underlying.code) : EACCES)
    }

    var description: String { "cannot write \(path): \(String(cString: strerror(code)))" }
}
