import BenchmarkSupport
import Foundation

/// The rounds of a trace, one after the other.
final class TraceRounds {
    private let world: TraceWorld
    private let controller: ControllerProcess
    private let command: TraceBenchmark
    private var broken: [String] = []
    private var memories: [Double] = []
    private var logged = 0

    init(world: TraceWorld, controller: ControllerProcess, command: TraceBenchmark) {
        self.world = world
        self.controller = controller
        self.command = command
    }

    func run() throws {
        let table = Table([
            "round", "changes", "requests", "failed", "repeated", "stale", "reloads", "allowed", "CPU ms/change", "memory(MB)",
        ])
        for round in 0...command.rounds { try play(round, table) }
        try rest()
        if command.rounds > 1, let last = memories.last {
            let growth = last / memories[1]
            Table.line("memory grew by \(Figures.number((growth - 1) * 100, 1))% from the second round to the last")
            if growth > 1.1 { broken.append("the controller's memory grew from \(Int(memories[1])) to \(Int(last)) MB") }
        }
        if !broken.isEmpty { throw BenchmarkFailure(broken.joined(separator: "\n")) }
    }

    private func play(_ round: Int, _ table: Table) throws {
        let trace = Change.trace(
            command.changes, sites: world.sites.count, secrets: min(TraceWorld.secrets, world.sites.count),
            seed: command.seed &+ UInt64(round), without: round == 0 ? nil : .configMap)
        let pods = Dictionary(uniqueKeysWithValues: world.sites.map { ($0.host, $0.addresses) })
        let before = (try controller.reloads().values.reduce(0, +), controller.figures.processorTime)
        let traffic = Traffic(port: controller.httpPort, pods: pods)
        world.traffic = traffic
        var allowed = round == 0 ? trace.count / 100 : 0
        let start = ContinuousClock.now
        for (number, change) in trace.enumerated() {
            let wait = start + .seconds(Double(number) / command.rate) - .now
            if wait > .zero { usleep(UInt32(wait / .microseconds(1))) }
            if try world.apply(change) { allowed += 1 }
        }
        let processorTime = controller.figures.processorTime - before.1
        let faults = try settle()
        traffic.stop()
        world.traffic = nil
        let reloads = try controller.reloads().values.reduce(0, +) - before.0
        memories.append(controller.figures.memory)
        let count = traffic.count
        table.row([
            String(round), String(trace.count), String(count.requests), String(count.failures.count), String(count.repeated),
            String(count.stale.count), String(reloads), String(allowed),
            Figures.number(processorTime * 1_000 / Double(trace.count), 2), Figures.number(controller.figures.memory, 0),
        ])
        explain(round, count, faults: faults)
        if !count.failures.isEmpty { broken.append("round \(round): \(count.failures.count) requests failed") }
        if !count.stale.isEmpty { broken.append("round \(round): \(count.stale.count) requests went to pods that were gone") }
        if !faults.isEmpty { broken.append("round \(round): \(faults.count) things are not served as the cluster says") }
        if reloads > allowed { broken.append("round \(round): \(reloads) reloads, of which \(allowed) are allowed") }
    }

    /// Waits until everything is served as the cluster says. A reload may have to wait for --sync-period.
    private func settle() throws -> [String] {
        let limit = ContinuousClock.now + .seconds(20)
        while true {
            let faults = try world.faults(controller)
            if faults.isEmpty || ContinuousClock.now > limit { return faults }
            usleep(200_000)
        }
    }

    /// Prints what went wrong, and what the controller logged of reloads.
    private func explain(_ round: Int, _ count: Traffic.Count, faults: [String]) {
        for text in count.failures.prefix(5) { Table.line("       failed: \(text)") }
        for text in count.stale.prefix(5) { Table.line("       stale: \(text)") }
        for text in faults.prefix(5) { Table.line("       not served: \(text)") }
        let lines = controller.log.split(separator: "\n")
        for line in lines.dropFirst(logged) {
            for phrase in ["loaded a new configuration", "refused a runtime update", "did not load"] where line.contains(phrase) {
                Table.line("       log: \(line.prefix(400))")
            }
        }
        logged = lines.count
    }

    private func rest() throws {
        let (start, before) = (ContinuousClock.now, controller.figures.processorTime)
        usleep(UInt32(command.idle) * 1_000_000)
        let used = (controller.figures.processorTime - before) / ((ContinuousClock.now - start) / .seconds(1))
        Table.line("idle, the controller uses \(Figures.number(used * 100, 3))% of a processor")
    }
}
