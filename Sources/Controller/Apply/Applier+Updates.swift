import Core

extension Applier {
    /// - Returns: why an update failed.
    func update(_ updates: [RuntimeUpdate]) async -> String? {
        do {
            var names = running?.names ?? RunningNames()
            for case .bind(let section, let spare) in updates { names.spares[section.name] = spare }
            try await (whileLoading ?? updater).perform(updates, names: names)
        } catch {
            metrics.countConnection(updates, isSuccess: false)
            return "\(error)"
        }
        metrics.countConnection(updates, isSuccess: true)
        for update in updates {
            running?.apply(update)
            if let departure = update.departure { departures.add(departure, now: .now) }
            if case .bind(let section, let spare) = update {
                logger.info("\(spare) stands in for \(section.name) until the next reload")
            }
        }
        repairs = []
        metrics.countRuntimeUpdates(updates.count)
        removeInTime()
        return nil
    }

    /// Servers go when their sessions have ended, and backends after them.
    private func removeInTime() {
        guard let next = departures.next, removalTime.map({ next < $0 }) ?? true else { return }
        removals?.cancel()
        removalTime = next
        removals = Task { [weak self] in
            while let time = await self?.removalTime {
                do { try await Task.sleep(until: time) } catch { return }
                await self?.remove()
            }
        }
    }

    private func remove() async {
        await begin()
        defer { end() }
        // Another task has taken over.
        guard !Task.isCancelled else { return }
        var departures = departures
        await departures.askForDue(now: .now, forget)
        self.departures = departures
        removalTime = departures.next
    }

    /// Asks HAProxy to forget what leaves.
    ///
    /// - Returns: those that stay, to be asked for again.
    private func forget(_ leaving: [Departure]) async -> Set<Departure> {
        let leaving = leaving.filter { running?.isLeaving($0.backend, server: $0.server) == true }
        let servers = leaving.compactMap { departure in departure.server.map { (backend: departure.backend, server: $0) } }
        var staying = Set(leaving)
        let deleted = servers.isEmpty ? [] : (try? await updater.delete(servers)) ?? []
        for server in deleted {
            running?.removalFinished(backend: server.backend, server: server.server)
            staying.remove(Departure(backend: server.backend, server: server.server))
        }
        // A backend goes with its last server, whenever it would have its turn.
        let backends = Set(leaving.map(\.backend)).filter { running?.canGo($0) == true }.sorted()
        if !backends.isEmpty, let answers = try? await updater.delete(backends: backends) {
            for name in answers.deleted { running?.backendRemoved(name) }
            for name in answers.kept { running?.backendKept(name) }
            for name in answers.deleted + answers.kept { staying.remove(Departure(backend: name, server: nil)) }
        }
        return staying
    }
}

extension RuntimeUpdate {
    /// What HAProxy is to forget after the update.
    fileprivate var departure: Departure? {
        switch self {
        case .retireServer(let backend, let name), .removeServer(let backend, let name): Departure(backend: backend, server: name)
        case .withdrawBackend(let name): Departure(backend: name, server: nil)
        default: nil
        }
    }
}
