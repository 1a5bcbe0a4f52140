import Glibc

/// How a reload ended.
public enum ReloadResult: Hashable, Sendable {
    /// The new worker answers on the runtime socket.
    case reloaded(worker: Int32)
    /// The old worker goes on serving. The reason and the lines are HAProxy's own where it gave any.
    case failed(reason: String, output: [String])
}

extension HAProxyProcess {
    /// Makes HAProxy load its configuration file again and waits until that is known to have worked or failed.
    ///
    /// `haproxy -c` cannot see everything: an address in use or a limit of file descriptors is noticed only when the new worker
    /// loads. The master then stays with the old worker and counts a failed reload in `show proc`; only a worker with a new pid that
    /// answers on the runtime socket counts as success. 2.6 closes the connection at `reload` and answers nothing, 2.7 and newer
    /// answer `Success=0` or `Success=1`; both are judged by what runs afterwards.
    public func reload(timeout: Duration = .seconds(10)) async -> ReloadResult {
        while isReloading { await pause(.milliseconds(20)) }
        isReloading = true
        defer { isReloading = false }
        let mark = output.mark
        let result = await reloadOnce(timeout: timeout)
        defer { Task { await limitOldWorkers() } }
        // A worker that waits for an address pauses the old one's listeners, which it has inherited: when it then gets the
        // address, they stay paused. The next worker finds them so and listens again.
        await pause(.milliseconds(20))
        guard case .reloaded = result, output.lines(since: mark).contains(where: { $0.contains("Paused frontend") }) else {
            return result
        }
        return await reloadOnce(timeout: timeout)
    }

    private func reloadOnce(timeout: Duration) async -> ReloadResult {
        guard phase == .running, exit == nil else { return .failed(reason: Failure.notRunning.description, output: []) }
        let deadline = ContinuousClock.now + timeout
        let generation = generation
        let mark = output.mark
        guard let before = try? await master.status() else {
            return .failed(reason: "HAProxy's master does not answer", output: output.lines(since: mark))
        }
        let known = Set(before.workers.map(\.pid))
        let socket = KeptSocket(settings.runtimeSocket)
        defer { socket.forget() }
        // Unanswered by 2.6; an answer that does not come is decided by what `show proc` says.
        let answer = (try? await master.send("reload", timeout: timeout)) ?? ""
        if answer.hasPrefix("Success=0") {
            socket.restore()
            let lines = answer.split(separator: "\n").dropFirst().map(String.init)
            return .failed(reason: lines.failureReason ?? "HAProxy could not load the new configuration", output: lines)
        }
        while ContinuousClock.now < deadline {
            guard exit == nil, self.generation == generation, phase == .running else {
                let lines = output.lines(since: mark)
                return .failed(
                    reason: "HAProxy ended during the reload: \(lines.failureReason ?? "no reason given")", output: lines)
            }
            if let now = try? await master.status(), now.reloads > before.reloads {
                if now.failedReloads > 0 {
                    socket.restore()
                    // The last lines may still be in the pipe.
                    await pause(.milliseconds(100))
                    let lines = output.lines(since: mark)
                    return .failed(reason: lines.failureReason ?? "HAProxy could not load the new configuration", output: lines)
                }
                if let worker = now.currentWorkers.first(where: { !known.contains($0.pid) }),
                    await workerAnswering() == worker.pid
                {
                    logger.info("HAProxy reloaded", metadata: ["worker": "\(worker.pid)", "reloads": "\(now.reloads)"])
                    return .reloaded(worker: worker.pid)
                }
            }
            await pause(.milliseconds(20))
        }
        return .failed(reason: "no new worker answered within \(timeout)", output: output.lines(since: mark))
    }
}
