import BenchmarkSupport
import Foundation

enum ChangeKind: String, CaseIterable {
    case endpoint
    case host = "host-on-known-service"
    case value = "annotation-value"
    case service = "new-service"
    /// A key that no route reads, and that only a reload brings to HAProxy.
    case setting = "ConfigMap-value"
    /// One that all routes read.
    case routeSetting = "ConfigMap-for-routes"

    /// Whether HAProxy has to be reloaded.
    var reloads: Bool { [.setting, .routeSetting].contains(self) }

    /// How often it is made, when others are made so many times.
    func count(events: Int, changes: Int) -> Int {
        switch self {
        case .endpoint: events
        // A few reloads go at once, further ones have to wait.
        case .setting, .routeSetting: min(changes, 3)
        default: changes
        }
    }
}

/// What changes of one kind cost.
struct ChangeFigures {
    static let columns = [
        "ingresses", "               change", "p50(ms)", "p99(ms)", "CPU ms", "memory(MB)", "             reloads",
    ]

    /// In milliseconds.
    var times: [Double] = []
    /// Of the controller, in milliseconds for each change.
    var processorTime = 0.0
    /// Of the controller afterwards, in megabytes.
    var memory = 0.0
    var reloads: [String: Int] = [:]

    var reloadText: String {
        reloads.isEmpty ? "none" : reloads.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }

    func row(_ kind: ChangeKind, size: Int) -> [String] {
        [
            String(size), kind.rawValue, Figures.quantile(0.5, of: times), Figures.quantile(0.99, of: times),
            Figures.number(processorTime, 2), Figures.number(memory, 0), reloadText,
        ]
    }
}

/// Makes changes one after the other, each time waiting until HAProxy acts accordingly.
final class ChangeLatency {
    private let cluster: any Cluster
    private let controller: ControllerProcess
    private var sites: [Site]
    private var connection: HTTPConnection?
    private var count = 0

    init(cluster: any Cluster, controller: ControllerProcess, sites: [Site]) {
        self.cluster = cluster
        self.controller = controller
        self.sites = sites
    }

    /// Makes the system's table of HAProxy's open files large enough: each time that it grows, to 64, 128 and so on, HAProxy stands
    /// still for 10 to 20 ms.
    func warmUp() throws {
        let connections = try (0..<600).map { _ in try HTTPConnection(port: controller.httpPort) }
        for connection in connections { _ = try connection.get("/", host: "nobody.example.com") }
    }

    func measure(_ kind: ChangeKind, count: Int) throws -> ChangeFigures {
        var figures = ChangeFigures()
        let reloads = try controller.reloads()
        let before = controller.figures.processorTime
        for _ in 0..<count { figures.times.append(try change(kind) / .milliseconds(1)) }
        figures.processorTime = (controller.figures.processorTime - before) * 1_000 / Double(max(1, count))
        figures.memory = controller.figures.memory
        figures.reloads = try controller.reloads().reduce(into: [:]) { more, entry in
            if entry.value > reloads[entry.key] ?? 0 { more[entry.key] = entry.value - (reloads[entry.key] ?? 0) }
        }
        return figures
    }

    private func change(_ kind: ChangeKind) throws -> Duration {
        count += 1
        // Spread over all, none twice in a row.
        let index = count * 7_919 % sites.count
        let start = ContinuousClock.now
        switch kind {
        case .endpoint:
            let address = "127.\(20 + count / 62_500).\(count / 250 % 250).\(count % 250 + 1)"
            sites[index].addresses[0] = address
            try cluster.put(sites[index].slice)
            return try wait(since: start) {
                try controller.runtime("show servers state \(sites[index].backend)").contains(" \(address) ")
            }
        case .host:
            let host = "more-\(count).example.com"
            try cluster.put(sites[index].ingress(name: "more-\(count)", host: host))
            return try wait(since: start) { try ask(host)?.status == 200 }
        case .value:
            // The first change of a route takes it out of its backend's rules, and costs more than the others: with each size the
            // same number of routes is changed.
            let index = count % min(100, sites.count) * max(1, sites.count / 100)
            let value = "value-\(count)"
            sites[index].set("request-set-header", "X-Site \(value)")
            try cluster.put(sites[index].ingress)
            return try wait(since: start) { try ask(sites[index].host)?.body.hasSuffix(" \(value)") == true }
        case .service:
            var site = Site(1_000_000 + count)
            site.podPort = sites[index].podPort
            site.addresses = ["127.30.\(count / 250).\(count % 250 + 1)"]
            for object in site.objects { try cluster.put(object) }
            let time = try wait(since: start) { try ask(site.host)?.status == 200 }
            for object in site.objects.reversed() { try cluster.delete(object) }
            _ = try wait(since: .now) { try ask(site.host)?.status == 404 }
            return time
        case .setting, .routeSetting:
            let key = kind == .setting ? "timeout-client" : "timeout-server"
            let content = #""data":{"\#(key)":"\#(100 + count)s"}"#
            let before = try controller.worker().pid
            try cluster.put(ClusterObject(.configmaps, namespace: "benchmark", name: "settings", content: content))
            return try wait(since: start) { try controller.worker().pid != before }
        }
    }

    private func wait(since start: ContinuousClock.Instant, until isLive: () throws -> Bool) throws -> Duration {
        while try !isLive() {
            guard ContinuousClock.now - start < .seconds(30) else { throw controller.failure("lost a change") }
            usleep(200)
        }
        return ContinuousClock.now - start
    }

    /// A worker that a reload replaces closes the connection; then there is a new one.
    private func ask(_ host: String) throws -> HTTPConnection.Answer? {
        if connection == nil { connection = try HTTPConnection(port: controller.httpPort) }
        if let answer = try connection?.get("/", host: host) { return answer }
        connection = nil
        return nil
    }
}
