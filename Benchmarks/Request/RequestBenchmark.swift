import ArgumentParser
import BenchmarkSupport
import Foundation

/// Measures what a request costs HAProxy, with many Ingresses and with one route that somebody wrote by hand.
@main
struct RequestBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "request-benchmark",
        abstract: "Sends requests with wrk through the controller's HAProxy and through one with a static configuration.",
        discussion: """
            Each Ingress has CORS, a rate limit, a redirect and headers of its own; the static configuration has the same for one \
            route, written as a person would. One host is asked for, as with the static configuration, and then 100 that are spread \
            over all: what these cost more is mostly that so many backends and their connections are in no cache of the \
            processor. "By maps" is for routes whose annotations have changed since HAProxy was loaded, here all of them. No target \
            takes the lines of requests, so that the controller's HAProxy makes none; one of the static \
            configurations makes them as others do, and one does not. All HAProxys run at the same time with one thread, and get \
            requests in turns. \
            Where there are two processors, the HAProxy that is measured has one of them, and wrk and the pods the other.

              requests/s   the median of all turns
              p99(ms)      of the time to the answer, the median of all turns
              CPU us       HAProxy's processor time for each request, the median of all turns
              of static    requests/s, and the processor time of the static one, as a part of the other: the median of all turns

            Ends with status 1 when a request is not answered as the annotations say, and when requests/s come to less than \
            --limit of the static ones.
            """)

    @Option(name: .customLong("ingresses"), help: ArgumentHelp("A number of Ingresses; can be repeated.", valueName: "count"))
    var sizes: [Int] = []

    @Option(help: "How many turns each has.")
    var turns = 7

    @Option(help: ArgumentHelp("How long a turn is.", valueName: "seconds"))
    var seconds = 3

    @Flag(help: "100 and 1,000 Ingresses and three turns of a second, unless told otherwise.")
    var quick = false

    @Option(help: "The least part of the static requests/s; 0 for no limit.")
    var limit = 0.0

    @OptionGroup
    var programs: ProgramOptions

    mutating func run() throws {
        if quick { (turns, seconds) = (3, 1) }
        let sizes = self.sizes.isEmpty ? (quick ? [100, 1_000] : [100, 5_000, 10_000]) : self.sizes
        let pods = try HAProxyServer.pods(program: programs.haproxy)
        defer { pods.stop() }
        try Wrk.pin(pods.figures.pid, to: Wrk.ownProcessor)
        let options = programs.controller(configMap: "benchmark/settings")
        var running: [(cluster: ScriptedServer, controller: ControllerProcess)] = []
        defer {
            for (cluster, controller) in running {
                controller.stop()
                cluster.stop()
            }
        }
        var byMaps = options
        byMaps.arguments += ["--inlined-backends", "0"]
        var targets: [RequestTarget] = []
        for (size, way, options) in sizes.map({ ($0, "", options) }) + sizes.suffix(1).map({ ($0, ", by maps", byMaps) }) {
            let cluster = try ScriptedServer()
            cluster.put(
                ClusterObject(.configmaps, namespace: "benchmark", name: "settings", content: #""data":{"nbthread":"1"}"#))
            for index in 0..<size { for object in RequestTarget.site(index, podPort: pods.port).objects { cluster.put(object) } }
            let controller = try ControllerProcess(options, kubeconfig: cluster.kubeconfig)
            running.append((cluster, controller))
            _ = try controller.waitUntilReady()
            for asked in [1, 100] where asked <= size {
                targets.append(
                    RequestTarget(
                        "\(size) Ingresses\(way), \(asked) asked", hosts: size, asked: asked, port: controller.httpPort,
                        try controller.worker()))
            }
        }
        guard let generated = running.first?.controller.configuration else { return }
        let sample = RequestTarget.site(0, podPort: pods.port)
        var staticServers: [HAProxyServer] = []
        defer { for server in staticServers { server.stop() } }
        for (name, makesLogLines) in [("static", true), ("static, no log lines", false)] {
            let server = try HAProxyServer(program: programs.haproxy) { port in
                StaticConfiguration.text(of: sample, port: port, like: generated, makesLogLines: makesLogLines)
            }
            targets.insert(
                RequestTarget(name, hosts: 1, asked: 1, port: server.port, server.figures), at: staticServers.count)
            staticServers.append(server)
        }
        try measure(&targets)
        try report(targets)
    }

    private func measure(_ targets: inout [RequestTarget]) throws {
        for target in targets {
            try target.check()
            try Wrk.pin(target.process.pid, to: Wrk.measuredProcessor)
        }
        // The first turn fills caches and connections.
        for turn in 0...turns {
            for index in targets.indices {
                let target = targets[index]
                let result = try Wrk.run(
                    seconds: turn == 0 ? 1 : seconds, hosts: target.hosts, asked: target.asked, port: target.port
                ) { target.process.processorTime }
                if turn > 0 { targets[index].results.append(result) }
            }
        }
    }

    private func report(_ targets: [RequestTarget]) throws {
        let table = Table([
            "                                   ", "requests/s", "p99(ms)", "CPU us", "of static", "CPU of static",
        ])
        var tooSlow: [String] = []
        for target in targets {
            let pairs = zip(targets[0].results, target.results)
            let rate = Figures.median(pairs.map { $1.rate / $0.rate })
            let cost = Figures.median(pairs.map { $0.cost / $1.cost })
            table.row([
                target.name, Figures.number(Figures.median(target.results.map(\.rate)), 0),
                Figures.number(Figures.median(target.results.map(\.p99)), 2),
                Figures.number(Figures.median(target.results.map(\.cost)) * 1e6, 1), Figures.number(rate, 2),
                Figures.number(cost, 2),
            ])
            if rate < limit {
                tooSlow.append("\(target.name): \(Figures.number(rate, 2)) of the static requests/s, not \(limit)")
            }
        }
        if !tooSlow.isEmpty { throw BenchmarkFailure(tooSlow.joined(separator: "\n")) }
    }
}
