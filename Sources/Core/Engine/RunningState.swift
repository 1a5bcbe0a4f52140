/// What a running HAProxy has loaded, and what was changed in it at run time since.
public struct RunningState: Sendable {
    /// The lines of each section by header, as loaded; without servers.
    private var sections: [String: Section] = [:]
    /// Servers by backend; for backends with slots by slot name.
    private var servers: [String: [String: Server]] = [:]
    private var removing: [String: Set<String>] = [:]
    private var slots: [String: Int] = [:]
    /// `maxconn` by backend and name of server or slot; 0 is none.
    private var limits: [String: [String: Int]] = [:]
    /// Only maps that some line reads: HAProxy knows no others.
    private var maps: [String: [String: String]] = [:]
    private(set) var files: [String: ConfigurationFile] = [:]
    private(set) var certificateList: [String: [String]] = [:]
    private var authorityReplacement = AuthorityReplacement.possible

    /// The state after HAProxy has loaded the files of a desired state.
    public init(loaded state: DesiredState) {
        for section in state.sections {
            sections[section.header] = section
            for line in section.lines {
                for map in line.directive.maps { maps[map] = state.maps[map]?.entries ?? [:] }
            }
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
        files = state.files
        certificateList = state.certificateList.entries
    }

    /// Backends and servers that should be gone as soon as their sessions have ended.
    public var pendingRemovals: [(backend: String, server: String)] {
        removing.flatMap { backend, names in names.map { (backend, $0) } }.sorted { $0 < $1 }
    }

    /// A server has been deleted.
    public mutating func removalFinished(backend: String, server: String) {
        removing[backend]?.remove(server)
        servers[backend]?[server] = nil
        limits[backend]?[server] = nil
    }

    public func difference(to desired: DesiredState) -> Difference {
        var reasons: [ReloadReason] = []
        for section in desired.sections { reasons += reloadReasons(section) }
        let wanted = Set(desired.sections.map(\.header))
        for header in sections.keys.sorted() where !wanted.contains(header) && Self.isHarmful(header) {
            reasons.append(ReloadReason("\(header) is gone"))
        }
        for path in desired.files.keys.sorted() {
            guard let file = desired.files[path], file.kind != .certificate, let old = files[path], old.content != file.content
            else { continue }
            if file.kind == .clientAuthority, authorityReplacement != .harmful { continue }
            if mentions(path) { reasons.append(ReloadReason("\(path) changed")) }
        }
        guard reasons.isEmpty else { return .reload(reasons) }
        let updates = runtimeUpdates(to: desired)
        return updates.isEmpty ? .none : .runtime(updates)
    }

    /// Backends that no map names any more and user lists that no backend uses do nothing; other sections do.
    private static func isHarmful(_ header: String) -> Bool {
        !header.hasPrefix("backend ") && !header.hasPrefix("userlist ") && !header.hasPrefix("resolvers ")
    }

    private func mentions(_ path: String) -> Bool {
        sections.values.contains { section in section.lines.contains { $0.directive.text.contains(path) } }
    }

    private func reloadReasons(_ section: Section) -> [ReloadReason] {
        guard let running = sections[section.header] else {
            return [ReloadReason("\(section.header) is new", origin: section.origin)]
        }
        let features = Set(section.lines.compactMap(\.feature))
        // Rules of a feature that no route uses any more may stay until the next reload.
        let lines = running.lines.filter { line in line.feature.map { features.contains($0) } ?? true }
        if lines.map(\.fixedPart) != section.lines.map(\.fixedPart) {
            let changed = section.lines.difference(from: lines).first
            let (line, verb): (Section.Line?, String) =
                switch changed {
                case .insert(_, let line, _): (line, "has a new line")
                case .remove(_, let line, _): (line, "loses a line")
                case nil: (nil, "has its lines in another order")
                }
            return [
                ReloadReason(
                    "\(section.header) \(verb)\(line.map { ": \($0.directive.text)" } ?? "")",
                    origin: line?.origin ?? section.origin)
            ]
        }
        guard let pool = section.pool, let old = running.pool else { return [] }
        if pool.keywordText != old.keywordText {
            return [
                ReloadReason(
                    "\(section.header) has other server keywords: \(pool.keywordText)",
                    origin: pool.keywords.last?.origin ?? section.origin)
            ]
        }
        if (pool.slots == nil) != (old.slots == nil) {
            return [
                ReloadReason(
                    "\(section.header) changes to or from an algorithm that takes servers at run time", origin: section.origin)
            ]
        }
        if pool.cookies != old.cookies {
            return [ReloadReason("\(section.header) names its servers otherwise in cookies", origin: section.origin)]
        }
        if pool.slots != nil, pool.slotStep != old.slotStep {
            return [ReloadReason("\(section.header) provisions server slots otherwise", origin: section.origin)]
        }
        if let slots = slots[section.name], pool.servers.count > slots {
            return [ReloadReason("\(section.header) needs more than its \(slots) server slots", origin: section.origin)]
        }
        return []
    }

    // MARK: - Updates

    private func runtimeUpdates(to desired: DesiredState) -> [RuntimeUpdate] {
        // Values come before the routes that lead to them, and go after them.
        let routing: Set = ["host", "path-exact", "path-prefix", "sni"]
        let (values, valuesGone) = mapUpdates(to: desired) { !routing.contains($0) }
        let (routes, routesGone) = mapUpdates(to: desired) { routing.contains($0) }
        let (added, removed) = serverUpdates(to: desired)
        // Authorities before certificates: see AuthorityReplacement.
        return settingUpdates(to: desired) + authorityUpdates(to: desired) + certificateUpdates(to: desired) + added + values
            + routes + routesGone + valuesGone
            + removed
    }

    private func settingUpdates(to desired: DesiredState) -> [RuntimeUpdate] {
        desired.sections.flatMap { section -> [RuntimeUpdate] in
            let running = Set(sections[section.header]?.lines.compactMap(\.setting) ?? [])
            return section.lines.compactMap(\.setting).filter { !running.contains($0) }.map(RuntimeUpdate.set)
        }
    }

    private func mapUpdates(
        to desired: DesiredState, where include: (String) -> Bool
    ) -> (set: [RuntimeUpdate], removed: [RuntimeUpdate]) {
        var set: [RuntimeUpdate] = []
        var removed: [RuntimeUpdate] = []
        for name in maps.keys.sorted() where include(name) {
            let changes = MapChanges(from: maps[name] ?? [:], to: desired.maps[name]?.entries ?? [:])
            var additions = changes
            additions.removed = []
            if !additions.isEmpty { set.append(.updateMap(name: name, additions)) }
            if !changes.removed.isEmpty {
                var removals = MapChanges()
                removals.removed = changes.removed
                removed.append(.updateMap(name: name, removals))
            }
        }
        return (set, removed)
    }

    /// What must not wait for a reload that has to wait: the servers of backends that stay as they are.
    public func urgentUpdates(to desired: DesiredState) -> [RuntimeUpdate] {
        var same = desired
        same.sections.removeAll { !reloadReasons($0).isEmpty }
        let kept = Set(same.sections.map(\.name))
        let (added, removed) = serverUpdates(to: same)
        return added
            + removed.filter { update in
                switch update {
                case .removeServer(let backend, _), .freeSlot(let backend, _): kept.contains(backend)
                default: true
                }
            }
    }

    private func serverUpdates(to desired: DesiredState) -> (added: [RuntimeUpdate], removed: [RuntimeUpdate]) {
        var added: [RuntimeUpdate] = []
        var removed: [RuntimeUpdate] = []
        var wantedBackends: Set<String> = []
        for section in desired.sections {
            guard let pool = section.pool else { continue }
            wantedBackends.insert(section.name)
            let running = servers[section.name] ?? [:]
            added += limitUpdates(backend: section.name, pool: pool, running: running)
            if let count = slots[section.name] {
                slotUpdates(backend: section.name, pool: pool, count: count, running: running, added: &added, removed: &removed)
                continue
            }
            let wanted = Set(pool.servers.map(\.name))
            for server in pool.servers {
                guard let old = running[server.name] else {
                    added.append(.addServer(backend: section.name, server, keywords: pool.keywordsAtRunTime))
                    continue
                }
                if old != server || removing[section.name]?.contains(server.name) == true {
                    added.append(.setServer(backend: section.name, server))
                }
            }
            for name in running.keys.sorted() where !wanted.contains(name) && removing[section.name]?.contains(name) != true {
                removed.append(.removeServer(backend: section.name, name: name))
            }
        }
        for backend in servers.keys.sorted() where !wantedBackends.contains(backend) {
            for name in servers[backend]?.keys.sorted() ?? [] where removing[backend]?.contains(name) != true {
                removed.append(
                    slots[backend] == nil ? .removeServer(backend: backend, name: name) : .freeSlot(backend: backend, slot: name))
            }
        }
        return (added, removed)
    }

    /// Slots that hold nothing are told too: whatever comes into them must find the limit in force.
    private func limitUpdates(backend: String, pool: ServerPool, running: [String: Server]) -> [RuntimeUpdate] {
        let limits = limits[backend] ?? [:]
        let names = slots[backend] == nil ? pool.servers.map(\.name).filter { running[$0] != nil } : limits.keys.sorted()
        return names.filter { limits[$0] != pool.limit }.map {
            .limitServer(backend: backend, name: $0, maxconn: pool.limit)
        }
    }

    private func slotUpdates(
        backend: String, pool: ServerPool, count: Int, running: [String: Server], added: inout [RuntimeUpdate],
        removed: inout [RuntimeUpdate]
    ) {
        let wanted = Dictionary(uniqueKeysWithValues: pool.servers.map { ($0.name, $0) })
        let held = Dictionary(running.map { ($0.value.name, $0.key) }) { first, _ in first }
        var free = (1...max(1, count)).map(ServerPool.slotName).filter { slot in
            guard let server = running[slot] else { return true }
            return wanted[server.name] == nil
        }
        var reused: Set<String> = []
        for server in pool.servers {
            if let slot = held[server.name] {
                if running[slot] != server { added.append(.assignSlot(backend: backend, slot: slot, server)) }
            } else if !free.isEmpty {
                let slot = free.removeFirst()
                reused.insert(slot)
                added.append(.assignSlot(backend: backend, slot: slot, server))
            }
        }
        for slot in running.keys.sorted() where !reused.contains(slot) {
            if let server = running[slot], wanted[server.name] == nil { removed.append(.freeSlot(backend: backend, slot: slot)) }
        }
    }

    /// Records an update that HAProxy has made.
    public mutating func apply(_ update: RuntimeUpdate) {
        switch update {
        case .replaceAuthority(let path, let content):
            files[path] = ConfigurationFile(path: path, content: content, kind: .clientAuthority)
            authorityReplacement = .hasBeen
        case .replaceCertificate, .removeCertificate, .replaceListEntry, .removeListEntry:
            if authorityReplacement == .hasBeen { authorityReplacement = .harmful }
        default: break
        }
        switch update {
        case .addServer(let backend, let server, let keywords):
            servers[backend, default: [:]][server.name] = server
            limits[backend, default: [:]][server.name] = keywords.maxconn ?? 0
            removing[backend]?.remove(server.name)
        case .setServer(let backend, let server):
            servers[backend, default: [:]][server.name] = server
            removing[backend]?.remove(server.name)
        case .limitServer(let backend, let name, let maxconn): limits[backend, default: [:]][name] = maxconn
        case .removeServer(let backend, let name): removing[backend, default: []].insert(name)
        case .set(let setting):
            for (header, section) in sections {
                for index in section.lines.indices where section.lines[index].setting?.keyword == setting.keyword {
                    sections[header]?.lines[index].setting = setting
                }
            }
        case .assignSlot(let backend, let slot, let server): servers[backend, default: [:]][slot] = server
        case .freeSlot(let backend, let slot): servers[backend]?[slot] = nil
        case .updateMap(let name, let changes):
            maps[name, default: [:]].merge(changes.added) { _, new in new }
            maps[name, default: [:]].merge(changes.changed) { _, new in new }
            for key in changes.removed { maps[name]?[key] = nil }
        case .addCertificate(let path, let content), .replaceCertificate(let path, let content):
            files[path] = ConfigurationFile(path: path, content: content, kind: .certificate)
        case .removeCertificate(let path): files[path] = nil
        case .replaceAuthority: break
        case .addListEntry(let path, let names), .replaceListEntry(let path, let names): certificateList[path] = names
        case .removeListEntry(let path): certificateList[path] = nil
        }
    }
}
