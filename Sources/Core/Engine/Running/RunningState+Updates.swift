extension RunningState {
    func runtimeUpdates(to desired: DesiredState) -> [RuntimeUpdate] {
        // Values come before the routes that lead to them, and go after them.
        let routing: Set = ["host", "path-exact", "path-prefix", "sni", AssemblyRun.tcpServicesMap]
        let (values, valuesGone) = mapUpdates(to: desired) { !routing.contains($0) }
        let (routes, routesGone) = mapUpdates(to: desired) { routing.contains($0) }
        let (added, removed) = serverUpdates(to: desired)
        // Authorities before certificates: see AuthorityReplacement.
        return settingUpdates(to: desired) + authorityUpdates(to: desired) + poolFileUpdates(to: desired)
            + certificateUpdates(to: desired) + added + values
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
        return poolFileUpdates(to: same) + added
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

    /// What servers need before they are added. HAProxy keeps authorities and certificates that no server uses any more until
    /// the next reload: they may be wanted again.
    private func poolFileUpdates(to desired: DesiredState) -> [RuntimeUpdate] {
        let keywords = Set(desired.sections.compactMap { $0.pool?.replaceableText }).subtracting([""])
        let certificates = desired.poolCertificates { !$0.servers.isEmpty }
        return desired.files.keys.sorted().compactMap { path in
            guard let file = desired.files[path], files[path] == nil else { return nil }
            switch file.kind {
            case .authority where keywords.contains { $0.contains(path) }:
                return .addAuthority(path: path, content: file.content)
            case .certificate where certificates.contains(path): return .addCertificate(path: path, content: file.content)
            default: return nil
            }
        }
    }
}

extension DesiredState {
    /// The certificates that servers of some pools show, and nobody else.
    func poolCertificates(of include: (ServerPool) -> Bool) -> Set<String> {
        let texts = sections.compactMap(\.pool).filter(include).map(\.keywordText).filter { $0.contains("crt ") }
        guard !texts.isEmpty else { return [] }
        return Set(
            files.values.filter { file in
                file.kind == .certificate && certificateList.entries[file.path] == nil
                    && texts.contains { $0.contains(file.path) }
            }.map(\.path))
    }
}
