import Synchronization

/// The last lines that a process wrote.
final class OutputTail: Sendable {
    private struct State {
        var lines: [String] = []
        var total = 0
    }

    private let state = Mutex(State())
    private let capacity: Int

    init(capacity: Int = 50) { self.capacity = capacity }

    func append(_ line: String) {
        state.withLock {
            $0.lines.append(line)
            $0.total += 1
            if $0.lines.count > capacity { $0.lines.removeFirst() }
        }
    }

    /// How many lines have been written so far; a mark for `lines(since:)`.
    var mark: Int { state.withLock { $0.total } }

    /// The lines written after a mark, as far as they are still kept.
    func lines(since mark: Int = 0) -> [String] {
        state.withLock { Array($0.lines.suffix(max(0, $0.total - mark))) }
    }
}

extension [String] {
    /// HAProxy's own words for why it refused to run: its alerts without the prefix, else its last line.
    var failureReason: String? {
        let alerts = compactMap { CheckProblem(line: $0) }.filter { $0.severity == .alert }
        let telling = alerts.filter { !$0.isSummary }
        if !telling.isEmpty { return telling.map(\.message).joined(separator: "; ") }
        return alerts.first?.message ?? last { !$0.isEmpty }
    }
}
