import Glibc

extension HAProxyProcess {
    /// Takes over an HAProxy that an earlier controller left serving in the same runtime directory, and makes it load the
    /// configuration of now. Its listeners stay open all the while.
    ///
    /// - Returns: whether there was one.
    /// - Throws: ``Failure/notReady`` when it does not load the configuration; it goes on serving what it had.
    func adopt() async throws(Failure) -> Bool {
        guard settings.adoptsRunning, let status = try? await master.status(), isOurMaster(status.pid),
            let process = AdoptedProcess(pid: status.pid)
        else { return false }
        child = process
        exit = nil
        phase = .running
        switch await reload(timeout: settings.startTimeout) {
        case .reloaded: break
        case .failed(let reason, let output):
            guard phase == .running, exit == nil else { throw .notReady(reason: reason, output: output) }
            child = nil
            phase = .starting
            throw .notReady(reason: reason, output: output)
        }
        logger.info("took over the HAProxy that was serving", metadata: ["pid": "\(process.pid)"])
        Task {
            await process.waitForExit()
            self.childExited(.unknown)
        }
        return true
    }

    /// Leaves HAProxy serving for the next controller to adopt. The object is of no more use.
    public func handOver() {
        phase = .stopping
        abandonSupervision()
        report.finish()
    }
}
