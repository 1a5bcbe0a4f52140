import Core

extension Applier {
    /// - Returns: why an update failed.
    func update(_ updates: [RuntimeUpdate]) async -> String? {
        do {
            var bound = running?.spares ?? [:]
            for case .bind(let backend, let spare, _) in updates { bound[backend] = spare }
            try await updater.perform(updates, spares: bound)
        } catch {
            return "\(error)"
        }
        for update in updates {
            running?.apply(update)
            if case .bind(let backend, let spare, _) = update {
                logger.info("\(spare) stands in for \(backend) until the next reload")
            }
        }
        repairs = []
        metrics.countRuntimeUpdates(updates.count)
        scheduleRemovals()
        return nil
    }

    /// Servers go when their sessions have ended; until then they are asked again and again.
    func scheduleRemovals() {
        guard removals == nil, running?.pendingRemovals.isEmpty == false else { return }
        removals = Task { [weak self] in
            var delay = Duration.milliseconds(100)
            while !Task.isCancelled {
                try? await Task.sleep(for: delay)
                guard let self, await self.finishRemovals() else { return }
                delay = min(delay * 2, .seconds(2))
            }
        }
    }

    /// - Returns: whether some are left.
    func finishRemovals() async -> Bool {
        await begin()
        defer { end() }
        guard let pending = running?.pendingRemovals, !pending.isEmpty else {
            removals = nil
            return false
        }
        let deleted = (try? await updater.delete(pending)) ?? []
        for server in deleted { running?.removalFinished(backend: server.backend, server: server.server) }
        if running?.pendingRemovals.isEmpty != false {
            removals = nil
            return false
        }
        return true
    }
}
