import Glibc

extension ChildProcess {
    /// A program that did not end in time; it was killed.
    struct TimedOut: Error {}

    /// Runs a program to its end and returns what it wrote.
    ///
    /// - Parameter isBackground: whether all other programs come first where processors are short.
    static func run(
        program: String, arguments: [String], environment: [String: String], timeout: Duration, isBackground: Bool = false
    ) async throws -> (status: ExitStatus, lines: [String]) {
        let output = OutputTail(capacity: 10_000)
        let (ends, end) = AsyncStream<ExitStatus>.makeStream()
        let child = try await start(
            program: program, arguments: arguments, environment: environment,
            onLine: { output.append($0) },
            onExit: {
                end.yield($0)
                end.finish()
            })
        if isBackground { child.comeLast() }
        let watchdog = Task {
            try await Task.sleep(for: timeout)
            child.send(signal: SIGKILL)
            return true
        }
        // Not tied to the caller's cancellation: the child is always waited for.
        let status = await Task {
            for await status in ends { return status }
            return ExitStatus.exited(-1)
        }.value
        watchdog.cancel()
        if (try? await watchdog.value) == true { throw TimedOut() }
        return (status, output.lines())
    }
}
