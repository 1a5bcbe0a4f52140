import Annotations
import ArgumentParser
import Core
import Foundation

/// Measures what one change costs the engine, from the object to the updates for HAProxy, with few and with many Ingresses.
@main
struct ScalingBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scaling-benchmark",
        abstract: "Changes single objects among many annotated Ingresses and prints the CPU time of each change.",
        discussion: """
            Counts the controller's own work without sockets and files: the assembly, the difference with the running HAProxy, and \
            the commands. "growth" is the last size against the first. Exits with status 1 when a change that should not \
            needs a reload, or grows more than --limit allows.
            """)

    @Option(name: .customLong("ingresses"), help: ArgumentHelp("A number of Ingresses; can be repeated.", valueName: "count"))
    var sizes: [Int] = [100, 1_000, 10_000]

    @Option(help: "How often each change is made.")
    var repetitions = 200

    @Option(help: "How much a change may cost with the last size against the first; 0 for no limit.")
    var limit = 0.0

    func run() throws {
        var costs: [[Change: Double]] = []
        print("ingresses  build(s)  " + Change.allCases.map { "\($0.rawValue)(us)" }.joined(separator: "  ") + "  rss(MB)")
        for size in sizes {
            let world = try World(size)
            var row: [Change: Double] = [:]
            for change in Change.allCases { row[change] = try world.cost(of: change, repetitions: repetitions) }
            costs.append(row)
            let figures = Change.allCases.map { change in
                Self.column(String(format: "%.0f", (row[change] ?? 0) * 1e6), "\(change.rawValue)(us)".count)
            }
            print(
                Self.column(String(size), 9) + Self.column(String(format: "%.2f", world.buildTime), 10) + "  "
                    + figures.joined(separator: "  ") + Self.column(String(World.residentMegabytes), 9))
        }
        guard let first = costs.first, let last = costs.last, sizes.count > 1 else { return }
        var isTooMuch = false
        for change in Change.allCases {
            let growth = (last[change] ?? 0) / (first[change] ?? 1)
            isTooMuch = isTooMuch || limit > 0 && growth > limit
            print("growth of \(change.rawValue): \(String(format: "%.2f", growth))")
        }
        if isTooMuch { throw ExitCode.failure }
    }

    private static func column(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}

enum Change: String, CaseIterable {
    case endpoints
    case host = "host-on-known-service"
    case value = "annotation-value"
    case service = "new-service"
}

/// Ingresses with settings of their own, and what HAProxy runs of them.
final class World {
    private let live: Assembler
    private var target = DesiredState()
    private var changed = ChangedParts()
    private var running: RunningState
    private let size: Int
    private(set) var buildTime = 0.0
    private var random = SystemRandomNumberGenerator()

    init(_ size: Int) throws {
        self.size = size
        var store = ObjectStore()
        for index in 0..<size {
            store.upsert(Self.ingress(index, value: "a"))
            store.upsert(Self.service("site-\(index)", index))
            store.upsert(Self.slice("site-\(index)", index, pods: [1, 2]))
        }
        live = Assembler(
            Engine(registry: try AnnotationRegistry(AnnotationHandlers.all), options: EngineOptions()), store: store)
        let start = Self.processorTime
        let change = live.update(now: 0)
        buildTime = Self.processorTime - start
        _ = target.apply(change.state)
        target.reserve = BackendReserve(count: 32).sections(for: target)
        running = RunningState(loaded: target)
    }

    /// Seconds of processor time for each of some changes.
    func cost(of change: Change, repetitions: Int) throws -> Double {
        var costs: [Double] = []
        for repetition in 0..<repetitions {
            let objects = objects(change, repetition)
            let start = Self.processorTime
            for object in objects { live.upsert(object) }
            try apply(change)
            costs.append(Self.processorTime - start)
            guard change == .service else { continue }
            // The spare backend that stood in is for the next one.
            for object in objects { live.remove(object.key) }
            try apply(change)
            for server in running.pendingRemovals { running.removalFinished(backend: server.backend, server: server.server) }
        }
        return costs.sorted()[costs.count / 2]
    }

    private func apply(_ change: Change) throws {
        changed.formUnion(target.apply(live.update(now: 0).state))
        switch running.difference(to: target, in: changed) {
        case .none: break
        case .runtime(let updates): for update in updates { running.apply(update) }
        case .reload(let reasons):
            print("a reload for \(change.rawValue): \(reasons.first?.description ?? "")")
            throw ExitCode.failure
        }
        changed = ChangedParts()
    }

    private func objects(_ change: Change, _ repetition: Int) -> [KubernetesObject] {
        let index = Int.random(in: 0..<size, using: &random)
        switch change {
        case .endpoints: return [Self.slice("site-\(index)", index, pods: [1, 3 + repetition % 200])]
        case .host:
            return [
                Self.ingress(index, name: "more-\(repetition)", host: "more-\(repetition).example.com", value: "a")
            ]
        case .value: return [Self.ingress(index, value: "v\(repetition)")]
        case .service:
            return [
                Self.service("new-\(repetition)", index), Self.slice("new-\(repetition)", index, pods: [1]),
                Self.ingress(
                    index, name: "new-\(repetition)", host: "new-\(repetition).example.com", value: "a",
                    service: "new-\(repetition)"),
            ]
        }
    }

    private static func ingress(
        _ index: Int, name: String? = nil, host: String? = nil, value: String, service: String? = nil
    ) -> KubernetesObject {
        let host = host ?? "site-\(index).example.com"
        let backend = IngressBackend(serviceName: service ?? "site-\(index)", port: .number(80))
        return .ingress(
            Ingress(
                metadata: ObjectMeta(
                    namespace: "team-\(index % 50)", name: name ?? "site-\(index)",
                    annotations: [
                        "haproxy.org/cors-enable": "true", "haproxy.org/cors-allow-origin": "https://site-\(index).example.com",
                        "haproxy.org/rate-limit-requests": "\(100 + index)",
                        "haproxy.org/response-set-header": "X-Site site-\(index)-\(value)",
                    ]),
                ingressClassName: nil, defaultBackend: nil,
                rules: [IngressRule(host: host, paths: [IngressPath(path: "/", pathType: .prefix, backend: backend)])], tls: []))
    }

    private static func service(_ name: String, _ index: Int) -> KubernetesObject {
        .service(
            Service(
                metadata: ObjectMeta(namespace: "team-\(index % 50)", name: name), type: .clusterIP, externalName: nil,
                ports: [ServicePort(name: "http", port: 80)]))
    }

    private static func slice(_ name: String, _ index: Int, pods: [Int]) -> KubernetesObject {
        .endpointSlice(
            EndpointSlice(
                metadata: ObjectMeta(namespace: "team-\(index % 50)", name: "\(name)-1"), serviceName: name,
                ports: [EndpointPort(name: "http", port: 8080)],
                endpoints: pods.map { Endpoint(addresses: ["10.\($0).\(index / 256 % 256).\(index % 256)"]) }))
    }

    static var processorTime: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    static var residentMegabytes: Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        return (Int(line.filter(\.isNumber)) ?? 0) / 1024
    }
}
