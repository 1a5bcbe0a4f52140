import Core

extension Applier {
    /// - Returns: why an update failed.
    func update(_ updates: [RuntimeUpdate]) async -> String? {
        do {
            var names = running?.names ?? RunningNames()
            for case .bind(let section, let spare) in updates { names.spares[section.name] = spare }
            try await updater.perform(updates, names: names)
        } catch {
            return "\(error)"
        }
        let leaving = running?.pendingCount ?? 0
        for update in updates {
            running?.apply(update)
            if case .bind(let section, let spare) = update {
                logger.info("\(spare) stands in for \(section.name) until the next reload")
            }
        }
        repairs = []
        metrics.countRuntimeUpdates(updates.count)
        let pending = running?.pendingCount ?? 0
        if pending > leaving || (pending > 0 && removals == nil) { removeSoon() }
        return nil
    }

    /// Servers go when their sessions have ended, and backends after them; until then they are asked again and again, ever more slowly. A server that begins to
    /// leave is asked soon, whatever others wait for: it may keep a backend from its next Service.
    func removeSoon() {
        let first = Duration.milliseconds(10)
        guard removals == nil || removalPause > first else { return }
        removals?.cancel()
        removalPause = first
        removals = Task { [weak self] in
            while let pause = await self?.removalPause {
                do { try await Task.sleep(for: pause) } catch { return }
                guard await self?.finishRemovals() == true else { return }
            }
        }
    }

    /// - Returns: whether some are left.
    private func finishRemovals() async -> Bool {
        await begin()
        defer { end() }
        guard !Task.isCancelled else { return false }
        let deleted = (try? await updater.delete(running?.pendingRemovals ?? [])) ?? []
        for server in deleted { running?.removalFinished(backend: server.backend, server: server.server) }
        let backends = running?.pendingBackends ?? []
        if !backends.isEmpty, let answers = try? await updater.delete(backends: backends) {
            for name in answers.deleted { running?.backendRemoved(name) }
            for name in answers.kept { running?.backendKept(name) }
        }
        guard let pending = running?.pendingCount, pending > 0 else {
            removals = nil
            return false
        }
        removalPause = min(removalPause * 2, .seconds(2))
        return true
    }
}
