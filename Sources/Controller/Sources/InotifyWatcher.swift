import Foundation

/// The kernel's news about some directories (inotify(7)).
struct InotifyWatcher {
    /// Readable when there is news.
    let descriptor: OwnedDescriptor
    private var directories: [Int32: Watch] = [:]

    private struct Watch {
        /// The paths that lead to the directory.
        var paths: [String]
        var interest: ManifestDirectory.Interest
    }

    /// What happened since the last look.
    struct News {
        /// Whether anything happened that could have changed a file of interest.
        var isRelevant = false
        /// Whether the kernel had to drop news, so that everything may have changed.
        var isIncomplete = false
        /// Files that somebody is writing to and has not closed yet.
        var opened: Set<String> = []
        /// Files that were closed after writing, or replaced.
        var closed: Set<String> = []

        mutating func add(_ other: News) {
            isRelevant = isRelevant || other.isRelevant
            isIncomplete = isIncomplete || other.isIncomplete
            closed.formUnion(other.closed)
            opened.subtract(other.closed)
            opened.formUnion(other.opened)
        }
    }

    /// - Parameter descriptor: from ``open()``.
    init(_ descriptor: OwnedDescriptor) {
        self.descriptor = descriptor
    }

    static func open() throws(SystemCallError) -> OwnedDescriptor {
        try OwnedDescriptor(inotify_init1(Int32(IN_NONBLOCK) | Int32(IN_CLOEXEC)))
    }

    /// Watches these directories and no others.
    /// - Returns: whether some are new to the watcher, and the errors of those that cannot be watched.
    mutating func watch(_ wanted: [String: ManifestDirectory.Interest]) -> (hasNew: Bool, refused: [String: SystemCallError]) {
        let mask =
            IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF
            | IN_MOVE_SELF | Int32(bitPattern: UInt32(IN_ONLYDIR))
        var watches: [Int32: Watch] = [:]
        var refused: [String: SystemCallError] = [:]
        for (path, interest) in wanted {
            let watch = inotify_add_watch(descriptor.number, path, UInt32(bitPattern: mask))
            if watch < 0 {
                // What is not there shows in its parent.
                if errno != ENOENT && errno != ENOTDIR { refused[path] = SystemCallError(code: errno) }
                continue
            }
            if let known = watches[watch] {
                watches[watch] = Watch(paths: known.paths + [path], interest: known.interest.union(interest))
            } else {
                watches[watch] = Watch(paths: [path], interest: interest)
            }
        }
        let hasNew = watches.contains { directories[$0.key] == nil }
        for watch in directories.keys where watches[watch] == nil { inotify_rm_watch(descriptor.number, watch) }
        directories = watches
        return (hasNew, refused)
    }

    /// Takes the news that has come in, without waiting.
    mutating func read() -> News {
        var news = News()
        while true {
            let buffer = [UInt8](unsafeUninitializedCapacity: 64 * 1024) { buffer, count in
                count = max(0, Foundation.read(descriptor.number, buffer.baseAddress, buffer.count))
            }
            if buffer.isEmpty { return news }
            buffer.withUnsafeBytes { bytes in
                var offset = 0
                let head = MemoryLayout<inotify_event>.size
                while offset + head <= bytes.count {
                    let event = bytes.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
                    let end = min(offset + head + Int(event.len), bytes.count)
                    let name = String(decoding: bytes[(offset + head)..<end].prefix { $0 != 0 }, as: UTF8.self)
                    take(event, name: name, into: &news)
                    offset = end
                }
            }
        }
    }

    private mutating func take(_ event: inotify_event, name: String, into news: inout News) {
        let mask = Int32(bitPattern: event.mask)
        if mask & IN_Q_OVERFLOW != 0 {
            news.isRelevant = true
            news.isIncomplete = true
            return
        }
        if mask & IN_IGNORED != 0 {
            // The kernel uses no number twice, but a directory that comes back must count as new.
            directories[event.wd] = nil
            return
        }
        guard let watch = directories[event.wd] else { return }
        if case .names(let names) = watch.interest, !names.contains(name) { return }
        news.isRelevant = true
        for path in watch.paths.map({ "\($0)/\(name)" }) {
            if mask & IN_MODIFY != 0 {
                news.opened.insert(path)
            } else if mask & (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE) != 0 {
                news.opened.remove(path)
                news.closed.insert(path)
            }
        }
    }
}

extension ManifestDirectory.Interest {
    fileprivate func union(_ other: Self) -> Self {
        switch (self, other) {
        case (.names(let names), .names(let others)): .names(names.union(others))
        default: .everything
        }
    }
}
