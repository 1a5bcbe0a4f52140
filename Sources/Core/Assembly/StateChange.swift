/// How a desired state differs from the one before, in its own terms: what came has its new value, what went has nil.
public struct StateChange: Sendable {
    /// Set when the change is a state of its own; nothing else counts then.
    public var whole: DesiredState?
    public var staticSections: [Section]?
    var rules: InlinedSettings?
    public var userLists: [String: Section?] = [:]
    public var backends: [String: Section?] = [:]
    /// The entries that changed by map; nil for a map that is gone.
    public var maps: [String: [String: String?]?] = [:]
    public var files: [String: ConfigurationFile?] = [:]
    public var certificates: [String: [String]?] = [:]
    public var keepsUnusedCertificates: Bool?
    public var metricsAccess: MetricsAccess?
    public var bufferSize: Int?

    public init() {}

    public init(_ state: DesiredState) { whole = state }

    public var isEmpty: Bool {
        whole == nil && staticSections == nil && rules == nil && userLists.isEmpty && backends.isEmpty && maps.isEmpty
            && files.isEmpty
            && certificates.isEmpty && keepsUnusedCertificates == nil && metricsAccess == nil && bufferSize == nil
    }
}

/// Which parts of a desired state may differ from what HAProxy runs.
public struct ChangedParts: Sendable {
    /// Nothing is known: everything has to be compared.
    public var isEverything = false
    /// Of sections.
    public var headers: Set<String> = []
    /// Keys by map.
    public var maps: [String: Set<String>] = [:]
    /// Paths of files other than maps.
    public var files: Set<String> = []
    /// Paths of listed certificates.
    public var certificates: Set<String> = []

    public init() {}

    public static let everything: ChangedParts = {
        var parts = ChangedParts()
        parts.isEverything = true
        return parts
    }()

    public var isEmpty: Bool {
        !isEverything && headers.isEmpty && maps.isEmpty && files.isEmpty && certificates.isEmpty
    }

    public mutating func formUnion(_ other: ChangedParts) {
        isEverything = isEverything || other.isEverything
        headers.formUnion(other.headers)
        // In place: what has changed before may be much.
        for (name, keys) in other.maps { maps[name, default: []].formUnion(keys) }
        files.formUnion(other.files)
        certificates.formUnion(other.certificates)
    }
}

extension DesiredState {
    /// Becomes the state after a change.
    ///
    /// - Returns: the parts that the change touched.
    public mutating func apply(_ change: StateChange) -> ChangedParts {
        if let whole = change.whole {
            let (reserve, inlined) = (reserve, inlined)
            self = whole
            (self.reserve, self.inlined) = (reserve, inlined)
            return .everything
        }
        var parts = ChangedParts()
        if let keeps = change.keepsUnusedCertificates { keepsUnusedCertificates = keeps }
        if let access = change.metricsAccess { metricsAccess = access }
        if let size = change.bufferSize { bufferSize = size }
        if let rules = change.rules { self.rules = rules }
        if let staticSections = change.staticSections {
            parts.headers.formUnion(self.staticSections.map(\.header))
            parts.headers.formUnion(staticSections.map(\.header))
            self.staticSections = staticSections
        }
        for (name, section) in change.userLists {
            userLists[name] = section
            parts.headers.insert("userlist \(name)")
        }
        for (name, section) in change.backends {
            backends[name] = section
            parts.headers.insert("backend \(name)")
        }
        for (name, entries) in change.maps {
            guard let entries else {
                parts.maps[name] = Set(maps[name]?.entries.keys.map { $0 } ?? [])
                maps[name] = nil
                continue
            }
            for (key, value) in entries { maps[name, default: MapFile(name: name)].entries[key] = value }
            if maps[name] == nil { maps[name] = MapFile(name: name) }
            parts.maps[name] = Set(entries.keys)
        }
        for (path, file) in change.files { files[path] = file }
        parts.files = Set(change.files.keys)
        for (path, names) in change.certificates { certificateList.entries[path] = names }
        parts.certificates = Set(change.certificates.keys)
        return parts
    }
}
