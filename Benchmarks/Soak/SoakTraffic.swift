import BenchmarkSupport
import Foundation
import Synchronization

/// Clients of the tenants that mean well: requests over HTTP, and TLS handshakes that look at the certificate.
final class SoakTraffic: Sendable {
    struct Count: Sendable {
        var requests = 0
        var handshakes = 0
        var failures: [String] = []
    }

    private struct State {
        var count = Count()
        var isStopped = false
        var threads = 0
    }

    private let state = Mutex(State())
    private let started = ContinuousClock.now

    /// - Parameters:
    ///   - hosts: those with certificates of the authority whose certificate is in a file.
    ///   - clients: how many ask at the same time.
    init(_ probes: [Probe], hosts: [String], authority: String, ports: (http: Int, https: Int), clients: Int = 4) {
        for _ in 0..<clients {
            start { [self] in
                var client = ProbeClient(port: ports.http)
                while !isStopped, let probe = probes.randomElement() {
                    let fault = client.fault(of: probe)
                    note(fault) { $0.requests += 1 }
                    usleep(5_000)
                }
            }
        }
        start { [self] in
            while !isStopped, let host = hosts.randomElement() {
                note(Self.fault(ofCertificate: host, authority: authority, port: ports.https)) { $0.handshakes += 1 }
                usleep(300_000)
            }
        }
    }

    private static func fault(ofCertificate host: String, authority: String, port: Int) -> String? {
        do {
            try Command.output([
                "openssl", "s_client", "-connect", "127.0.0.1:\(port)", "-servername", host, "-CAfile", authority,
                "-verify_hostname",
                host, "-verify_return_error",
            ])
            return nil
        } catch {
            return "TLS for \(host): \(error)".replacing("\n", with: " ")
        }
    }

    private func start(_ work: @escaping @Sendable () -> Void) {
        state.withLock { $0.threads += 1 }
        Thread.detachNewThread { [self] in
            work()
            state.withLock { $0.threads -= 1 }
        }
    }

    private var isStopped: Bool { state.withLock { $0.isStopped } }

    private func note(_ fault: String?, _ counting: (inout Count) -> Void) {
        let time = Figures.number((ContinuousClock.now - started) / .seconds(1), 1)
        state.withLock { state in
            counting(&state.count)
            if let fault { state.count.failures.append("after \(time) s: \(fault.prefix(400))") }
        }
    }

    var count: Count { state.withLock { $0.count } }

    /// Waits until the last request was answered.
    func stop() {
        state.withLock { $0.isStopped = true }
        while state.withLock({ $0.threads > 0 }) { usleep(1_000) }
    }
}
