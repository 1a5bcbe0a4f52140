import ArgumentParser
import BenchmarkSupport
import Foundation

/// Changes a cluster all the time while clients ask, and counts what goes wrong and how often HAProxy is reloaded.
@main
struct TraceBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace-benchmark",
        abstract: "Plays a fixed trace of mixed changes with live traffic and counts failed requests and reloads.",
        discussion: """
            Of the changes 70% are of endpoints, 10% of paths, 8% of annotation values, 5% of certificates, 5% new or deleted \
            Services with their Ingress, 2% of the ConfigMap. The first round has all of them and warms up; the further rounds \
            have none of the ConfigMap, and each another seed. After each round all hosts, pods, headers and certificates have \
            to be as the cluster says. Then the controller is left alone for some seconds.

            Ends with status 1 when a request failed, when the first round has more reloads than ConfigMap changes that need one \
            and 1% of its changes, when a later round has any, and when the controller's memory grows by more than a tenth from \
            the second round to the last.
            """)

    @Option(help: "How many Ingresses there are.")
    var ingresses = 1_000

    @Option(help: "How many changes a round has.")
    var changes = 2_000

    @Option(help: "How many rounds follow the first one.")
    var rounds = 5

    @Option(help: "How many changes are made in a second.")
    var rate = 50.0

    @Option(help: "Another seed makes another trace.")
    var seed: UInt64 = 5

    @Option(help: ArgumentHelp("How long the controller is left alone at the end.", valueName: "seconds"))
    var idle = 30

    @Flag(help: "200 Ingresses, 300 changes, two further rounds and five idle seconds.")
    var quick = false

    @OptionGroup
    var programs: ProgramOptions

    @Option(help: ArgumentHelp("Where to leave the controller's log.", valueName: "file"))
    var log: String?

    mutating func run() throws {
        if quick { (ingresses, changes, rounds, idle) = (200, 300, 2, 5) }
        let pods = try HAProxyServer.pods(program: programs.haproxy)
        defer { pods.stop() }
        let cluster = try ScriptedServer()
        defer { cluster.stop() }
        let world = try TraceWorld(ingresses, cluster: cluster, podPort: pods.port, seed: seed)
        var options = programs.controller(configMap: TraceWorld.configMap)
        options.hasHTTPS = true
        let controller = try ControllerProcess(options, kubeconfig: cluster.kubeconfig)
        defer {
            if let log { try? Data(controller.log.utf8).write(to: URL(fileURLWithPath: log)) }
            controller.stop()
        }
        _ = try controller.waitUntilReady()
        try TraceRounds(world: world, controller: controller, command: self).run()
    }
}
