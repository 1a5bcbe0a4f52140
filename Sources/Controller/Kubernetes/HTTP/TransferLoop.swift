import CCurl
import Foundation
import Synchronization

/// The thread that moves the bytes of all transfers. Everything of libcurl's happens on it, but for waking it up.
final class TransferLoop: Sendable {
    private struct Inbox {
        var begun: [Transfer] = []
        var cancelled: [UInt64] = []
        var isStopped = false
        var lastIdentifier: UInt64 = 0
    }

    // Only curl_multi_wakeup is called from other threads, which its manual page allows.
    nonisolated(unsafe) private let multi: UnsafeMutableRawPointer?
    private let inbox = Mutex(Inbox())

    init() {
        Self.initializeOnce
        multi = curl_multi_init()
        let thread = Thread { [self] in run() }
        thread.name = "http"
        thread.start()
    }

    private static let initializeOnce: Void = { _ = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) }()

    func nextIdentifier() -> UInt64 {
        inbox.withLock { inbox in
            inbox.lastIdentifier += 1
            return inbox.lastIdentifier
        }
    }

    func begin(_ transfer: Transfer) {
        inbox.withLock { $0.begun.append(transfer) }
        wake()
    }

    func cancel(_ id: UInt64) {
        inbox.withLock { $0.cancelled.append(id) }
        wake()
    }

    func stop() {
        inbox.withLock { $0.isStopped = true }
        wake()
    }

    private func wake() { if let multi { curl_multi_wakeup(multi) } }

    // MARK: - On the thread

    private func run() {
        guard let multi else { return }
        _ = shim_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX))
        var transfers: [UInt64: Transfer] = [:]
        var cancelledEarly: Set<UInt64> = []
        while true {
            let (begun, cancelled, isStopped) = inbox.withLock { inbox in
                defer {
                    inbox.begun = []
                    inbox.cancelled = []
                }
                return (inbox.begun, inbox.cancelled, inbox.isStopped)
            }
            for id in cancelled {
                if let transfer = transfers.removeValue(forKey: id) {
                    transfer.end(with: CancellationError(), multi: multi)
                } else if begun.contains(where: { $0.id == id }) {
                    cancelledEarly.insert(id)
                }
            }
            for transfer in begun {
                if isStopped || cancelledEarly.remove(transfer.id) != nil {
                    transfer.end(with: CancellationError(), multi: multi)
                } else if transfer.begin(multi: multi) {
                    transfers[transfer.id] = transfer
                }
            }
            if isStopped {
                for transfer in transfers.values { transfer.end(with: CancellationError(), multi: multi) }
                curl_multi_cleanup(multi)
                return
            }
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            finish(&transfers, multi: multi)
            let now = ContinuousClock.now
            var wait = Duration.seconds(60)
            for (id, transfer) in transfers {
                guard let deadline = transfer.idleDeadline else { continue }
                if deadline <= now {
                    transfers[id] = nil
                    transfer.endIdle(multi: multi)
                } else {
                    wait = min(wait, deadline - now)
                }
            }
            curl_multi_poll(multi, nil, 0, Int32(clamping: Int(wait / .milliseconds(1)) + 1), nil)
        }
    }

    private func finish(_ transfers: inout [UInt64: Transfer], multi: UnsafeMutableRawPointer) {
        var code = CURLE_OK
        while let easy = shim_multi_finished(multi, &code) {
            guard let transfer = transfers.values.first(where: { $0.easy == easy }) else { continue }
            transfers[transfer.id] = nil
            transfer.end(code: code, multi: multi)
        }
    }
}
