/// One change that HAProxy makes without a reload, through the Runtime API (management manual, section 9.3).
public enum RuntimeUpdate: Hashable, Sendable {
    case addServer(backend: String, Server, keywords: ServerKeywords)
    /// A spare backend stands in for one that the configuration does not have. Costs a command where cookies name servers.
    case bind(Section, spare: String)
    /// The backend is wanted no more; its spare is free again when its servers are gone.
    case unbind(backend: String)
    /// A backend that the configuration does not have, without servers, made from its `defaults` section.
    case createBackend(Section, profile: String)
    /// The backend is wanted no more; it goes when its servers have gone.
    case withdrawBackend(String)
    /// Takes back that a backend was withdrawn.
    case publishBackend(String)
    /// Takes back a removal that waits for sessions to end, or changes between draining and serving.
    case setServer(backend: String, Server)
    /// Servers of the backend have the pool's keywords from now on: those that come, as the ones there are replaced. Costs no
    /// command.
    case adopt(backend: String, ServerPool)
    /// The server's pod has another one with other keywords: it gets no request any more, not even of clients whose cookie names
    /// it, and is deleted when its sessions have ended.
    case retireServer(backend: String, name: String)
    /// Drains the server and deletes it when its sessions have ended.
    case removeServer(backend: String, name: String)
    /// Changes how many requests a server works on at the same time; 0 is no limit. Slots go by their own names.
    case limitServer(backend: String, name: String, maxconn: Int)
    case set(RuntimeSetting)
    case assignSlot(backend: String, slot: String, Server)
    case freeSlot(backend: String, slot: String)
    case updateMap(name: String, MapChanges)
    /// All entries of a map become others at one moment: where most of many do, that is less work than one after the other.
    case replaceMap(name: String, entries: [String: String])
    /// Makes a server again what it is taken for. `isChecked` resumes its checks.
    case restoreServer(backend: String, name: String, Server, isChecked: Bool)
    /// Removes an entry that a map was not given, by its key as HAProxy has it.
    case dropMapEntry(name: String, key: String)
    /// Makes an authority known to servers that are added later; those there are keep theirs.
    case addAuthority(path: String, content: [UInt8])
    case addCertificate(path: String, content: [UInt8])
    case replaceCertificate(path: String, content: [UInt8])
    case removeCertificate(path: String)
    /// Other authorities for clients' certificates, under the same name.
    case replaceAuthority(path: String, content: [UInt8])
    /// Other lists of revoked certificates of clients, under the same name.
    case replaceRevocations(path: String, content: [UInt8])
    case addListEntry(path: String, names: [String])
    /// The certificate answers for other names; there is no moment in which it answers for none.
    case replaceListEntry(path: String, names: [String])
    /// - Parameter isLong: whether it has several lines.
    case removeListEntry(path: String, isLong: Bool = false)
}

extension RuntimeUpdate {
    /// Gives HAProxy authorities or lists of revoked certificates. It must not be given them again in another attempt: see
    /// ``AuthorityReplacement``.
    public var givesAuthority: Bool {
        switch self {
        case .addAuthority, .replaceAuthority, .replaceRevocations: true
        default: false
        }
    }

    /// Takes from requests what others of the same updates may have to replace first.
    public var takesServer: Bool {
        switch self {
        case .retireServer, .removeServer, .freeSlot: true
        default: false
        }
    }
}

/// What has to change in a map.
public struct MapChanges: Hashable, Sendable {
    public var added: [String: String] = [:]
    public var changed: [String: String] = [:]
    public var removed: Set<String> = []

    public init() {}

    public var isEmpty: Bool { added.isEmpty && changed.isEmpty && removed.isEmpty }
    public var count: Int { added.count + changed.count + removed.count }

    init(from old: [String: String], to new: [String: String]) {
        for (key, value) in new {
            switch old[key] {
            case nil: added[key] = value
            case value: break
            default: changed[key] = value
            }
        }
        for key in old.keys where new[key] == nil { removed.insert(key) }
    }

    /// The changes of some keys.
    init(from old: [String: String], to new: [String: String], keys: Set<String>) {
        for key in keys {
            switch (old[key], new[key]) {
            case (nil, let value?): added[key] = value
            case (_?, nil): removed.insert(key)
            case (let a?, let b?) where a != b: changed[key] = b
            default: break
            }
        }
    }
}

/// Why only a new configuration will do.
public struct ReloadReason: Hashable, Sendable, CustomStringConvertible {
    /// What has to be another that only a new configuration makes another, as the metric of reloads tells it.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case start
        case newBackend = "new-backend"
        case newSection = "new-section"
        case goneSection = "gone-section"
        case lines
        /// Keywords of servers, and how cookies name them.
        case servers
        /// More servers than lines for them, with an algorithm that takes none at run time.
        case slots
        case file
        /// HAProxy refused a runtime update.
        case refusedUpdate = "refused-update"
        /// HAProxy is not what it was given, also after that was mended at run time.
        case drift
    }

    public let kind: Kind
    public let description: String
    /// Who asked for the line that differs.
    public let origin: Origin

    public init(_ kind: Kind, _ description: String, origin: Origin = .controller) {
        self.kind = kind
        self.description = description
        self.origin = origin
    }
}

/// How to get from the running state to the desired one.
public enum Difference: Hashable, Sendable {
    case none
    case runtime([RuntimeUpdate])
    case reload([ReloadReason])

    public var needsReload: Bool {
        if case .reload = self { true } else { false }
    }

    /// The changes to make at run time; none when a reload is needed.
    public var updates: [RuntimeUpdate] {
        if case .runtime(let updates) = self { updates } else { [] }
    }
}
