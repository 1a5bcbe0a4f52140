import Foundation
import Glibc
import Logging
import TestSupport
import Testing

@testable import Controller

@Suite(.serialized, .timeLimit(.minutes(5)))
struct HAProxyProcessTests {
    @Test("A started HAProxy answers, and a stopped one leaves no process and no file behind")
    func startAndStop() async throws {
        let bench = try HAProxyBench()
        try await bench.withHAProxy { haproxy in
            let status = try await haproxy.status()
            let pid = await haproxy.processID
            #expect(status.pid == pid)
            #expect(status.currentWorkers.count == 1)
            #expect(try await bench.runtime.showInfo()["Pid"] == status.currentWorkers.first.map { "\($0.pid)" })
            await #expect(throws: HAProxyProcess.Failure.alreadyStarted) { try await haproxy.start() }
        }
    }

    @Test("A reload is confirmed by a new worker that answers")
    func reload() async throws {
        let bench = try HAProxyBench()
        try await bench.withHAProxy { haproxy in
            let before = try #require(try await haproxy.workers().first)
            for _ in 0..<3 {
                guard case .reloaded(let worker) = await haproxy.reload() else {
                    Issue.record("the reload failed: \(haproxy.lastOutput)")
                    return
                }
                #expect(worker != before.pid)
                #expect(try await bench.runtime.showInfo()["Pid"] == "\(worker)")
            }
            #expect(try await haproxy.status().reloads == 3)
        }
    }

    @Test("A reload onto an address in use fails with HAProxy's words while the old worker serves on")
    func portTaken() async throws {
        let bench = try HAProxyBench()
        let held = try HeldPort()
        try await bench.withHAProxy { haproxy in
            let before = try #require(try await haproxy.workers().first)
            try bench.configure(frontend: "bind 127.0.0.1:\(held.port)")
            let result = await haproxy.reload()
            guard case .failed(let reason, let output) = result else {
                Issue.record("taken for success")
                return
            }
            #expect(reason.contains("Address already in use") && reason.contains("\(held.port)"), "\(reason)")
            #expect(output.contains { $0.contains("[ALERT]") })
            #expect(try await haproxy.workers().map(\.pid) == [before.pid])
            #expect(try await bench.runtime.showInfo()["Pid"] == "\(before.pid)")
            held.release()
            guard case .reloaded = await haproxy.reload() else {
                Issue.record("the port is free now: \(haproxy.lastOutput)")
                return
            }
        }
    }

    @Test(
        "A reload of what HAProxy cannot load is a failure",
        arguments: [("nonsense on", "unknown keyword 'nonsense'")])
    func brokenConfiguration(_ line: String, _ words: String) async throws {
        let bench = try HAProxyBench()
        try await bench.withHAProxy { haproxy in
            let before = try #require(try await haproxy.workers().first)
            try bench.configure(global: line)
            guard case .failed(let reason, _) = await haproxy.reload() else {
                Issue.record("taken for success")
                return
            }
            #expect(words.isEmpty || reason.contains(words), "\(reason)")
            #expect(try await bench.runtime.showInfo()["Pid"] == "\(before.pid)")
        }
    }

    @Test("A reload that needs more file descriptors than allowed is a failure that names the limit")
    func descriptorLimit() async throws {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let bench = try HAProxyBench()
        try await bench.withHAProxy { haproxy in
            let before = try #require(try await haproxy.workers().first)
            try bench.configure(global: "maxconn \(limit.rlim_max / 2 + 1000)")
            guard case .failed(let reason, _) = await haproxy.reload() else {
                Issue.record("taken for success")
                return
            }
            #expect(reason.contains("Cannot raise FD limit"), "\(reason)")
            #expect(try await bench.runtime.showInfo()["Pid"] == "\(before.pid)")
        }
    }

    @Test("A start that fails says why and leaves nothing behind")
    func failedStart() async throws {
        let bench = try HAProxyBench()
        let held = try HeldPort()
        defer {
            held.release()
            bench.remove()
        }
        try bench.configure(frontend: "bind 127.0.0.1:\(held.port)")
        let haproxy = HAProxyProcess(
            settings: bench.settings, logger: Logger(label: "t", factory: { _ in SwiftLogNoOpLogHandler() }))
        await #expect {
            try await haproxy.start()
        } throws: { error in
            "\(error)".contains("Address already in use")
        }
        #expect(bench.processes().isEmpty && bench.leftFiles().isEmpty)
        await haproxy.stop()
    }

    @Test("A program that does not exist is said to be missing")
    func missingProgram() async throws {
        let bench = try HAProxyBench()
        defer { bench.remove() }
        var settings = bench.settings
        settings.program = "/nonexistent/haproxy"
        let haproxy = HAProxyProcess(settings: settings, logger: Logger(label: "t", factory: { _ in SwiftLogNoOpLogHandler() }))
        await #expect(throws: HAProxyProcess.Failure.self) { try await haproxy.start() }
        await haproxy.stop()
    }

    @Test("A live HAProxy with the same runtime directory is reported, not replaced")
    func alreadyRunning() async throws {
        let bench = try HAProxyBench()
        try await bench.withHAProxy { first in
            let pid = try #require(await first.processID)
            let second = HAProxyProcess(
                settings: bench.settings, logger: Logger(label: "t", factory: { _ in SwiftLogNoOpLogHandler() }))
            await #expect(throws: HAProxyProcess.Failure.alreadyRunning(pid: pid)) { try await second.start() }
            await second.stop()
            #expect(try await first.status().pid == pid)
        }
    }

    @Test("Files of a dead HAProxy do not hinder a start")
    func staleFiles() async throws {
        let bench = try HAProxyBench()
        try bench.write("1\n", to: "haproxy.pid")
        try bench.write("", to: "haproxy-master.sock")
        try bench.write("", to: "runtime.sock.4711.tmp")
        try await bench.withHAProxy { haproxy in
            let workers = try await haproxy.workers()
            #expect(workers.count == 1)
        }
    }

    @Test("A killed HAProxy is started again and the events tell", arguments: [true, false])
    func supervision(killMaster: Bool) async throws {
        let bench = try HAProxyBench()
        try await bench.withHAProxy { haproxy in
            var events = haproxy.events.makeAsyncIterator()
            #expect(await events.next() == .started(generation: 1))
            for generation in 2...3 {
                let status = try await haproxy.status()
                let victim = killMaster ? status.pid : try #require(status.currentWorkers.first).pid
                kill(victim, SIGKILL)
                guard case .exited(let exit, _) = await events.next() else {
                    Issue.record("no exit reported")
                    return
                }
                #expect(exit == (killMaster ? .signalled(SIGKILL) : .exited(137)))
                #expect(await events.next() == .restarting(after: .milliseconds(generation == 2 ? 50 : 100)))
                #expect(await events.next() == .started(generation: generation))
                let now = try await haproxy.status()
                #expect(now.pid != status.pid)
                #expect(!bench.processes().contains(victim))
            }
        }
    }

    @Test("Restarts are tried again until one succeeds")
    func restartAfterFailures() async throws {
        let bench = try HAProxyBench()
        try await bench.withHAProxy { haproxy in
            try bench.configure(global: "nonsense on")
            kill(try #require(await haproxy.processID), SIGKILL)
            var delays: [Duration] = []
            for await event in haproxy.events {
                if case .restarting(let delay) = event { delays.append(delay) }
                if delays.count == 4 { try bench.configure() }
                if event == .started(generation: 2) { break }
            }
            #expect(delays.prefix(4) == [.milliseconds(50), .milliseconds(100), .milliseconds(200), .milliseconds(200)])
        }
    }

    @Test("The delay before a restart doubles up to its limit")
    func backOff() {
        let backOff = BackOff()
        #expect(backOff.delay(failures: 0) == .milliseconds(100))
        #expect(backOff.delay(failures: 3) == .milliseconds(800))
        #expect(backOff.delay(failures: 1000) == .seconds(30))
    }

    @Test("A stop during the wait for a restart ends the restarts")
    func stopWhileWaiting() async throws {
        let bench = try HAProxyBench(backOff: BackOff(initial: .seconds(20)))
        try await bench.withHAProxy { haproxy in
            kill(try #require(await haproxy.processID), SIGKILL)
            for await event in haproxy.events {
                if case .restarting = event { break }
            }
        }
    }

    @Test("A stop during the start leaves nothing behind", arguments: [0, 5, 30, 100])
    func stopWhileStarting(milliseconds: Int) async throws {
        let bench = try HAProxyBench()
        defer { bench.remove() }
        let haproxy = HAProxyProcess(
            settings: bench.settings, logger: Logger(label: "t", factory: { _ in SwiftLogNoOpLogHandler() }))
        let start = Task { try? await haproxy.start() }
        try await Task.sleep(for: .milliseconds(milliseconds))
        await haproxy.stop(gracePeriod: .seconds(1))
        await start.value
        #expect(bench.processes().isEmpty && bench.leftFiles().isEmpty)
    }

    @Test("The old worker may finish its connections; it is listed as old and ends with the stop")
    func oldWorkers() async throws {
        let bench = try HAProxyBench()
        try await bench.withHAProxy { haproxy in
            let before = try #require(try await haproxy.workers().first)
            let connection = try OpenConnection(port: bench.port)
            defer { connection.close() }
            guard case .reloaded(let worker) = await haproxy.reload() else {
                Issue.record("the reload failed: \(haproxy.lastOutput)")
                return
            }
            let now = try await haproxy.workers()
            #expect(now.filter { !$0.isOld }.map(\.pid) == [worker])
            #expect(now.filter(\.isOld).map(\.pid) == [before.pid])
        }
    }
}
