import Glibc

/// Each reload leaves a worker behind that finishes its connections, with all of its memory.
extension HAProxyProcess {
    /// How long a worker may take to end by itself: one without connections does so at once.
    private static let leavingTime = Duration.seconds(1)

    /// How many workers only finish their connections; nil when the master does not tell.
    func oldWorkerCount() async -> Int? {
        guard processID != nil else { return 0 }
        let master = MasterSocket(path: settings.masterSocket, timeout: .seconds(1))
        return try? await master.status()?.workers.filter(\.isOld).count
    }

    /// Ends the oldest workers, with the connections that they have, until no more than `maximalOldWorkers` are left.
    ///
    /// HAProxy's own `mworker-max-reloads` counts the reloads that a worker outlives, failed ones too, and not the workers.
    func limitOldWorkers() async {
        guard !isLimitingWorkers else { return }
        isLimitingWorkers = true
        defer { isLimitingWorkers = false }
        guard await surplus().isEmpty == false else { return }
        await pause(Self.leavingTime)
        for worker in await surplus() {
            logger.warning(
                "ended the oldest worker of HAProxy, with its connections: more than --max-old-workers were left of reloads",
                metadata: ["pid": "\(worker.pid)", "uptime": "\(worker.uptime)"])
            kill(worker.pid, SIGTERM)
        }
    }

    /// Old workers beyond the limit, the oldest first.
    private func surplus() async -> ArraySlice<WorkerProcess> {
        guard let workers = try? await workers() else { return [] }
        let old = workers.filter(\.isOld).sorted { ($0.reloads, $1.pid) > ($1.reloads, $0.pid) }
        return old.prefix(max(0, old.count - settings.maximalOldWorkers))
    }
}
