import BenchmarkSupport
import Foundation
import TestSupport

/// One run: warm-up, hostile time, rest, verdict.
struct SoakRun {
    /// In seconds.
    static let syncPeriod = 5
    /// Reloads that quiet saves up; see --sync-period.
    private static let burst = 5
    private static let latencyLimit = Duration.seconds(1)

    private let command: SoakBenchmark
    private let seed: UInt64
    private let people: SoakPeople
    private let cluster: ManifestCluster
    private let controller: ControllerProcess
    private let pods: Int
    private var memory: [(controller: Double, haproxy: Double)] = []
    private var oldWorkers = 0
    private var broken: [String] = []

    init(
        command: SoakBenchmark, seed: UInt64, people: SoakPeople, cluster: ManifestCluster, controller: ControllerProcess,
        pods: Int
    ) {
        self.command = command
        self.seed = seed
        self.people = people
        self.cluster = cluster
        self.controller = controller
        self.pods = pods
    }

    mutating func run() throws {
        try checkStart()
        let authority = try TemporaryDirectory("benchmark")
        defer { authority.remove() }
        let file = try authority.write("authority.pem", people.authority.authority.certificate)
        let traffic = SoakTraffic(
            people.tenants.flatMap(\.probes), hosts: people.tenants.filter(\.hasCertificate).map(\.host), authority: file.path,
            ports: (controller.httpPort, controller.httpsPort))
        defer { traffic.stop() }
        let changes = SteadyChanges(people.tenants, cluster: cluster, port: controller.httpPort, seed: seed, rate: command.rate)
        let hostile = try HostileTenant(
            seed: seed, tenants: people.tenants.count, ownPorts: controller.ownPorts + [controller.httpPort, pods],
            cluster: cluster,
            port: controller.httpPort, slots: command.objects, rate: command.hostileRate)
        let start = ContinuousClock.now
        let before = try reloads()
        let watched = Result { try watch(traffic, changes, hostile, since: start) }
        // Whatever happened: nobody may go on.
        let stopped = [Result { try hostile.stop() }, Result { try changes.stop() }]
        _ = try watched.get()
        for result in stopped { try result.get() }
        let took = (ContinuousClock.now - start) / .seconds(1)
        let loads = try reloads() - before
        let allowed = Self.burst + Int((took / Double(Self.syncPeriod)).rounded(.up))
        if loads > allowed { broken.append("\(loads) reloads in \(Int(took)) s, of which \(allowed) are allowed") }
        Table.line("\(loads) reloads, of which \(allowed) are allowed: \(try controller.reloads().sorted { $0.key < $1.key })")
        if !Interruption.hasCome { try checkRest() }
        traffic.stop()
        judge(traffic.count)
        judge(changes.changes)
        judgeMemory()
        if Interruption.hasCome { broken.append("interrupted") }
        if !broken.isEmpty { throw BenchmarkFailure("seed \(seed): " + broken.joined(separator: "\n")) }
    }

    private func reloads() throws -> Int { try controller.reloads().values.reduce(0, +) }

    /// Everything is served before the hostile tenant comes.
    private func checkStart() throws {
        var client = ProbeClient(port: controller.httpPort)
        for probe in people.tenants.flatMap(\.probes) {
            var fault = client.fault(of: probe)
            for _ in 0..<50 where fault != nil {
                usleep(100_000)
                fault = client.fault(of: probe)
            }
            if let fault { throw controller.failure("does not serve \(fault)") }
        }
        let rejected = try controller.metric("haproxy_ingress_rejected_objects")
        guard rejected == 0 else { throw controller.failure("rejects \(rejected) objects of tenants that mean well") }
    }

    // MARK: - The hostile time

    private mutating func watch(
        _ traffic: SoakTraffic, _ changes: SteadyChanges, _ hostile: HostileTenant, since start: ContinuousClock.Instant
    ) throws {
        let table = Table([
            "second", "hostile changes", "rejected", "requests", "failed", "changes", "p50 (ms)", "p99 (ms)", "max (ms)",
            "reloads", "checks",
            "old workers", "memory (MB)", "HAProxy (MB)",
        ])
        for second in 1...command.duration {
            let wait = start + .seconds(second) - .now
            if wait > .zero { Thread.sleep(forTimeInterval: wait / .seconds(1)) }
            if Interruption.hasCome { return }
            guard controller.isRunning else { throw controller.failure("ended") }
            let now = (controller.figures.memory, try controller.worker().memory)
            memory.append(now)
            let workers = try controller.metric("haproxy_ingress_old_workers")
            oldWorkers = max(oldWorkers, workers)
            guard second % 10 == 0 || second == command.duration else { continue }
            let (count, latencies) = (traffic.count, Self.milliseconds(changes.changes))
            table.row([
                String(second), String(hostile.changes), String(try controller.metric("haproxy_ingress_rejected_objects")),
                String(count.requests + count.handshakes), String(count.failures.count), String(latencies.count),
                Figures.quantile(0.5, of: latencies, digits: 0), Figures.quantile(0.99, of: latencies, digits: 0),
                Figures.quantile(1, of: latencies, digits: 0), String(try reloads()),
                String(try controller.metric("haproxy_ingress_configuration_checks_total")), String(workers),
                Figures.number(now.0, 0),
                Figures.number(now.1, 0),
            ])
        }
    }

    private static func milliseconds(_ changes: [SteadyChanges.Change]) -> [Double] {
        changes.map { $0.latency.map { $0 / .milliseconds(1) } ?? .infinity }
    }

    // MARK: - Afterwards

    /// The hostile tenant is gone: nothing is wrong any more, and nothing is left to do.
    private mutating func checkRest() throws {
        let start = ContinuousClock.now
        var rejected = -1
        while ContinuousClock.now - start < .seconds(60) {
            rejected = try controller.metric("haproxy_ingress_rejected_objects")
            if rejected == 0 { break }
            usleep(200_000)
        }
        let took = (ContinuousClock.now - start) / .seconds(1)
        if rejected != 0 { broken.append("\(rejected) objects are rejected \(Int(took)) s after the hostile tenant was deleted") }
        // Its backends may go with one more load, which may have to wait.
        Thread.sleep(forTimeInterval: Double(2 * Self.syncPeriod))
        let before = try reloads()
        Thread.sleep(forTimeInterval: Double(command.rest))
        let loads = try reloads() - before
        Table.line(
            "no object is rejected after \(Figures.number(took, 1)) s without the hostile tenant; \(loads) reloads in \(command.rest) s of rest"
        )
        if loads > 0 { broken.append("\(loads) reloads while nothing changed") }
    }

    // MARK: - Verdict

    private mutating func judge(_ count: SoakTraffic.Count) {
        Table.line(
            "\(count.requests) requests and \(count.handshakes) TLS handshakes of the others, \(count.failures.count) failed")
        for text in count.failures.prefix(20) { Table.line("       failed: \(text)") }
        if !count.failures.isEmpty { broken.append("\(count.failures.count) requests failed") }
        if count.requests == 0 || count.handshakes == 0 { broken.append("nobody asked for anything") }
    }

    private mutating func judge(_ changes: [SteadyChanges.Change]) {
        for kind in SoakTenant.Change.allCases {
            let latencies = Self.milliseconds(changes.filter { $0.kind == kind })
            let figures = [0.5, 0.99, 1].map { Figures.quantile($0, of: latencies, digits: 0) }
            Table.line("\(latencies.count) changes (\(kind)): p50 \(figures[0]) ms, p99 \(figures[1]) ms, max \(figures[2]) ms")
        }
        let slow = changes.filter { $0.latency.map { $0 > Self.latencyLimit } ?? true }
        for change in slow.prefix(20) {
            let time = change.latency.map { "\(Int($0 / .milliseconds(1))) ms" } ?? "never"
            Table.line("       late: \(time): \(change.description)")
        }
        if changes.isEmpty { broken.append("nobody changed anything") }
        if Double(slow.count * 100) > command.late * Double(changes.count) {
            broken.append("\(slow.count) of \(changes.count) changes were not live within \(Self.latencyLimit)")
        }
        let lost = changes.count { $0.latency == nil }
        if lost > 0 { broken.append("\(lost) changes never came") }
    }

    /// Compares the last tenth with the time after the warm-up, which is the first third.
    private mutating func judgeMemory() {
        guard memory.count >= 10 else { return }
        let length = max(3, memory.count / 10)
        let (early, late) = (memory.dropFirst(memory.count / 3).prefix(length), memory.suffix(length))
        for (name, kind) in [("the controller", \(controller: Double, haproxy: Double).controller), ("HAProxy", \.haproxy)] {
            let (first, last) = (Figures.median(early.map { $0[keyPath: kind] }), Figures.median(late.map { $0[keyPath: kind] }))
            let ratio = last / max(first, 1)
            Table.line(
                "\(name): \(Figures.number(first, 0)) MB after the warm-up, \(Figures.number(last, 0)) MB at the end, \(Figures.number(ratio, 2)) times"
            )
            if ratio > command.growth { broken.append("the memory of \(name) grew by \(Figures.number(ratio, 2)) times") }
        }
        if oldWorkers > 20 { broken.append("\(oldWorkers) old processes of HAProxy at a time") }
    }
}
