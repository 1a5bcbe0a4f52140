import ArgumentParser
import BenchmarkSupport
import Foundation

/// Measures the controller on a cluster: from start to the first configuration, and from a change to HAProxy having it.
@main
struct ClusterBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster-benchmark",
        abstract: "Runs the real controller on an API server and prints times, memory and processor time.",
        discussion: """
            Each Ingress has annotations, a Service and an EndpointSlice with two endpoints. The API server is played by this \
            program, which has made all bytes before the controller starts; --real and --kubeconfig take a real one. The first \
            table:

              lists      from the controller's start until it has taken every list
              first      from its start until HAProxy runs with the first configuration
              MB/s       bytes of the lists for each second from start to lists
              peak       peak memory of the controller up to the first configuration
              hap. fds   files and sockets that HAProxy has open when nobody asks it
              hap. MB    memory of HAProxy then

            The second table has a line for each kind of change, made one after the other on the last size:

              p50, p99   from the change at the API server until HAProxy acts accordingly
              CPU ms     processor time of the controller for each change
              memory     of the controller after them
              reloads    how many times HAProxy loaded a configuration for all these changes

            Ends with status 1 when one of these changes reloads HAProxy - but for those of the ConfigMap, which have to - or when \
            the controller's processor time for a kind of change grows from the first size to the last more than --limit allows.

            The controller is built first: swift build -c release
            """)

    @Option(name: .customLong("ingresses"), help: ArgumentHelp("A number of Ingresses; can be repeated.", valueName: "count"))
    var sizes: [Int] = []

    @Option(help: "How many endpoints change.")
    var events = 1_000

    @Option(help: "How many changes of each other kind are made.")
    var changes = 300

    @Flag(help: "Fewer Ingresses and changes, unless told otherwise.")
    var quick = false

    @Option(help: "How much more processor time a change may take with the last size than with the first; 0 for no limit.")
    var limit = 0.0

    @Flag(help: "Start a real API server, with Tests/Cluster/cluster of the package's directory, and use 1,000 Ingresses.")
    var real = false

    @Option(
        help: ArgumentHelp(
            "Use the API server of this kubeconfig, and 1,000 Ingresses in namespaces of their own.", valueName: "file"))
    var kubeconfig: String?

    @OptionGroup
    var programs: ProgramOptions

    private var isReal: Bool { real || kubeconfig != nil }

    private var effectiveSizes: [Int] {
        if !sizes.isEmpty { return sizes }
        return isReal ? [1_000] : quick ? [100, 1_000] : [100, 1_000, 5_000, 10_000]
    }

    func run() throws {
        let pods = try HAProxyServer.pods(program: programs.haproxy)
        defer { pods.stop() }
        var rows: [(size: Int, sync: FirstSync, changes: [ChangeKind: ChangeFigures])] = []
        let table = Table(FirstSync.columns)
        for size in effectiveSizes {
            let (sync, changes) = try measure(size, pods: pods.port)
            table.row(sync.row)
            rows.append((size, sync, changes))
        }
        Table.line("")
        let changes = Table(ChangeFigures.columns)
        for row in rows {
            for kind in ChangeKind.allCases {
                if let figures = row.changes[kind] { changes.row(figures.row(kind, size: row.size)) }
            }
        }
        try check(rows.map { ($0.size, $0.changes) })
        guard let first = rows.first, let last = rows.last, last.size > first.size else { return }
        let services = Double(last.size - first.size)
        let memory = (last.sync.haproxyMemory - first.sync.haproxyMemory) * 1_024 / services
        let files = Double(last.sync.haproxyFiles - first.sync.haproxyFiles) / services
        Table.line(
            "\nHAProxy has \(Figures.number(memory, 1)) kB of memory and \(Figures.number(files, 3)) open files for each idle Service"
        )
    }

    private func check(_ rows: [(size: Int, changes: [ChangeKind: ChangeFigures])]) throws {
        for (size, changes) in rows {
            for (kind, figures) in changes where !kind.reloads && !figures.reloads.isEmpty {
                throw BenchmarkFailure(
                    "with \(size) Ingresses \(kind.rawValue) reloaded HAProxy: \(figures.reloadText); none of these changes should"
                )
            }
        }
        guard let first = rows.first, let last = rows.last, rows.count > 1 else { return }
        for kind in ChangeKind.allCases where !kind.reloads {
            guard let before = first.changes[kind], let after = last.changes[kind] else { continue }
            let growth = after.processorTime / max(before.processorTime, 1e-9)
            Table.line("growth of \(kind.rawValue) from \(first.size) to \(last.size): \(Figures.number(growth, 2))")
            if limit > 0, growth > limit {
                throw BenchmarkFailure("\(kind.rawValue) grows by \(Figures.number(growth, 2)), which is more than \(limit)")
            }
        }
    }

    private func measure(_ size: Int, pods: Int) throws -> (FirstSync, [ChangeKind: ChangeFigures]) {
        let cluster: any Cluster = isReal ? try RealCluster(kubeconfig: kubeconfig) : try ScriptedServer()
        defer { cluster.stop() }
        let sites = (0..<size).map { index in
            var site = Site(index)
            site.podPort = pods
            site.addresses = [1, 2].map { "127.\($0).\(index / 250).\(index % 250 + 1)" }
            return site
        }
        for site in sites { for object in site.objects { try cluster.put(object) } }
        let options = programs.controller(configMap: "benchmark/settings")
        let controller = try ControllerProcess(options, kubeconfig: cluster.kubeconfig)
        defer { controller.stop() }
        let sync = try FirstSync(size, cluster, controller)
        controller.waitUntilIdle()
        let latency = ChangeLatency(cluster: cluster, controller: controller, sites: sites)
        try latency.warmUp()
        var figures: [ChangeKind: ChangeFigures] = [:]
        for kind in ChangeKind.allCases {
            let count = kind.count(events: quick ? min(events, 200) : events, changes: quick ? min(changes, 20) : changes)
            figures[kind] = try latency.measure(kind, count: count)
        }
        return (sync, figures)
    }
}
