import Core
import Foundation
import Glibc
import Logging

/// A running HAProxy: a master with its workers, as a child of the controller (management manual, sections 3, 4 and 9.4).
///
/// The master runs in the foreground in a process group of its own. When it dies it is started again with growing delays; the
/// `events` tell, because a started HAProxy knows only what its files say. A worker that dies takes its master along (HAProxy's
/// default, `no-exit-on-failure` unset), so that both cases are one.
///
/// If the controller itself is killed, HAProxy gets SIGTERM where util-linux's `setpriv` is installed and `diesWithController` is
/// set; otherwise it goes on serving, and the next `start()` adopts it where that is wanted and reports `.alreadyRunning` else.
public actor HAProxyProcess {
    /// Files, places and times.
    public struct Settings: Sendable {
        public var program: String
        public var configurationFile: String
        /// Holds the pid file and the master socket. Everything of HAProxy in it is removed at the end.
        public var runtimeDirectory: String
        /// The `stats socket` of the configuration file.
        public var runtimeSocket: String
        /// Sockets of the configuration file that HAProxy makes for itself.
        public var innerSockets: [String] = []
        public var environment: [String: String]
        public var diesWithController: Bool
        /// Whether an HAProxy that an earlier controller left behind is taken over.
        public var adoptsRunning: Bool
        /// Where HAProxy's standard output goes: the lines of log targets that name it.
        public var standardOutput: Int32 = STDOUT_FILENO
        /// How long a start may take until the worker answers.
        public var startTimeout: Duration
        /// How many workers of earlier configurations may go on with their connections.
        public var maximalOldWorkers = 20
        public var backOff: BackOff

        public init(
            program: String = "/usr/sbin/haproxy", configurationFile: String, runtimeDirectory: String, runtimeSocket: String,
            environment: [String: String] = [:], diesWithController: Bool = true, adoptsRunning: Bool = false,
            startTimeout: Duration = .seconds(30), backOff: BackOff = BackOff()
        ) {
            self.program = program
            self.configurationFile = configurationFile
            self.runtimeDirectory = runtimeDirectory
            self.runtimeSocket = runtimeSocket
            self.environment = environment
            self.diesWithController = diesWithController
            self.adoptsRunning = adoptsRunning
            self.startTimeout = startTimeout
            self.backOff = backOff
        }

        public var masterSocket: String { "\(runtimeDirectory)/haproxy-master.sock" }
        public var pidFile: String { "\(runtimeDirectory)/haproxy.pid" }
    }

    public enum Event: Hashable, Sendable {
        /// HAProxy answers; the first start is generation 1, each restart after a death one more.
        case started(generation: Int)
        /// It ended without being told to; the last lines it wrote.
        case exited(ExitStatus, output: [String])
        case restarting(after: Duration)
    }

    public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// Another HAProxy uses the same runtime directory.
        case alreadyRunning(pid: Int32)
        case alreadyStarted
        case cannotStart(String)
        /// It started but did not get ready; the reason is in HAProxy's words where it gave one.
        case notReady(reason: String, output: [String])
        case notRunning

        public var description: String {
            switch self {
            case .alreadyRunning(let pid): "HAProxy already runs as process \(pid) with the same runtime directory"
            case .alreadyStarted: "HAProxy was already started"
            case .cannotStart(let reason): "HAProxy cannot be started: \(reason)"
            case .notReady(let reason, _): "HAProxy does not run: \(reason)"
            case .notRunning: "HAProxy is not running"
            }
        }
    }

    enum Phase: Equatable { case idle, starting, running, waiting, stopping }

    public nonisolated let settings: Settings
    /// What happens to the process. One consumer; ends with `stop`.
    public nonisolated let events: AsyncStream<Event>
    let report: AsyncStream<Event>.Continuation
    let logger: Logger
    nonisolated let output = OutputTail()
    nonisolated let master: MasterSocket
    nonisolated let runtime: RuntimeSocket
    var phase = Phase.idle
    var child: (any MasterProcess)?
    /// How the last child ended; nil while it lives.
    var exit: ExitStatus?
    var isReloading = false
    var isLimitingWorkers = false
    public private(set) var generation = 0
    private var startedAt = ContinuousClock.now
    private var supervision: Task<Void, Never>?
    private var failures = 0

    public init(settings: Settings, logger: Logger) {
        self.settings = settings
        self.logger = logger
        master = MasterSocket(path: settings.masterSocket)
        runtime = RuntimeSocket(path: settings.runtimeSocket, timeout: .seconds(5))
        (events, report) = AsyncStream.makeStream()
    }

    private var beforeRestart: (@Sendable () async -> Void)?

    /// The master's pid; nil when it does not run.
    public var processID: Int32? { exit == nil ? child?.pid : nil }

    /// Has something done each time before HAProxy is started again after a death.
    func beforeRestart(_ action: @escaping @Sendable () async -> Void) { beforeRestart = action }

    /// Starts HAProxy and returns when its worker answers on the runtime socket. A first start that fails is not retried.
    public func start() async throws(Failure) {
        guard phase == .idle else { throw .alreadyStarted }
        phase = .starting
        do throws(Failure) {
            if try await adopt() { return begin() }
            try await removeLeftovers()
            try await launch()
        } catch {
            if phase == .starting { phase = .idle }
            throw error
        }
    }

    /// HAProxy answers and has loaded its files.
    private func begin() {
        generation += 1
        report.yield(.started(generation: generation))
    }

    func abandonSupervision() { supervision?.cancel() }

    /// The master and all its workers, old ones included.
    public func status() async throws(Failure) -> MasterStatus {
        guard processID != nil, let status = try? await master.status() else { throw .notRunning }
        return status
    }

    public func workers() async throws(Failure) -> [WorkerProcess] { try await status().workers }

    /// The last lines that HAProxy wrote about itself.
    public nonisolated var lastOutput: [String] { output.lines() }

    // MARK: - Life and death

    private func launch() async throws(Failure) {
        let mark = output.mark
        exit = nil
        let started: ChildProcess
        do {
            started = try await ChildProcess.start(
                program: settings.program,
                arguments: [
                    // Not every file is looked for relative to the configuration (`default-path`): server certificates are not.
                    "-C", URL(fileURLWithPath: settings.configurationFile).deletingLastPathComponent().path, "-W", "-S",
                    "\(settings.masterSocket),mode,600", "-p", settings.pidFile, "-f", settings.configurationFile,
                ],
                environment: settings.environment, diesWithParent: settings.diesWithController,
                standardOutput: settings.standardOutput,
                onLine: { [logger, output] line in
                    output.append(line)
                    logger.log(level: Self.level(of: line), "\(line)")
                },
                onExit: { status in Task { await self.childExited(status) } })
        } catch {
            throw .cannotStart("\(error)")
        }
        child = started
        startedAt = .now
        do throws(Failure) {
            try await waitUntilReady(started, mark: mark)
            guard phase != .stopping else { throw Failure.notRunning }
        } catch {
            await killEverything(of: started)
            removeFiles()
            throw error
        }
        phase = .running
        begin()
        logger.info("HAProxy runs", metadata: ["pid": "\(started.pid)", "generation": "\(generation)"])
    }

    private func waitUntilReady(_ child: ChildProcess, mark: Int) async throws(Failure) {
        let deadline = ContinuousClock.now + settings.startTimeout
        while exit == nil {
            if let status = try? await master.status(), status.pid == child.pid, let worker = status.currentWorkers.first,
                await workerAnswering() == worker.pid
            {
                return
            }
            guard ContinuousClock.now < deadline else {
                throw .notReady(reason: "no answer on \(settings.runtimeSocket)", output: output.lines(since: mark))
            }
            guard phase != .stopping else { throw .notRunning }
            await pause(.milliseconds(20))
        }
        let lines = output.lines(since: mark)
        let ending = exit.map { "it ended with \($0)" } ?? "it ended"
        throw .notReady(reason: lines.failureReason ?? ending, output: lines)
    }

    func childExited(_ status: ExitStatus) {
        exit = status
        guard phase == .running else { return }
        report.yield(.exited(status, output: output.lines()))
        logger.error("HAProxy ended unexpectedly", metadata: ["status": "\(status)"])
        phase = .waiting
        if ContinuousClock.now - startedAt >= settings.backOff.resetAfter { failures = 0 }
        supervision = Task { await restart() }
    }

    private func restart() async {
        if let child { await killEverything(of: child) }
        while phase == .waiting {
            let delay = settings.backOff.delay(failures: failures)
            failures += 1
            report.yield(.restarting(after: delay))
            do { try await Task.sleep(for: delay) } catch { return }
            guard phase == .waiting else { return }
            do throws(Failure) {
                phase = .starting
                await beforeRestart?()
                try await removeLeftovers()
                try await launch()
            } catch {
                logger.error("\(error)")
                guard phase == .starting else { return }
                phase = .waiting
                report.yield(.exited(exit ?? .exited(1), output: output.lines()))
                continue
            }
            // The child may have died between its first answer and here.
            if phase == .running, let exit { childExited(exit) }
            return
        }
    }

    /// Ends HAProxy: soft stop (SIGUSR1), after the grace period SIGTERM, at last SIGKILL for the whole process group. Afterwards
    /// no process and no file of it is left. The object cannot be started again.
    public func stop(gracePeriod: Duration = .seconds(30)) async {
        phase = .stopping
        supervision?.cancel()
        if let child, exit == nil {
            // Old workers may have connections that nobody sees here.
            var worker = await oldWorkerCount() == 0 ? try? await runtime.pinned() : nil
            child.send(signal: SIGUSR1)
            if await !exited(within: gracePeriod, orIdle: &worker) {
                child.send(signal: SIGTERM)
                _ = await exited(within: .seconds(2))
            }
        }
        if let child { await killEverything(of: child) }
        await supervision?.value
        if let child, exit == nil { await killEverything(of: child) }
        if child != nil { removeFiles() }
        report.finish()
    }

    /// - Parameter worker: with an open connection to the worker, which is closed when it has no others: then it may go. HAProxy 3.4
    ///   would wait five seconds more for somebody to take over its stick tables.
    private func exited(within limit: Duration, orIdle worker: inout RuntimeSocket?) async -> Bool {
        let deadline = ContinuousClock.now + limit
        while exit == nil, ContinuousClock.now < deadline {
            await pause(.milliseconds(20))
            guard let info = try? await worker?.showInfo(), let connections = info["CurrConns"] else {
                worker = nil
                continue
            }
            // This one does not count.
            guard info["Stopping"] == "1", connections == "0" else { continue }
            worker = nil
            return await exited(within: .milliseconds(200))
        }
        return exit != nil
    }

    private func exited(within limit: Duration) async -> Bool {
        let deadline = ContinuousClock.now + limit
        while exit == nil, ContinuousClock.now < deadline { await pause(.milliseconds(20)) }
        return exit != nil
    }

    /// Kills what is left of the process group and waits until it is gone.
    private func killEverything(of child: any MasterProcess) async {
        let deadline = ContinuousClock.now + .seconds(5)
        while child.sendToGroup(signal: SIGKILL) || exit == nil, ContinuousClock.now < deadline {
            await pause(.milliseconds(10))
        }
    }

    /// Sleeps even when the task was cancelled: stopping must not become a busy loop.
    func pause(_ duration: Duration) async {
        await Task.detached { try? await Task.sleep(for: duration) }.value
    }

    /// The pid of the worker behind the runtime socket; nil when nobody answers.
    nonisolated func workerAnswering() async -> Int32? {
        guard let info = try? await runtime.showInfo() else { return nil }
        return info["Pid"].flatMap { Int32($0) }
    }

    /// What commands to change the state of servers lead to, which is no news.
    private static let consequences = [
        "forced maintenance", "forced drain", "going DOWN for maintenance", "enters drain state",
        "backend '\(BackendReserve.sparePrefix)",
        // Each worker says so of each of its sections when a reload ends it, and of each pod that a server with other keywords
        // takes over.
        " stopped (cumulated conns:", "two equal cookies for two different servers",
    ]

    static func level(of line: String) -> Logger.Level {
        let problem = CheckProblem(line: line)
        if let problem, consequences.contains(where: { problem.message.contains($0) }) { return .debug }
        // A Service without pods is its owner's business.
        if let problem, problem.message.contains("has no server available!") { return .warning }
        return switch problem?.severity {
        case .alert: .error
        case .warning: .warning
        case .notice: .debug
        case nil: .info
        }
    }
}
