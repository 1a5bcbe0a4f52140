extension RunningState {
    func runtimeUpdates(to desired: DesiredState, in parts: ChangedParts) -> [RuntimeUpdate] {
        let headers = headers(parts, desired)
        let (values, valuesGone) = mapUpdates(to: desired, in: parts) { !Self.routingMaps.contains($0) }
        let (routes, routesGone) = mapUpdates(to: desired, in: parts) { Self.routingMaps.contains($0) }
        let pools = headers.compactMap { header in desired.section(header)?.pool.map { (header, $0) } }
        let servers = serverUpdates(pools)
        let gone = headers.filter { desired.section($0)?.pool == nil }.flatMap(goodbyes)
        // Authorities before certificates: see AuthorityReplacement. Values come before the routes that lead to them, and go after
        // them. Routes come to a backend when its servers have what they ask for: see partingReasons.
        return settingUpdates(to: desired, headers: headers) + authorityUpdates(to: desired, in: parts)
            + fileUpdates(to: desired, pools) + certificateUpdates(to: desired, in: parts) + servers.added + servers.replaced
            + values + routes + routesGone + valuesGone + servers.removed + gone
    }

    /// Maps whose values name backends.
    static let routingMaps: Set = [
        "host", SectionNames.wholeHostsMap, "path-exact", "path-prefix", "sni", SectionNames.tcpServicesMap,
    ]

    private func settingUpdates(to desired: DesiredState, headers: [String]) -> [RuntimeUpdate] {
        headers.flatMap { header -> [RuntimeUpdate] in
            let running = Set(runningSection(header)?.lines.compactMap(\.setting) ?? [])
            let wanted = desired.section(header)?.lines.compactMap(\.setting) ?? []
            return wanted.filter { !running.contains($0) }.map(RuntimeUpdate.set)
        }
    }

    private func mapUpdates(
        to desired: DesiredState, in parts: ChangedParts, where include: (String) -> Bool
    ) -> (set: [RuntimeUpdate], removed: [RuntimeUpdate]) {
        var set: [RuntimeUpdate] = []
        var removed: [RuntimeUpdate] = []
        for name in parts.isEverything ? maps.keys.sorted() : parts.maps.keys.sorted() where include(name) {
            guard let running = maps[name] else { continue }
            let wanted = desired.maps[name]?.entries ?? [:]
            let changes =
                parts.isEverything
                ? MapChanges(from: running, to: wanted)
                : MapChanges(from: running, to: wanted, keys: parts.maps[name] ?? [])
            var additions = changes
            additions.removed = []
            if isWholesale(additions, of: running) {
                let all = running.merging(additions.added) { $1 }.merging(additions.changed) { $1 }
                set.append(.replaceMap(name: name, entries: all))
            } else if !additions.isEmpty {
                set.append(.updateMap(name: name, additions))
            }
            var removals = MapChanges()
            removals.removed = changes.removed
            if isWholesale(removals, of: running) {
                removed.append(.replaceMap(name: name, entries: wanted))
            } else if !removals.isEmpty {
                removed.append(.updateMap(name: name, removals))
            }
        }
        return (set, removed)
    }

    private func isWholesale(_ changes: MapChanges, of running: [String: String]) -> Bool {
        changes.count >= wholesaleLimit && 2 * changes.count >= running.count
    }

    /// What must not wait for a reload that has to wait: pods that come and go. The servers have the keywords that their backend
    /// has had so far; others come with the routes that ask for them.
    ///
    /// - Returns: the updates of each backend for itself: one that HAProxy refuses keeps no other one waiting.
    public func urgentUpdates(to desired: DesiredState, in parts: ChangedParts = .everything) -> [[RuntimeUpdate]] {
        headers(parts, desired).compactMap { header -> [RuntimeUpdate]? in
            guard let wanted = desired.section(header)?.pool, let running = runningSection(header)?.pool else { return nil }
            let pool = [(header, running.with(wanted.servers, maxconn: wanted.maxconn))]
            let servers = serverUpdates(pool)
            let updates = fileUpdates(to: desired, pool) + servers.added + servers.removed
            return updates.isEmpty ? nil : updates
        }
    }

    private func serverUpdates(
        _ pools: [(header: String, pool: ServerPool)]
    ) -> (added: [RuntimeUpdate], replaced: [RuntimeUpdate], removed: [RuntimeUpdate]) {
        var added: [RuntimeUpdate] = []
        var replaced: [RuntimeUpdate] = []
        var removed: [RuntimeUpdate] = []
        for (header, pool) in pools {
            let backend = runningName(String(header.dropFirst("backend ".count)))
            let running = servers[backend] ?? [:]
            if withdrawn.contains(backend) { added.append(.publishBackend(backend)) }
            added += limitUpdates(backend: backend, pool: pool, running: running)
            if let count = slots[backend] {
                slotUpdates(backend: backend, pool: pool, count: count, running: running, added: &added, removed: &removed)
                continue
            }
            let isAdopted = sections["backend \(backend)"]?.pool.map { $0.replaceableText != pool.replaceableText } ?? false
            if isAdopted { added.append(.adopt(backend: backend, pool.with([], maxconn: pool.maxconn))) }
            let wanted = Set(pool.servers.map(\.name))
            for server in pool.servers {
                guard let old = running[server.name] else {
                    added.append(.addServer(backend: backend, server, keywords: pool.keywordsAtRunTime))
                    continue
                }
                if old == .unknown {
                    added.append(
                        .restoreServer(backend: backend, name: server.name, server, isChecked: pool.keywordsAtRunTime.areChecked))
                } else if old != server || removing[backend]?.contains(server.name) == true {
                    added.append(.setServer(backend: backend, server))
                }
            }
            for name in running.keys.sorted() where !wanted.contains(name) && removing[backend]?.contains(name) != true {
                if isAdopted {
                    replaced.append(.retireServer(backend: backend, name: name))
                } else {
                    removed.append(.removeServer(backend: backend, name: name))
                }
            }
        }
        return (added, replaced, removed)
    }

    /// The servers of a backend that is wanted no more.
    private func goodbyes(_ header: String) -> [RuntimeUpdate] {
        guard header.hasPrefix("backend ") else { return [] }
        let name = String(header.dropFirst("backend ".count))
        let backend = runningName(name)
        let servers = (servers[backend]?.keys.sorted() ?? []).filter { removing[backend]?.contains($0) != true }
        return servers.map { server in
            slots[backend] == nil ? .removeServer(backend: backend, name: server) : .freeSlot(backend: backend, slot: server)
        } + (spares[name] == nil ? [] : [.unbind(backend: name)]) + (isRemovable(backend) ? [.withdrawBackend(backend)] : [])
    }

    /// Whether HAProxy can be asked to forget the backend.
    private func isRemovable(_ backend: String) -> Bool {
        !profiles.isEmpty && !withdrawn.contains(backend) && slots[backend] == nil && sections["backend \(backend)"]?.pool != nil
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
    private func fileUpdates(to desired: DesiredState, _ pools: [(header: String, pool: ServerPool)]) -> [RuntimeUpdate] {
        var paths: Set<String> = []
        for (_, pool) in pools where !pool.servers.isEmpty { paths.formUnion(pool.filePaths) }
        return paths.sorted().compactMap { path in
            guard let file = desired.files[path], files[path] == nil else { return nil }
            return switch file.kind {
            case .authority: .addAuthority(path: path, content: file.content)
            case .certificate where desired.certificateList.entries[path] == nil:
                .addCertificate(path: path, content: file.content)
            default: nil
            }
        }
    }
}

extension ServerPool {
    /// The files that the keywords of the servers name.
    var filePaths: [String] {
        (keywords + replaceable).flatMap { keyword -> [String] in
            let words = keyword.value.text.split(separator: " ")
            return zip(words, words.dropFirst()).filter { $0.0 == "crt" || $0.0 == "ca-file" }.map { String($0.1) }
        }
    }
}

extension DesiredState {
    /// The certificates that servers of some pools show, and nobody else.
    func poolCertificates(of include: (ServerPool) -> Bool) -> Set<String> {
        let paths = backends.values.compactMap(\.pool).filter(include).flatMap(\.filePaths)
        return Set(paths).filter { files[$0]?.kind == .certificate && certificateList.entries[$0] == nil }
    }
}
