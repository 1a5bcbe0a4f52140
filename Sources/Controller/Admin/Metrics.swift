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
        var restarts = 0
        var failedRestarts = 0
        var isRestarting = false
        var access: MetricsAccess?
        var failedSyncs = 0
        var isSyncing = true
        var connections: [RuntimeConnection: Int] = [:]
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

    /// Counts how HAProxy is started again after a death.
    func count(_ event: HAProxyProcess.Event) {
        values.withLock { values in
            switch event {
            case .started(let generation):
                if generation > 1 { values.restarts += 1 }
                values.isRestarting = false
            case .exited:
                if values.isRestarting { values.failedRestarts += 1 }
                values.isRestarting = false
            case .restarting: values.isRestarting = true
            }
        }
    }

    /// Whether HAProxy has the configuration that was wanted last; counts each time that it could not get one.
    func set(isSyncing: Bool) {
        values.withLock { values in
            values.isSyncing = isSyncing
            if !isSyncing { values.failedSyncs += 1 }
        }
    }

    /// A use of HAProxy's runtime socket, as the Go project's controller counts them.
    struct RuntimeConnection: Hashable {
        enum Object: String, CaseIterable { case server, map }
        let object: Object
        let isSuccess: Bool
    }

    /// Counts a connection to the runtime socket, once for each kind of object that it changes.
    func countConnection(_ updates: [RuntimeUpdate], isSuccess: Bool) {
        let objects = Set(updates.compactMap(\.object))
        guard !objects.isEmpty else { return }
        values.withLock { values in
            for object in objects {
                values.connections[RuntimeConnection(object: object, isSuccess: isSuccess), default: 0] += 1
            }
        }
    }

    /// Whom the metrics are shown by TCP; nil before the objects are known that tell.
    var access: MetricsAccess? { values.withLock { $0.access } }
    func set(access: MetricsAccess) { values.withLock { $0.access = access } }

    func set(oldWorkers count: Int) { values.withLock { $0.oldWorkers = count } }

    /// Whether HAProxy runs the desired state, or ran one and keeps it.
    var isReady: Bool { values.withLock { $0.isReady } }
    func setReady() { values.withLock { $0.isReady = true } }

    var text: String {
        let now = values.withLock { $0 }
        var lines: [String] = []
        func metric(
            _ name: String, _ type: String, _ help: String, prefix: String = "haproxy_ingress_",
            _ samples: [(labels: String, value: String)]
        ) {
            lines.append("# HELP \(prefix)\(name) \(help)")
            lines.append("# TYPE \(prefix)\(name) \(type)")
            for sample in samples { lines.append("\(prefix)\(name)\(sample.labels) \(sample.value)") }
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
        // The names of the Go project's controller, for dashboards that know them.
        func results(_ success: Int, _ failure: Int, _ labels: String = "") -> [(labels: String, value: String)] {
            [("{\(labels)result=\"success\"}", String(success)), ("{\(labels)result=\"failure\"}", String(failure))]
        }
        metric(
            "reloads_total", "counter", "Reloads of HAProxy, by result.", prefix: "haproxy_",
            results(now.reloads.filter { $0.key != .start }.values.reduce(0, +), now.failedReloads))
        metric(
            "restarts_total", "counter", "Starts of HAProxy after it had ended, by result.", prefix: "haproxy_",
            results(now.restarts, now.failedRestarts))
        metric(
            "runtime_socket_connections_total", "counter",
            "Connections to HAProxy's runtime socket that change servers or maps, by object and result.", prefix: "haproxy_",
            RuntimeConnection.Object.allCases.flatMap { object in
                results(
                    now.connections[RuntimeConnection(object: object, isSuccess: true)] ?? 0,
                    now.connections[RuntimeConnection(object: object, isSuccess: false)] ?? 0, "object=\"\(object.rawValue)\",")
            })
        metric(
            "unable_to_sync_configuration", "gauge", "1 while HAProxy cannot get the configuration that is wanted, else 0.",
            prefix: "haproxy_", [("", now.isSyncing ? "0" : "1")])
        metric(
            "unable_to_sync_configuration_total", "counter", "How often HAProxy could not get the configuration that was wanted.",
            prefix: "haproxy_", [("", String(now.failedSyncs))])
        metric(
            "rejected_custom_resource_generation", "gauge", "Never has a sample: custom resources are not read.",
            prefix: "haproxy_", [])
        for sample in ProcessSample.all {
            metric(sample.name, sample.type, sample.help, prefix: "process_", [("", sample.value)])
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension RuntimeUpdate {
    /// The name under which the Go project's controller counts the update; nil where it does not count it.
    fileprivate var object: Metrics.RuntimeConnection.Object? {
        switch self {
        case .addServer, .setServer, .retireServer, .removeServer, .limitServer, .assignSlot, .freeSlot, .restoreServer: .server
        case .updateMap, .replaceMap, .dropMapEntry: .map
        case .bind, .unbind, .createBackend, .withdrawBackend, .publishBackend, .adopt, .set, .addAuthority, .addCertificate,
            .replaceCertificate, .removeCertificate, .replaceAuthority, .replaceRevocations, .addListEntry, .replaceListEntry,
            .removeListEntry:
            nil
        }
    }
}
