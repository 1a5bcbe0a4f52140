import Core
import Synchronization

/// What the controller counts, in the Prometheus text format (version 0.0.4).
final class Metrics: Sendable {
    private struct Values {
        var reloads: [ReloadReason.Kind: Int] = [:]
        var failedReloads = 0
        var checks = 0
        var runtimeUpdates = 0
        var differences = 0
        var objects: [ObjectKind: Int] = [:]
        var rejectedObjects = 0
        var oldWorkers = 0
        var isReady = false
        var durations = Histogram()
    }

    private struct Histogram {
        /// Upper bounds in seconds.
        static let bounds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10]
        var counts = [Int](repeating: 0, count: Histogram.bounds.count)
        var sum = 0.0
        var count = 0

        mutating func observe(_ seconds: Double) {
            for (index, bound) in Self.bounds.enumerated() where seconds <= bound { counts[index] += 1 }
            sum += seconds
            count += 1
        }
    }

    private let values = Mutex(Values())

    /// Counts a reload once, under its first reason.
    func countReload(_ reasons: [ReloadReason]) {
        guard let first = reasons.first else { return }
        values.withLock { $0.reloads[first.kind, default: 0] += 1 }
    }
    func countFailedReload() { values.withLock { $0.failedReloads += 1 } }
    func countCheck() { values.withLock { $0.checks += 1 } }
    func countDifferences(_ count: Int) { values.withLock { $0.differences += count } }
    func countRuntimeUpdates(_ count: Int) { values.withLock { $0.runtimeUpdates += count } }

    func observeSync(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        values.withLock { $0.durations.observe(Double(seconds) + Double(attoseconds) / 1e18) }
    }

    func set(objects: [ObjectKind: Int], rejected: Int) {
        values.withLock {
            $0.objects = objects
            $0.rejectedObjects = rejected
        }
    }

    func set(oldWorkers count: Int) { values.withLock { $0.oldWorkers = count } }

    /// Whether HAProxy runs the desired state, or ran one and keeps it.
    var isReady: Bool { values.withLock { $0.isReady } }
    func setReady() { values.withLock { $0.isReady = true } }

    var text: String {
        let now = values.withLock { $0 }
        var lines: [String] = []
        func metric(_ name: String, _ type: String, _ help: String, _ samples: [(labels: String, value: String)]) {
            lines.append("# HELP haproxy_ingress_\(name) \(help)")
            lines.append("# TYPE haproxy_ingress_\(name) \(type)")
            for sample in samples { lines.append("haproxy_ingress_\(name)\(sample.labels) \(sample.value)") }
        }
        metric("build_info", "gauge", "The controller's version.", [("{version=\"\(ControllerVersion.current)\"}", "1")])
        metric(
            "reloads_total", "counter", "Configurations that HAProxy has loaded since its start, by the first reason.",
            ReloadReason.Kind.allCases.filter { $0 != .start }.map {
                ("{reason=\"\($0.rawValue)\"}", String(now.reloads[$0] ?? 0))
            })
        metric(
            "failed_reloads_total", "counter", "Configurations that HAProxy could not load.", [("", String(now.failedReloads))])
        metric(
            "configuration_checks_total", "counter", "Configurations that HAProxy was asked about before it loaded them.",
            [("", String(now.checks))])
        metric(
            "old_workers", "gauge", "Processes of HAProxy that finish the connections of earlier configurations.",
            [("", String(now.oldWorkers))])
        metric(
            "runtime_updates_total", "counter", "Changes made in the running HAProxy without a reload.",
            [("", String(now.runtimeUpdates))])
        metric(
            "differences_total", "counter", "Where HAProxy was not what it had been given, found by comparing, and mended.",
            [("", String(now.differences))])
        metric(
            "objects", "gauge", "Kubernetes objects that the controller holds.",
            ObjectKind.allCases.map { ("{kind=\"\($0.rawValue)\"}", String(now.objects[$0] ?? 0)) })
        metric("rejected_objects", "gauge", "Objects with at least one error.", [("", String(now.rejectedObjects))])
        lines.append("# HELP haproxy_ingress_sync_duration_seconds Time from a change of objects to HAProxy having it.")
        lines.append("# TYPE haproxy_ingress_sync_duration_seconds histogram")
        for (bound, count) in zip(Histogram.bounds, now.durations.counts) {
            lines.append("haproxy_ingress_sync_duration_seconds_bucket{le=\"\(bound)\"} \(count)")
        }
        lines.append("haproxy_ingress_sync_duration_seconds_bucket{le=\"+Inf\"} \(now.durations.count)")
        lines.append("haproxy_ingress_sync_duration_seconds_sum \(now.durations.sum)")
        lines.append("haproxy_ingress_sync_duration_seconds_count \(now.durations.count)")
        return lines.joined(separator: "\n") + "\n"
    }
}
