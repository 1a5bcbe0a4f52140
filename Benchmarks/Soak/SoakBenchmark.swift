import ArgumentParser
import BenchmarkSupport
import Foundation
import Glibc
import Synchronization
import TestSupport

/// Many tenants on one controller, one of whom means harm all the time.
@main
struct SoakBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "soak-benchmark",
        abstract: "Lets one hostile tenant loose on many others and counts what the others feel of it.",
        discussion: """
            The controller reads manifests. The hostile tenant creates, changes and deletes random objects: values and snippets that \
            HAProxy refuses, hosts of others, broken certificates, pods that are none, Services that take reloads. The others have \
            different features in use, get requests all the time and change pods, hosts, paths and annotation values. At the end the \
            hostile tenant's objects are deleted, and the controller is left alone for some seconds.

            Ends with status 1 when a request to the others fails, when more of their changes than --late are not live within a second, when \
            there are more reloads than --sync-period allows, when the controller or HAProxy grows by more than --growth after the \
            warm-up, and when afterwards objects are rejected or HAProxy is reloaded.
            """)

    @Option(help: ArgumentHelp("How long the hostile tenant is there.", valueName: "seconds"))
    var duration = 600

    @Option(help: "Another seed makes other objects; without one it is random, and printed.")
    var seed: UInt64?

    @Option(help: "How many tenants there are, the hostile one among them.")
    var tenants = 200

    @Option(help: "How many objects the hostile tenant has at the most.")
    var objects = 400

    @Option(help: "How many objects the hostile tenant changes in a second.")
    var hostileRate = 40.0

    @Option(help: "How many changes the other tenants make in a second.")
    var rate = 10.0

    @Option(help: ArgumentHelp("How much memory may be used at the end, against that after the warm-up.", valueName: "ratio"))
    var growth = 1.5

    @Option(help: ArgumentHelp("How many of a hundred changes may take more than a second.", valueName: "percent"))
    var late = 1.0

    @Option(help: ArgumentHelp("How long the controller is left alone at the end.", valueName: "seconds"))
    var rest = 30

    @Flag(help: "20 hostile seconds and six of rest.")
    var quick = false

    @OptionGroup
    var programs: ProgramOptions

    @Option(help: ArgumentHelp("Where to leave the controller's log, which says more then.", valueName: "file"))
    var log: String?

    mutating func validate() throws {
        guard tenants > 1 else { throw ValidationError("--tenants: expected at least 2, for example 200") }
        guard duration > 0, objects > 0, hostileRate > 0, rate > 0 else {
            throw ValidationError("--duration, --objects, --hostile-rate and --rate are more than 0, for example --duration 600")
        }
    }

    mutating func run() throws {
        if quick { (duration, rest) = (20, 6) }
        let seed = seed ?? UInt64.random(in: 1...UInt64(UInt32.max))
        Table.line("seed \(seed)")
        Interruption.watch()
        let pods = try HAProxyServer(program: programs.haproxy, configuration: Self.pods)
        defer { pods.stop() }
        let cluster = try ManifestCluster()
        defer { cluster.stop() }
        let people = try SoakPeople(tenants - 1, podPort: pods.port)
        for tenant in people.tenants { for object in try tenant.objects() { try cluster.put(object) } }
        // Path normalization, which some tenants use, needs it.
        try cluster.put(
            SoakObject(
                .configMap, namespace: "soak", name: "settings", created: SoakTenant.created,
                content: ["data": ["global-config-snippet": "expose-experimental-directives"]]))
        var options = programs.controller(configMap: "soak/settings")
        options.hasHTTPS = true
        options.arguments += ["--sync-period", "\(SoakRun.syncPeriod)s"]
        if log != nil { options.arguments += ["--log", "debug"] }
        let controller = try ControllerProcess(options, manifests: cluster.path)
        defer {
            if let log { try? Data(controller.log.utf8).write(to: URL(fileURLWithPath: log)) }
            controller.stop()
        }
        _ = try controller.waitUntilReady()
        var run = SoakRun(command: self, seed: seed, people: people, cluster: cluster, controller: controller, pods: pods.port)
        try run.run()
    }

    /// Pods that tell what they were asked.
    private static func pods(_ port: Int) -> String {
        """
        global
          nbthread 1
        defaults
          mode http
          timeout client 1h
          timeout server 1h
          timeout connect 5s
        frontend pods
          bind 0.0.0.0:\(port)
          tcp-request connection reject unless { dst 127.0.0.0/8 }
          http-request return status 200 content-type text/plain lf-string "%[dst] %[req.hdr(x-site)] %[path] %[req.hdr(host)]"

        """
    }
}

/// The tenants who mean well, and the authority of their certificates.
struct SoakPeople {
    let tenants: [SoakTenant]
    let authority: TestCertificates

    init(_ count: Int, podPort: Int) throws {
        authority = try TestCertificates("Benchmark authority")
        let hash = try Command.output(["openssl", "passwd", "-5", "-salt", "f9c2a71d", SoakTenant.password])
            .trimmingCharacters(in: .whitespacesAndNewlines)
        tenants = try (0..<count).map { [authority] index in
            var tenant = SoakTenant(index, podPort: podPort, passwordHash: hash)
            if index.isMultiple(of: 5) {
                let issued = try authority.leaf(tenant.host)
                tenant.certificate = ["tls.crt": issued.certificate, "tls.key": issued.key]
            }
            return tenant
        }
    }
}

/// SIGINT and SIGTERM end the benchmark softly, so that it leaves no process and no file behind.
enum Interruption {
    private static let flag = Atomic(false)
    static var hasCome: Bool { flag.load(ordering: .relaxed) }

    static func watch() {
        for number in [SIGINT, SIGTERM] { signal(number) { _ in Interruption.flag.store(true, ordering: .relaxed) } }
    }
}
