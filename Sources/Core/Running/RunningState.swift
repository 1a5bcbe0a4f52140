/// What a running HAProxy has loaded, and what was changed in it at run time since.
public struct RunningState: Sendable {
    /// The lines of each section by header, as loaded; without servers.
    var sections: [String: Section] = [:]
    /// Servers by backend; for backends with slots by slot name.
    var servers: [String: [String: Server]] = [:]
    var removing: [String: Set<String>] = [:]
    var slots: [String: Int] = [:]
    /// `maxconn` by backend and name of server or slot; 0 is none.
    var limits: [String: [String: Int]] = [:]
    /// Only maps that some line reads: HAProxy knows no others.
    var maps: [String: [String: String]] = [:]
    var files: [String: ConfigurationFile] = [:]
    var certificateList: [String: [String]] = [:]
    /// Spare backends by the name of the backend that they stand in for.
    public internal(set) var spares: [String: String] = [:]
    /// The settings that HAProxy has in backends; empty for a backend that had some, and is there no more or was created again.
    var inlined: [String: String] = [:]
    /// The spares of the configuration, in order, with what a backend must have that they stand in for.
    var reserve: [(name: String, profile: BackendProfile)] = []
    /// What backends are created from, by ``BackendProfile/name``; empty for a HAProxy that creates none.
    var profiles: Set<String> = []
    /// Backends that take no requests any more and go when their servers have gone.
    var withdrawn: Set<String> = []
    /// Backends that HAProxy does not let go.
    var undeletable: Set<String> = []
    /// The highest value that HAProxy takes for a setting: the one it was started with (management manual, "set maxconn global").
    var highestSettings: [String: Int] = [:]
    private var authorityReplacement = AuthorityReplacement.possible

    /// How long a file may be that HAProxy is given at run time, in bytes.
    let payloadLimit: Int
    /// From how many changed entries on a map is replaced as a whole, if they are half of it.
    let wholesaleLimit: Int

    /// The state after HAProxy has loaded the files of a desired state.
    public init(loaded state: DesiredState) {
        self.init(
            loaded: state, wholesaleLimit: 1000, payloadLimit: ReaderLimits(bufferSize: state.bufferSize).payload)
    }

    init(loaded state: DesiredState, wholesaleLimit: Int, payloadLimit: Int = .max) {
        self.wholesaleLimit = wholesaleLimit
        self.payloadLimit = payloadLimit
        for section in state.sections {
            sections[section.header] = section
            for line in section.lines {
                for map in line.directive.maps { maps[map] = state.maps[map]?.entries ?? [:] }
            }
            for case let setting? in section.lines.map(\.setting) { highestSettings[setting.id] = setting.highest }
            guard let pool = section.pool else { continue }
            if let count = pool.slots {
                slots[section.name] = count
                for (index, server) in pool.servers.enumerated() {
                    servers[section.name, default: [:]][ServerPool.slotName(index + 1)] = server
                }
            } else {
                servers[section.name] = Dictionary(uniqueKeysWithValues: pool.servers.map { ($0.name, $0) })
            }
            let names = pool.slots == nil ? pool.servers.map(\.name) : pool.slotNames
            limits[section.name] = Dictionary(uniqueKeysWithValues: names.map { ($0, pool.limit) })
        }
        // HAProxy does not read the certificate of servers that there are none of.
        let idle = state.poolCertificates { $0.servers.isEmpty && $0.slots == nil }
            .subtracting(state.poolCertificates { !$0.servers.isEmpty || $0.slots != nil })
        files = state.files.filter { !idle.contains($0.key) }
        certificateList = state.certificateList.entries
        inlined = state.inlined
        reserve = state.reserve.compactMap { section in BackendProfile(section).map { (section.name, $0) } }
        profiles = Set(state.reserve.filter { !$0.isBackend }.map(\.name))
    }

    /// Whether HAProxy has loaded a section.
    public func has(_ section: Section) -> Bool { sections[section.header] != nil }

    /// How HAProxy has what entries of maps name otherwise.
    public var names: RunningNames { RunningNames(spares: spares, inlined: inlined) }

    /// The name under which HAProxy has a backend.
    func runningName(_ backend: String) -> String { spares[backend] ?? backend }

    /// The section that HAProxy runs for one of a desired state.
    func runningSection(_ header: String) -> Section? {
        if !spares.isEmpty, header.hasPrefix("backend "), let spare = spares[String(header.dropFirst("backend ".count))] {
            return sections["backend \(spare)"]
        }
        return sections[header]
    }

    /// The backends of a desired state that the configuration does not have.
    public func newBackends(in desired: DesiredState, _ parts: ChangedParts) -> [Section] {
        headers(parts, desired).compactMap { desired.section($0) }.filter { runningSection($0.header) == nil }
    }

    /// Backends and servers that should be gone as soon as their sessions have ended.
    public var pendingRemovals: [(backend: String, server: String)] {
        removing.flatMap { backend, names in names.map { (backend, $0) } }.sorted { $0 < $1 }
    }

    /// A server has been deleted.
    public mutating func removalFinished(backend: String, server: String) {
        removing[backend]?.remove(server)
        if removing[backend]?.isEmpty == true { removing[backend] = nil }
        servers[backend]?[server] = nil
        limits[backend]?[server] = nil
    }

    /// - Parameter parts: what may differ; the rest is known to be the same.
    public func difference(to desired: DesiredState, in parts: ChangedParts = .everything) -> Difference {
        var reasons: [ReloadReason] = []
        var new: [Section] = []
        var adopting: [Section] = []
        for header in headers(parts, desired) {
            if let section = desired.section(header) {
                guard runningSection(header) != nil else {
                    new.append(section)
                    continue
                }
                reasons += reloadReasons(section)
                if adopts(section) { adopting.append(section) }
            } else if sections[header] != nil, Self.isHarmful(header) {
                reasons.append(ReloadReason(.goneSection, "\(header) is gone", origin: sections[header]?.origin ?? .controller))
            }
        }
        reasons += partingReasons(adopting, to: desired, in: parts)
        for path in parts.isEverything ? desired.files.keys.sorted() : parts.files.sorted() {
            guard let file = desired.files[path] else { continue }
            guard let old = files[path] else {
                if file.kind == .certificate, desired.certificateList.entries[path] != nil, file.content.count > payloadLimit {
                    reasons.append(ReloadReason(.file, "\(path) is new and is too long to be added at run time"))
                }
                continue
            }
            guard old.content != file.content else { continue }
            if file.content.count > payloadLimit, file.kind != .plain, file.kind != .authority {
                reasons.append(ReloadReason(.file, "\(path) changed and is too long to be changed at run time"))
                continue
            }
            guard file.kind != .certificate else { continue }
            if file.verifiesClients, authorityReplacement != .harmful { continue }
            if let origin = origin(ofMentioning: path) { reasons.append(ReloadReason(.file, "\(path) changed", origin: origin)) }
        }
        for path in parts.isEverything ? desired.certificateList.entries.keys.sorted() : parts.certificates.sorted() {
            guard let names = desired.certificateList.entries[path], names != certificateList[path],
                CertificateList.lines(path, names: names).contains(where: { $0.utf8.count > payloadLimit })
            else { continue }
            reasons.append(ReloadReason(.file, "\(path) has a line in a list that is too long to be added at run time"))
        }
        let creations = creations(of: new)
        for (section, creation) in zip(new, creations) where creation == nil {
            reasons.append(
                ReloadReason(
                    section.isBackend ? .newBackend : .newSection, "\(section.header) is new", origin: section.origin))
        }
        guard reasons.isEmpty else { return .reload(reasons) }
        // A backend that is created has nothing that could be compared.
        var bound = self
        for case .bind(let section, let spare)? in creations { bound.spares[section.name] = spare }
        let updates = creations.compactMap { $0 } + bound.runtimeUpdates(to: desired, in: parts)
        return updates.isEmpty ? .none : .runtime(updates)
    }

    /// The sections to compare: those of the configuration in its order, then those that are gone.
    func headers(_ parts: ChangedParts, _ desired: DesiredState) -> [String] {
        guard parts.isEverything else { return parts.headers.sorted() }
        let inReserve = Set(
            desired.reserve.map(\.header) + reserve.map { "backend \($0.name)" } + profiles.map { "defaults \($0)" })
        let wanted = desired.sections.map(\.header).filter { !inReserve.contains($0) }
        let gone = Set(sections.keys).union(spares.keys.map { "backend \($0)" }).subtracting(wanted)
        return wanted + gone.subtracting(inReserve).sorted()
    }

    /// Backends that no map names any more and user lists that no backend uses do nothing; other sections do.
    private static func isHarmful(_ header: String) -> Bool {
        !header.hasPrefix("backend ") && !header.hasPrefix("userlist ") && !header.hasPrefix("resolvers ")
    }

    /// Who asked for the line that names a file; nil when none does.
    private func origin(ofMentioning path: String) -> Origin? {
        let lines = sections.values.lazy.flatMap(\.lines).filter { $0.directive.text.contains(path) }
        return lines.map(\.origin).min { ($0.object == nil ? 1 : 0, $0.description) < ($1.object == nil ? 1 : 0, $1.description) }
    }

    /// Records an update that HAProxy has made.
    public mutating func apply(_ update: RuntimeUpdate) {
        switch update {
        case .replaceAuthority(let path, let content):
            files[path] = ConfigurationFile(path: path, content: content, kind: .clientAuthority)
            authorityReplacement = .hasBeen
        case .replaceRevocations(let path, let content):
            files[path] = ConfigurationFile(path: path, content: content, kind: .clientRevocations)
            authorityReplacement = .hasBeen
        case .replaceCertificate, .removeCertificate, .replaceListEntry, .removeListEntry:
            if authorityReplacement == .hasBeen { authorityReplacement = .harmful }
        default: break
        }
        switch update {
        case .bind(let section, let spare):
            spares[section.name] = spare
            sections["backend \(spare)"]?.lines = section.lines
            sections["backend \(spare)"]?.pool = section.pool
        case .unbind(let backend): spares[backend] = nil
        case .createBackend(let section, _):
            sections[section.header] = section
            (servers[section.name], limits[section.name]) = ([:], [:])
        case .publishBackend(let name): withdrawn.remove(name)
        case .withdrawBackend(let name): withdrawn.insert(name)
        case .addServer(let backend, let server, let keywords):
            servers[backend, default: [:]][server.name] = server
            limits[backend, default: [:]][server.name] = keywords.maxconn ?? 0
            removing[backend]?.remove(server.name)
        case .setServer(let backend, let server):
            servers[backend, default: [:]][server.name] = server
            removing[backend]?.remove(server.name)
        case .limitServer(let backend, let name, let maxconn): limits[backend, default: [:]][name] = maxconn
        case .adopt(let backend, let pool): sections["backend \(backend)"]?.pool = pool
        case .retireServer(let backend, let name), .removeServer(let backend, let name):
            removing[backend, default: []].insert(name)
        case .set(let setting):
            for (header, section) in sections {
                for index in section.lines.indices where section.lines[index].setting?.id == setting.id {
                    sections[header]?.lines[index].setting = setting
                }
            }
        case .assignSlot(let backend, let slot, let server): servers[backend, default: [:]][slot] = server
        case .freeSlot(let backend, let slot): servers[backend]?[slot] = nil
        case .updateMap(let name, let changes):
            maps[name, default: [:]].merge(changes.added) { _, new in new }
            maps[name, default: [:]].merge(changes.changed) { _, new in new }
            for key in changes.removed { maps[name]?[key] = nil }
        case .replaceMap(let name, let entries): maps[name] = entries
        case .addAuthority(let path, let content):
            files[path] = ConfigurationFile(path: path, content: content, kind: .authority)
        case .addCertificate(let path, let content), .replaceCertificate(let path, let content):
            files[path] = ConfigurationFile(path: path, content: content, kind: .certificate)
        case .removeCertificate(let path): files[path] = nil
        case .restoreServer(let backend, let name, let server, _): servers[backend, default: [:]][name] = server
        case .replaceAuthority, .replaceRevocations, .dropMapEntry: break
        case .addListEntry(let path, let names), .replaceListEntry(let path, let names): certificateList[path] = names
        case .removeListEntry(let path, _): certificateList[path] = nil
        }
    }
}
