import Foundation
import Glibc
import Synchronization

/// How a process ended.
public enum ExitStatus: Hashable, Sendable, CustomStringConvertible {
    case exited(Int32)
    case signalled(Int32)
    /// Of a process that was no child.
    case unknown

    init(waitStatus: Int32) {
        let signal = waitStatus & 0x7f
        self = signal == 0 ? .exited((waitStatus >> 8) & 0xff) : .signalled(signal)
    }

    public var description: String {
        switch self {
        case .exited(let code): "exit status \(code)"
        case .signalled(let signal): "signal \(signal)"
        case .unknown: "a status that nobody saw"
        }
    }
}

/// A system call that failed while a process was started.
struct SpawnError: Error, CustomStringConvertible {
    var call: String
    var code: Int32
    var description: String { "\(call): \(String(cString: strerror(code)))" }
}

/// A child process in a process group of its own, with stderr, and stdout unless it is passed on, delivered line by line.
///
/// One thread starts the child and waits for exactly that pid, another reads its output: nothing here installs a SIGCHLD handler or
/// blocks a thread of the concurrency runtime.
final class ChildProcess: Sendable {
    /// The process, which is also the number of its process group.
    let pid: pid_t
    private let reaped: Mutex<Bool>
    private let groupIsGone: Mutex<Bool>

    private init(pid: pid_t) {
        self.pid = pid
        reaped = Mutex(false)
        groupIsGone = Mutex(false)
    }

    /// Gives the program a tenth of what others get where processors are short (nice 10).
    func comeLast() {
        reaped.withLock { if !$0 { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(pid), 10) } }
    }

    /// Sends a signal, unless the process was already waited for (its pid may belong to somebody else by then).
    func send(signal: Int32) {
        reaped.withLock { if !$0 { _ = kill(pid, signal) } }
    }

    /// Sends a signal to everything in the child's process group; false when the group is empty, from then on for good, since its
    /// number may be given out again.
    @discardableResult
    func sendToGroup(signal: Int32) -> Bool {
        let isReaped = reaped.withLock { $0 }
        return groupIsGone.withLock { gone in
            guard !gone else { return false }
            // As process 1 of a container we inherit the orphans; unreaped they would fill the group for ever.
            if isReaped { while waitpid(-pid, nil, WNOHANG) > 0 {} }
            let found = kill(-pid, signal) == 0
            gone = !found && isReaped
            return found
        }
    }

    /// Starts a program.
    ///
    /// With `diesWithParent` the child gets SIGTERM when this process dies in whatever way, if `setpriv` (util-linux) is installed:
    /// `posix_spawn` cannot set PR_SET_PDEATHSIG itself. The signal is bound to the starting thread, which therefore lives as long
    /// as the child.
    ///
    /// With `standardOutput` the child's stdout is written to that descriptor as it is, line by line.
    ///
    /// `onExit` comes after the last line.
    static func start(
        program: String, arguments: [String], environment: [String: String],
        diesWithParent: Bool = false, standardOutput: Int32? = nil, onLine: @escaping @Sendable (String) -> Void,
        onExit: @escaping @Sendable (ExitStatus) -> Void
    ) async throws -> ChildProcess {
        var command = [program] + arguments
        if diesWithParent, access(setpriv, X_OK) == 0 { command = [setpriv, "--pdeathsig", "TERM", "--"] + command }
        let words = command
        return try await withCheckedThrowingContinuation { continuation in
            let thread = Thread {
                let child: ChildProcess
                let reader: OutputReader
                let relay: OutputRelay?
                do {
                    let lines = try OutputPipe()
                    defer { lines.closeWritingEnd() }
                    var passedOn: OutputPipe?
                    defer { passedOn?.closeWritingEnd() }
                    do {
                        passedOn = try standardOutput.map { _ in try OutputPipe() }
                        reader = try OutputReader(descriptor: lines.readingEnd, onLine: onLine)
                        relay = try standardOutput.flatMap { target in
                            try passedOn.map { try OutputRelay(from: $0, to: target) }
                        }
                        let pid = try spawn(
                            words, environment: environment, output: (passedOn ?? lines).writingEnd, errors: lines.writingEnd)
                        child = ChildProcess(pid: pid)
                    } catch {
                        lines.closeReadingEnd()
                        passedOn?.closeReadingEnd()
                        throw error
                    }
                } catch {
                    continuation.resume(throwing: error)
                    return
                }
                reader.start()
                relay?.start()
                continuation.resume(returning: child)
                let status = child.waitForExit()
                reader.finish()
                relay?.finish()
                onExit(status)
            }
            thread.stackSize = 256 * 1024
            thread.start()
        }
    }

    private static let setpriv = "/usr/bin/setpriv"

    private func waitForExit() -> ExitStatus {
        // WNOWAIT first: the pid stays ours until `reaped` is set, so that no signal can reach a stranger.
        var info = siginfo_t()
        while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) == -1, errno == EINTR {}
        return reaped.withLock { reaped in
            var status: Int32 = 0
            while waitpid(pid, &status, 0) == -1, errno == EINTR {}
            reaped = true
            return ExitStatus(waitStatus: status)
        }
    }

    private static func spawn(
        _ words: [String], environment: [String: String], output: Int32, errors: Int32
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        // Whatever this process has open and did not mark close-on-exec is not the child's; closing a closed one does no harm.
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? [] {
            if let descriptor = Int32(name), descriptor > 2 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        }

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var pid: pid_t = 0
        let result =
            withCStrings(words) { arguments in
                withCStrings(environment.map { "\($0.key)=\($0.value)" }) { variables in
                    posix_spawn(&pid, words[0], &actions, &attributes, arguments, variables)
                } ?? EINVAL
            } ?? EINVAL
        guard result == 0 else { throw SpawnError(call: words[0], code: result) }
        return pid
    }

    private static func withCStrings<R>(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> R
    ) -> R? {
        var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        pointers.append(nil)
        return pointers.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map(body)
        }
    }
}
