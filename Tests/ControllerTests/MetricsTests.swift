import Core
import Testing

@testable import Controller

@Suite struct MetricsTests {
    private func value(_ metrics: Metrics, _ sample: String) -> String? {
        metrics.text.split(separator: "\n").first { $0.hasPrefix("\(sample) ") }.map { String($0.dropFirst(sample.count + 1)) }
    }

    @Test func `Reloads count by result under the name that dashboards of the Go controller know`() {
        let metrics = Metrics()
        metrics.countReload([ReloadReason(.start, "start")])
        metrics.countReload(ReloadReason.Kind.allCases.filter { $0 != .start }.prefix(1).map { ReloadReason($0, "x") })
        metrics.countFailedReload()
        metrics.countFailedReload()
        #expect(value(metrics, "haproxy_reloads_total{result=\"success\"}") == "1")
        #expect(value(metrics, "haproxy_reloads_total{result=\"failure\"}") == "2")
    }

    @Test func `Starts of HAProxy after a death count by result, the first start does not`() {
        let metrics = Metrics()
        let exit = HAProxyProcess.Event.exited(.exited(1), output: [])
        for event in [
            .started(generation: 1), exit, .restarting(after: .zero), exit, .restarting(after: .zero), .started(generation: 2),
            exit,
        ] as [HAProxyProcess.Event] { metrics.count(event) }
        #expect(value(metrics, "haproxy_restarts_total{result=\"success\"}") == "1")
        #expect(value(metrics, "haproxy_restarts_total{result=\"failure\"}") == "1")
    }

    @Test func `Connections to the runtime socket count once for each kind of object that they change`() {
        let metrics = Metrics()
        let server = RuntimeUpdate.freeSlot(backend: "a", slot: "b")
        metrics.countConnection([server, server, .dropMapEntry(name: "m", key: "k")], isSuccess: true)
        metrics.countConnection([server], isSuccess: false)
        metrics.countConnection([.removeCertificate(path: "c")], isSuccess: true)
        let name = "haproxy_runtime_socket_connections_total"
        #expect(value(metrics, "\(name){object=\"server\",result=\"success\"}") == "1")
        #expect(value(metrics, "\(name){object=\"server\",result=\"failure\"}") == "1")
        #expect(value(metrics, "\(name){object=\"map\",result=\"success\"}") == "1")
        #expect(value(metrics, "\(name){object=\"map\",result=\"failure\"}") == "0")
    }

    @Test func `A configuration that HAProxy cannot get shows until it has got one`() {
        let metrics = Metrics()
        #expect(value(metrics, "haproxy_unable_to_sync_configuration") == "0")
        metrics.set(isSyncing: false)
        #expect(value(metrics, "haproxy_unable_to_sync_configuration") == "1")
        metrics.set(isSyncing: true)
        #expect(value(metrics, "haproxy_unable_to_sync_configuration") == "0")
        #expect(value(metrics, "haproxy_unable_to_sync_configuration_total") == "1")
    }

    @Test func `Each metric of the Go controller's documentation is declared once, and the process's own are numbers`() {
        let lines = Metrics().text.split(separator: "\n")
        for name in [
            "haproxy_reloads_total", "haproxy_restarts_total", "haproxy_runtime_socket_connections_total",
            "haproxy_unable_to_sync_configuration", "haproxy_unable_to_sync_configuration_total",
            "haproxy_rejected_custom_resource_generation", "process_cpu_seconds_total", "process_resident_memory_bytes",
            "process_virtual_memory_bytes", "process_start_time_seconds", "process_open_fds", "process_max_fds",
        ] {
            #expect(lines.filter { $0.hasPrefix("# TYPE \(name) ") }.count == 1, "\(name)")
        }
        for line in lines where !line.hasPrefix("#") {
            #expect(line.split(separator: " ").count == 2 && Double(line.split(separator: " ")[1]) != nil, "\(line)")
        }
        let start = Double(value(Metrics(), "process_start_time_seconds") ?? "") ?? 0
        #expect(start > 1_700_000_000)
        #expect((Double(value(Metrics(), "process_resident_memory_bytes") ?? "") ?? 0) > 1_000_000)
    }
}
