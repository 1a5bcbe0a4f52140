import Foundation
import Glibc
import Logging
import Testing

@testable import Controller

@Suite("An HAProxy that an earlier controller left behind")
struct AdoptionTests {
    private static func process(_ bench: HAProxyBench) -> HAProxyProcess {
        var settings = bench.settings
        settings.diesWithController = false
        settings.adoptsRunning = true
        return HAProxyProcess(settings: settings, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    @Test("is taken over with its connections, loads the configuration of now, and is supervised and stopped as one's own")
    func adoption() async throws {
        let bench = try HAProxyBench()
        defer { bench.remove() }
        let first = Self.process(bench)
        try await first.start()
        let before = try await first.status()
        let connection = try OpenConnection(port: bench.port)
        defer { connection.close() }
        await first.handOver()

        try bench.configure(frontend: "http-request set-header x-new yes")
        let second = Self.process(bench)
        try await second.start()
        var events = second.events.makeAsyncIterator()
        #expect(await events.next() == .started(generation: 1))
        let after = try await second.status()
        #expect(after.pid == before.pid && after.reloads == before.reloads + 1)
        // The connection belongs to the worker that took it.
        #expect(after.workers.filter(\.isOld).map(\.pid) == before.currentWorkers.map(\.pid))

        kill(after.pid, SIGKILL)
        #expect(await events.next() == .exited(.unknown, output: second.lastOutput))
        guard case .restarting = await events.next() else { throw POSIXError(.EINVAL) }
        #expect(await events.next() == .started(generation: 2))
        #expect(try await second.status().pid != before.pid)
        await second.stop(gracePeriod: .zero)
        #expect(bench.processes().isEmpty && bench.leftFiles().isEmpty)
    }

    @Test("goes on serving when it does not load the configuration, and the start can be tried again")
    func refusal() async throws {
        let bench = try HAProxyBench()
        defer { bench.remove() }
        let first = Self.process(bench)
        try await first.start()
        let pid = try #require(await first.processID)
        await first.handOver()

        try bench.configure(global: "no-such-keyword")
        let second = Self.process(bench)
        await #expect(throws: HAProxyProcess.Failure.self) { try await second.start() }
        #expect(bench.processes().contains(pid))
        try bench.configure()
        try await second.start()
        #expect(await second.processID == pid)
        await second.stop(gracePeriod: .zero)
        #expect(bench.processes().isEmpty && bench.leftFiles().isEmpty)
    }
}
